"""`ark leftovers`: what removed resources have left."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ark_testing import Node
from support import ToyNode

BOX = "toy1-20260101-000000-1-000001.txt"


@pytest.fixture
def removed(node: ToyNode) -> ToyNode:
    """A node whose resource was stopped, and its file deleted."""
    assert node.run("restore") == 0
    assert node.run("remove") == 0
    boxes = node.prefix / "var/log/ark/blackbox"
    boxes.mkdir()
    (boxes / BOX).write_text("late\n")
    (node.resources / "toy1.toml").unlink()
    return node


def files_of(node: ToyNode) -> set[str]:
    """What there is of the resource, but its lock and the RAS log, which stay."""
    found = [*(node.prefix / "var").rglob("*toy1*"), *(node.prefix / "run").rglob("toy1/*.json")]
    return {str(path) for path in found if path.is_file()}


def test_they_are_listed_and_left_in_place(removed: ToyNode, ark) -> None:
    before = files_of(removed)
    told = ark("leftovers", "--json")
    assert (told.returncode, told.stderr) == (0, "")
    [facts] = json.loads(told.stdout)
    assert (facts["resource"], facts["kept"], facts["cleared"]) == ("toy1", None, False)
    assert {*facts["files"]} == before == files_of(removed)
    for part in (BOX, "records/toy1.json", "output/toy1.start", "toy1/verdict.json"):
        assert any(path.endswith(part) for path in before), part


def test_they_are_cleared_when_that_is_asked_for(removed: ToyNode, ark) -> None:
    ras = removed.ras
    told = ark("leftovers", "--clear")
    assert (told.returncode, told.stderr) == (0, "")
    assert "cleared" in told.stdout
    assert files_of(removed) == set()
    assert removed.ras == ras
    assert "No removed resource" in ark("leftovers").stdout


def test_nothing_of_what_runs_is_cleared(node: ToyNode, ark) -> None:
    assert node.run("restore") == 0
    (node.resources / "toy1.toml").unlink()
    before = files_of(node)
    told = ark("leftovers", "--clear")
    assert told.returncode == 1
    assert told.stderr.startswith(f"ark: toy1: kept: it still runs: pid {node.daemons()[0]} ")
    assert files_of(node) == before


def test_nothing_of_what_cannot_be_asked_is_cleared(removed: ToyNode, ark) -> None:
    removed.hooks("def ark_status(ctx, default): raise OSError('nobody knows')")
    before = files_of(removed)
    told = ark("leftovers", "--clear")
    assert told.returncode == 1
    assert "toy1: kept: it is UNKNOWN" in told.stderr
    assert files_of(removed) == before


def test_what_has_a_file_is_no_leftover(node: ToyNode, ark) -> None:
    assert node.run("remove") == 0
    assert "No removed resource" in ark("leftovers").stdout
    told = ark("leftovers", "toy1", "--clear")
    assert (told.returncode, told.stdout) == (1, "")
    assert "toy1: it is no leftover" in told.stderr


def test_what_lifekeeper_holds_is_no_leftover(removed: ToyNode, ark) -> None:
    lifekeeper = Node("node1", removed.prefix / "LifeKeeper", str(removed.prefix))
    lifekeeper.create_other("toy1", "gen", "app")
    before = files_of(removed)
    assert "No removed resource" in ark("leftovers", "--clear").stdout
    assert files_of(removed) == before


def test_nothing_is_cleared_while_lifekeeper_does_not_answer(removed: ToyNode, ark) -> None:
    Node("node1", removed.prefix / "LifeKeeper", str(removed.prefix))
    program = Path(removed.prefix / "LifeKeeper/bin/ins_list")
    program.unlink()
    program.write_text("#!/bin/sh\nexit 9\n")
    program.chmod(0o755)
    before = files_of(removed)
    told = ark("leftovers", "--clear")
    assert told.returncode == 1
    assert "ended with exit code 9" in told.stderr
    assert files_of(removed) == before


@pytest.mark.parametrize("name", ["nobody", "../etc"])
def test_a_name_of_which_nothing_is_left_is_refused(ark_here, name: str) -> None:
    told = ark_here("leftovers", "--clear", name)
    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr.count("\n") == 1
