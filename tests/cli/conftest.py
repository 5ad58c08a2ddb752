"""Fixtures of the `ark` command's tests: the command itself, called as a person calls it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest
from support import PROGRAMS, ToyNode

Ark = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def ark(node: ToyNode) -> Ark:
    """`ark("validate", "toy1")` on the test's own node; keywords are environment variables."""

    def call(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(PROGRAMS / "ark"), *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            env={
                "ARK_PREFIX": str(node.prefix),
                "PATH": "/usr/bin:/bin",
                "LANG": "C.UTF-8",
                **environment,
            },
        )

    return call


@pytest.fixture
def ark_here(node: ToyNode, monkeypatch, capsys) -> Ark:
    """The same without a process of its own, for commands that make none: quicker."""
    from arkcore.cli.main import main

    monkeypatch.setenv("ARK_PREFIX", str(node.prefix))
    monkeypatch.setenv("LC_ALL", "C.UTF-8")

    def call(*words: str) -> subprocess.CompletedProcess[str]:
        monkeypatch.setattr(sys, "argv", ["ark", *words])
        try:
            code = main()
        except SystemExit as end:
            code = end.code
        told = capsys.readouterr()
        return subprocess.CompletedProcess(words, code, told.out, told.err)

    return call


@pytest.fixture
def lifekeeper(node: ToyNode) -> Callable[[str], None]:
    """A LifeKeeper on the node, which holds toy1 in the state it is given: ISP, OSU …"""

    def install(state: str) -> None:
        root = node.prefix / "LifeKeeper"
        (root / "bin").mkdir(parents=True, exist_ok=True)
        fields = "\\001".join(["node1", "gen", "app", "toy1", "id", "info", state])
        program = root / "bin/ins_list"
        program.write_text(f"#!/bin/sh\nprintf '{fields}\\n'\n")
        program.chmod(0o755)
        defaults = node.prefix / "etc/default"
        defaults.mkdir(parents=True, exist_ok=True)
        (defaults / "LifeKeeper").write_text(f"LKROOT={root}\nLKCHECKINTERVAL=60\n")

    return install
