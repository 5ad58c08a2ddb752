"""The occasion of a start: planned, after a failure, by a person, or not known."""

from __future__ import annotations

import pytest
from ras_writing import RasWriter, runs_of

from arkcore.ras.occasions import Occasion, Occasions

FAILED, PLANNED = Occasion.FAILURE, Occasion.PLANNED


def of(*writers: RasWriter) -> list[Occasion]:
    """The occasions of all starts, in the order of time; one writer a node."""
    runs = sorted(
        (run for each in writers for run in runs_of(each.lines)), key=lambda run: run.ends
    )
    occasions = Occasions()
    return [each for run in runs if (each := occasions.hear(run)) is not None]


def test_the_first_start_of_a_log_has_no_known_occasion() -> None:
    assert of(RasWriter().restore(5)) == [Occasion.UNKNOWN]


def test_a_start_after_an_orderly_stop_is_planned() -> None:
    assert of(RasWriter().remove(5).restore(5)) == [PLANNED]


def test_a_forced_stop_that_ended_well_is_an_orderly_one() -> None:
    assert of(RasWriter().forced_remove(5, 5).restore(5)) == [PLANNED]


def test_a_restart_is_after_a_failure() -> None:
    assert of(RasWriter().recover(1, 1, 1, 1)) == [FAILED]


def test_a_switch_after_a_failed_check_is_no_planned_one() -> None:
    one = RasWriter().check().told("QuickCheck start.", 3, "QuickCheck failed. It is STOPPED.", 1)
    one.told("Recover start.", 5, "Recover failed. 3 restarts are used up", 1).remove(5)
    assert of(one, RasWriter(now=one.now).restore(5)) == [FAILED]


def test_a_start_without_a_stop_on_either_node_is_after_a_failure() -> None:
    one = RasWriter().restore(5).check()
    assert of(one, RasWriter(now=one.now).restore(5))[1:] == [FAILED]


def test_a_failure_that_is_over_is_forgotten() -> None:
    writer = RasWriter().recover(1, 1, 1, 1).check().remove(5).restore(5)
    assert of(writer) == [FAILED, PLANNED]


def test_a_check_that_was_ended_from_outside_is_no_failure() -> None:
    writer = RasWriter().remove(5).say("QuickCheck aborted. It began at noon.").restore(5)
    assert of(writer) == [PLANNED]


def test_what_had_ended_before_its_stop_leaves_the_occasion_open() -> None:
    writer = (
        RasWriter().restore(5).told("Remove start.", 1, "Remove completed. Nothing to stop.", 9)
    )
    assert of(writer.restore(5)) == [Occasion.UNKNOWN, Occasion.UNKNOWN]


def test_a_start_in_maintenance_is_a_persons() -> None:
    writer = RasWriter().remove(5).told(
        "Restore start.", "In maintenance until 18:00, since 12:00.", "Starting.", 5,
        "Start completed.", "Restore completed.",
    )  # fmt: skip
    assert of(writer) == [Occasion.PERSON]


@pytest.mark.parametrize("end", ["Skipped: maintenance.", "Undecided: x; undecided for 5 s of 9 s"])
def test_a_check_without_a_verdict_changes_nothing(end: str) -> None:
    writer = RasWriter().remove(5).check(1, f"QuickCheck completed. {end}").restore(5)
    assert of(writer) == [PLANNED]
