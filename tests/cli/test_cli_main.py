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
