from __future__ import annotations

import ast
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import arkcore

COMMANDS = ("validate", "run", "status", "timers", "maintenance", "plugins", "lifekeeper")


def test_the_version(ark) -> None:
    assert ark("--version").stdout == f"ark {arkcore.__version__}\n"


def test_help_names_every_command(ark_here) -> None:
    text = ark_here("--help").stdout
    for command in COMMANDS:
        assert f" {command} " in text


@pytest.mark.parametrize("command", [*COMMANDS[:-1], "lifekeeper launchers"])
def test_every_help_has_examples(ark_here, command: str) -> None:
    result = ark_here(*command.split(), "--help")
    assert result.returncode == 0
    assert f"ark {command}" in result.stdout.partition("Examples:")[2]


def test_a_relative_prefix_is_one_line(ark) -> None:
    result = ark("status", ARK_PREFIX="some/dir")
    assert result.returncode == 1
    assert result.stderr.startswith("ark: ARK_PREFIX = 'some/dir': must be an absolute path")


def test_without_a_command_the_help_is_printed_and_the_exit_code_is_2(ark_here) -> None:
    result = ark_here()
    assert (result.returncode, result.stderr) == (2, "")
    assert result.stdout == ark_here("--help").stdout


def test_control_characters_of_wrong_usage_are_shown(ark_here) -> None:
    result = ark_here("log", "toy1", "\x1b[31mred")
    assert result.returncode == 2
    assert result.stderr.endswith("\nError: Got unexpected extra argument (\\x1b[31mred)\n")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("status --within nan", "'nan' is not a number of seconds."),
        ("status --within 0", "0.0 is not in the range x>=0.1."),
        ("log --lines 0", "0 is not in the range x>=1."),
        ("run", "Choose from: restore, remove, quickcheck, recover."),
        ("maintenance toy1 ON", "RESOURCE on, RESOURCE off, RESOURCE"),
        ("statsu", "No such command 'statsu'. Did you mean 'status'?"),
    ],
)
def test_wrong_usage_says_what_is_allowed(ark_here, words: str, told: str) -> None:
    result = ark_here(*words.split())
    assert (result.returncode, result.stdout) == (2, "")
    [error] = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert error.endswith(told)


def test_a_reader_that_has_gone_is_exit_code_1_and_no_message(node) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "arkcore.cli.main", "--help"],
        env={"ARK_PREFIX": str(node.prefix), "PATH": "/usr/bin:/bin"},
        stdout=writing,
        stderr=subprocess.PIPE,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, b"")


def test_help_in_japanese_leaves_the_next_in_english(ark_here, monkeypatch) -> None:
    english = ark_here("log", "--help").stdout
    monkeypatch.setenv("LC_ALL", "ja_JP.UTF-8")
    assert ark_here("log", "--help").stdout != english
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    assert ark_here("log", "--help").stdout == english


def test_it_runs_as_a_module(node) -> None:
    words = [sys.executable, "-m", "arkcore.cli.main", "validate"]
    environment = {"ARK_PREFIX": str(node.prefix), "PATH": "/usr/bin:/bin"}
    assert subprocess.run(words, env=environment, capture_output=True).returncode == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="gives up root's rights")
@pytest.mark.parametrize("command", ["status", "validate", "timers toy1", "run restore toy1"])
def test_who_may_not_read_is_told_so_in_one_line(node, command: str) -> None:
    # Nobody but root may enter the directory of a test's node.
    program = textwrap.dedent(
        """
        import contextlib, io, os, sys
        from arkcore.cli.main import main, make_app

        # The interpreter's own library may be root's alone: what is needed of it is loaded first.
        make_app()
        words, sys.argv = sys.argv, ["ark", "maintenance"]
        with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
            main()
        sys.argv = words
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
        sys.exit(main())
        """
    )
    node.prefix.chmod(0o700)
    result = subprocess.run(
        [sys.executable, "-c", program, *command.split()],
        env={"ARK_PREFIX": str(node.prefix), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.count("\n") == 1
    assert "as root" in result.stderr


def test_nothing_else_imports_the_commands_libraries() -> None:
    package = Path(arkcore.__file__).parent
    for path in package.rglob("*.py"):
        if package / "cli" in path.parents:
            continue
        for each in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in each.names] if isinstance(each, ast.Import) else []
            if isinstance(each, ast.ImportFrom):
                names = [each.module or ""]
            for name in names:
                assert name.split(".")[0] not in ("click", "rich"), path
                assert not name.startswith("arkcore.cli"), path
