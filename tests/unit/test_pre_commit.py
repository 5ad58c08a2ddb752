"""The hooks that pre-commit runs are those that `make check` runs, by the same programs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

HOME = Path(__file__).resolve().parent.parent.parent
CONFIG = yaml.safe_load((HOME / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
HOOKS = [hook for repo in CONFIG["repos"] for hook in repo["hooks"]]


def test_no_hook_comes_from_elsewhere() -> None:
    assert [repo["repo"] for repo in CONFIG["repos"]] == ["local"]
    assert {hook["language"] for hook in HOOKS} == {"system"}


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: str(hook["id"]))
def test_a_hook_s_program_is_installed(hook: dict[str, Any]) -> None:
    program, *words = hook["entry"].split()
    folder, name = program.rsplit("/", 1)
    assert folder == ".venv/bin"
    assert (Path(sys.prefix) / "bin" / name).exists()
    assert all((HOME / word).exists() for word in words if "/" in word)


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: str(hook["id"]))
def test_make_runs_the_same_command(hook: dict[str, Any]) -> None:
    command = hook["entry"].replace(".venv", "$(VENV)")
    lines = (HOME / "Makefile").read_text(encoding="utf-8").splitlines()
    assert command in [line.strip().removesuffix(" $(SOURCES)") for line in lines]
