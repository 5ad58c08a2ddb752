"""`ark verify`: the conformance kit on a configured resource, asked for and put back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from ark_testing.checks import CHECKS
from conformance.installed import install
from support import ToyNode

from arkcore.machine import processes

SWIFT = ("status_is_true_after_start_and_stop", "hooks_print_nothing")


@pytest.fixture
def configured(node: ToyNode) -> Callable[[str], Path]:
    """Write the resource `it` for a plugin of the conformance kit's proof."""
    given = install(node.prefix / "product").hosts[0]

    def write(plugin: str) -> Path:
        path = node.resources / "it.toml"
        options = "\n".join(f"{key} = {json.dumps(value)}" for key, value in given.options.items())
        timers = "restore.process = 5\nremove.process = 4\nquickcheck.confirm = 0.2"
        path.write_text(
            f'plugin = "{plugin}"\nlogical_host = "{given.name}"\n'
            f"[timers]\n{timers}\n[options]\n{options}\n"
        )
        return path

    return write


def _verify(ark, *words: str):
    checks = [word for name in SWIFT for word in ("--check", name)]
    return ark("verify", "it", *checks, *words)


def test_a_right_plugin_keeps_its_promises_and_leaves_nothing(ark, node, configured):
    configured("right")
    result = _verify(ark, "--yes")
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.splitlines()[-1] == "right: 2 of 2 promises kept; 0 not run"
    left = [processes.executable(pid).rpartition("/")[2] for pid in node.processes()]
    assert left == ["right-shared"]  # the machine's own, which others may use
    assert not (node.prefix / "var/log/ark/ras.log").exists()  # our own log is left alone


def test_a_broken_promise_is_told_with_its_check_and_is_exit_code_1(ark, node, configured):
    configured("wrong-prints")
    result = _verify(ark, "--yes", "--json")
    assert result.returncode == 1
    told = json.loads(result.stdout)
    outcomes = {each["name"]: each["outcome"] for each in told["checks"]}
    assert outcomes == dict(zip(SWIFT, ("kept", "broken"), strict=True))
    assert told["conforms"] is False


def test_what_runs_is_not_touched(ark, node, configured):
    configured("right")
    assert node.run("restore", "it") == 0
    before = node.processes()
    result = _verify(ark, "--yes")
    assert result.returncode == 1
    assert "the cluster manager wants it up here; --force does it all the same" in result.stderr
    assert node.processes() == before
    assert node.run("remove", "it") == 0


def test_by_force_it_is_stopped_first_and_runs_at_the_end(ark, node, configured):
    configured("right")
    assert node.run("restore", "it") == 0
    result = _verify(ark, "--yes", "--force")
    assert result.returncode == 0, result.stdout + result.stderr
    assert node.run("quickcheck", "it") == 0
    assert "Skipped" not in node.ras[-1]  # the maintenance is over
    assert node.run("remove", "it") == 0


def test_it_asks_and_without_a_terminal_it_says_how_to_answer(ark, node, configured):
    configured("right")
    result = _verify(ark)
    assert result.returncode == 2
    assert "say --yes" in result.stderr
    assert node.processes() == []


def test_the_checks_are_listed_with_their_promises(ark):
    result = ark("verify", "--list")
    assert result.returncode == 0
    lines = result.stdout.splitlines()
    assert lines[0].startswith("hooks_are_those_of_the_contract: every hook is one of the")
    assert [line.partition(": ")[0] for line in lines] == [
        check.name for check in CHECKS if not check.for_authors
    ]


def test_an_unknown_check_is_one_line_with_those_that_there_are(ark, configured):
    configured("right")
    result = ark("verify", "it", "--check", "none-such", "--yes")
    assert result.returncode == 1
    [line] = result.stderr.splitlines()
    assert line.startswith("ark: no check 'none-such'; there are: hooks_are_those_of_the_contract,")
