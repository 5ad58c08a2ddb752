"""A short torture: one seed of real processes, with nothing untrue, late, left or lost."""

from __future__ import annotations

import json
import time

import pytest
from rigs.torture import make_plan, run_seed
from rigs.torture.__main__ import main


@pytest.mark.parametrize("seed", [2])
def test_a_short_torture_finds_nothing(seed: int) -> None:
    run = run_seed(seed, steps=8, until=time.monotonic() + 15)
    assert run.tally.violations == [], "\n".join(run.trace)
    assert run.tally.actions.total() >= 8


def test_the_same_seed_makes_the_same_plan() -> None:
    assert make_plan(7) == make_plan(7)
    assert make_plan(7) != make_plan(8)


def test_a_shorter_plan_is_the_beginning_of_a_longer_one() -> None:
    assert make_plan(7, 30).steps[:10] == make_plan(7, 10).steps


def test_the_table_counts_what_was_done(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--seeds", "1", "--start-seed", "3", "--steps", "1", "--minutes", "1"]
    assert main([*arguments, "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["actions"]["restore"] == 3
    assert figures["violations"] == []
