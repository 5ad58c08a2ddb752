"""`ark preflight` and `ark guide` as they are called: on this very machine, which is no node."""

from __future__ import annotations

import os
import socket

import pytest
from support import ToyNode

from arkcore.survey.site_file import EXAMPLE


@pytest.fixture
def site(node: ToyNode) -> ToyNode:
    """A site whose active node this machine is, by its name; its addresses are nowhere."""
    name = socket.gethostname().partition(".")[0]
    text = EXAMPLE.replace("rh5lka", name)
    for plugin in ("jp1-base", "jp1-ajs3-manager"):
        text = text.replace(f'lkjp1_base = "{plugin}"', 'toy1 = "toy"')
        text = text.replace(f'lkjp1_ajs3 = "{plugin}"', "")
    # Addresses that no interface has been given, and for which nothing leaves this machine.
    text = text.replace("192.0.2.", "127.9.9.").replace("LVMRH5LKB", "LHOST1")
    (node.prefix / "etc/ark/site.toml").write_text(text)
    return node


def test_without_a_site_file_it_says_how_to_make_one(ark_here) -> None:
    for command in ("preflight", "guide"):
        result = ark_here(command)
        assert (result.returncode, result.stdout) == (1, "")
        assert result.stderr.count("\n") == 1
        assert "print one with `ark preflight --example`" in result.stderr


def test_the_example_is_printed(ark_here) -> None:
    result = ark_here("preflight", "--example")
    assert (result.returncode, result.stdout, result.stderr) == (0, EXAMPLE, "")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--export", "a", "--peer", "b"), "give one of the two"),
        (("--export", "-", "--json"), "leave --json and --report - out"),
        (("--export", "-", "--report", "-"), "leave --json and --report - out"),
        (("--report", "-", "--json"), "leave --json out"),
        (("--exprt", "a"), "No such option"),
    ],
)
def test_wrong_usage(ark_here, words: tuple[str, ...], told: str) -> None:
    result = ark_here("preflight", *words)
    assert result.returncode == 2
    plain = " ".join(result.stderr.replace("│", " ").split())
    assert told in plain


@pytest.mark.parametrize("command", ["preflight", "guide"])
def test_a_peer_file_that_is_not_there_says_how_to_make_it(site, ark_here, command: str) -> None:
    result = ark_here(command, "--peer", "/nowhere/b.json")
    assert result.returncode == 1
    assert "/nowhere/b.json: cannot be read" in result.stderr
    assert "ark preflight --export FILE" in result.stderr


def test_a_machine_that_is_no_node_is_told_so(site: ToyNode, ark_here) -> None:
    file = site.prefix / "etc/ark/site.toml"
    name = socket.gethostname().partition(".")[0]
    file.write_text(file.read_text().replace(f'"{name}"', '"somebody"'))
    result = ark_here("preflight")
    assert result.returncode == 1
    assert "it is not somebody (127.9.9.1) or rh5lkb (127.9.9.2)" in result.stderr


def test_a_report_that_cannot_be_written_is_told(site: ToyNode, ark) -> None:
    result = ark("preflight", "--report", "/nowhere/report.md")
    assert result.returncode == 1
    assert (
        result.stderr == "ark: /nowhere/report.md: cannot be written: No such file or directory\n"
    )


def test_in_japanese(site: ToyNode, ark) -> None:
    file = site.prefix / "report.md"
    result = ark("preflight", "--report", str(file), LANG="ja_JP.UTF-8")
    assert result.returncode == 1  # its addresses are nowhere
    text = file.read_text(encoding="utf-8")
    assert text.startswith("# 導入前の確認結果: ")
    for told in (result.stdout, text):
        assert "不合格" in told
        # Not one finding is left in English.
        assert "cannot tell" not in told
        assert "no interface has" not in told
    shown = ark("guide", LANG="ja_JP.UTF-8")
    assert "次の手順: " in shown.stdout
    assert "missing" not in shown.stdout


def test_a_plugin_that_fails_in_its_checks_spoils_no_other_check(site: ToyNode, ark) -> None:
    environment = {"TOY_PREFLIGHT": "raise"}
    result = ark("preflight", **environment)
    assert "ark_preflight raised ValueError: no luck" in result.stdout
    assert "T4-2 #2" in result.stdout
    assert "Traceback" not in result.stdout + result.stderr


def test_the_checks_of_a_plugin_are_among_the_others(site: ToyNode, ark) -> None:
    result = ark("preflight", "--json", TOY_PREFLIGHT="tell")
    assert '"check": "toy: site of 2 nodes"' in result.stdout
    assert os.uname().nodename.partition(".")[0] in result.stdout
