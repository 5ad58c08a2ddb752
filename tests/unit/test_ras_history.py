"""The RAS log and its rotated parts, and how long scripts and steps took."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ras_writing import NOON, RasWriter

from arkcore.call import Action
from arkcore.channel import Step
from arkcore.ras.durations import Scripts, scripts_of
from arkcore.ras.history import files, lines
from arkcore.ras.reader import parse_line


def scripts(writer: RasWriter):
    parsed = [parse_line(line.decode().rstrip("\n")) for line in writer.lines]
    return scripts_of([line for line in parsed if line], "toy1")


def messages(path: Path) -> list[str]:
    troubles: list[str] = []
    found = [line.message for line in lines(str(path), troubles.append)]
    return found + [f"TROUBLE {trouble}" for trouble in troubles]


# The files.


def test_rotated_parts_come_oldest_first(tmp_path: Path) -> None:
    log = tmp_path / "ras.log"
    writer = RasWriter()
    for number, name in enumerate(("ras.log.2.gz", "ras.log.1", "ras.log")):
        writer.say(str(number), 60).write(tmp_path / name)
    assert messages(log) == ["0", "1", "2"]


def test_parts_named_by_date_are_read_too(tmp_path: Path) -> None:
    writer = RasWriter()
    writer.say("old").write(tmp_path / "ras.log-20261101.gz")
    writer.say("new", 60).write(tmp_path / "ras.log")
    assert messages(tmp_path / "ras.log") == ["old", "new"]


def test_other_files_are_not_read(tmp_path: Path) -> None:
    writer = RasWriter()
    for name in ("ras.log.bak", "xras.log", "ras.log.1.gz.tmp", "other.log"):
        writer.say("no").write(tmp_path / name)
    writer.say("yes").write(tmp_path / "ras.log")
    assert messages(tmp_path / "ras.log") == ["yes"]


def test_a_part_cut_short_is_told_and_the_rest_is_read(tmp_path: Path) -> None:
    writer = RasWriter()
    for number in range(2000):
        writer.say(f"line {number}")
    writer.write(tmp_path / "ras.log.1.gz")
    packed = tmp_path / "ras.log.1.gz"
    packed.write_bytes(packed.read_bytes()[:-20])
    writer.say("last").write(tmp_path / "ras.log")
    found = messages(tmp_path / "ras.log")
    assert "last" in found
    assert any(each.startswith(f"TROUBLE {packed}: cannot be read") for each in found)


def test_a_link_and_a_pipe_in_its_place_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(RasWriter().say("secret").lines[0])
    (tmp_path / "ras.log.1").symlink_to(tmp_path / "elsewhere")
    os.mkfifo(tmp_path / "ras.log.2")
    RasWriter().say("mine").write(tmp_path / "ras.log")
    found = messages(tmp_path / "ras.log")
    assert "mine" in found
    assert "secret" not in found


def test_no_directory_is_no_history(tmp_path: Path) -> None:
    assert files(str(tmp_path / "nowhere/ras.log")) == []


# Scripts and steps.


def test_a_script_and_its_steps_take_what_they_took() -> None:
    [script] = scripts(RasWriter().forced_remove(stop=15, force=4))
    assert (script.action, script.seconds, script.well) == (Action.REMOVE, 19, True)
    stop, force = script.steps
    assert (stop.step, stop.seconds, stop.forced) == (Step.STOP, 15, True)
    assert (force.step, force.seconds, force.forced, force.well) == (Step.FORCE, 4, False, True)


def test_a_failed_script_knows_when_its_step_failed() -> None:
    writer = RasWriter().told(
        "Restore start.", "Starting.", 7, "Start failed. Expected RUNNING", "Force stopping.", 3,
        "Stop completed.", "Restore failed. Expected RUNNING",
    )  # fmt: skip
    [script] = scripts(writer)
    assert (script.well, script.seconds, script.failed_at) == (False, 10, NOON + 7)
    assert script.reason == "Expected RUNNING"


def test_a_check_that_is_skipped_within_a_recover_takes_nothing_from_it() -> None:
    writer = RasWriter().told(
        "Recover start.", "Status checking.", "Status check completed. STOPPED", "Stopping.", 5,
        "QuickCheck start.", "QuickCheck completed. Skipped: recover is at work.", 5,
        "Stop completed.", "Starting.", 20, "Start completed.", "Recover completed.",
    )  # fmt: skip
    check, recover = scripts(writer)
    assert check.skipped
    assert [step.seconds for step in recover.of(Step.STOP, Step.START)] == [10, 20]
    assert recover.seconds == 30


def test_lines_of_another_resource_are_not_its_own() -> None:
    writer = RasWriter().say("Restore start.").say("Remove start.", 5, resource="toy2")
    writer.say("Remove completed.", 5, resource="toy2").say("Restore completed.", 5)
    [script] = scripts(writer)
    assert (script.action, script.seconds) == (Action.RESTORE, 15)


def test_a_script_that_was_aborted_has_no_duration() -> None:
    writer = RasWriter().told("Restore start.", 500, "Restore aborted. It began", 1)
    assert scripts(writer.restore(3)) == scripts(RasWriter(now=writer.now - 63).restore(3))


def test_a_clock_set_back_makes_no_duration() -> None:
    writer = RasWriter().say("Restore start.")
    writer.now -= 3600
    assert scripts(writer.say("Restore completed.")) == []


def test_summer_time_makes_no_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        # 2026-03-29: at 02:00 the clocks go to 03:00.
        before = time.mktime((2026, 3, 29, 1, 59, 50, 0, 0, -1))
        [script] = scripts(RasWriter(now=before).restore(20))
        assert script.seconds == 20
    finally:
        monkeypatch.delenv("TZ")
        time.tzset()


@pytest.mark.parametrize(
    "at", ["2026/99/10 12:00:00", "0000/00/00 00:00:00", "2026/11/10 12:00:99"]
)
def test_a_time_that_cannot_be_is_passed_over(at: str) -> None:
    line = parse_line(f"[{at}] : toy1 : LHOST1 : Restore start.")
    assert line is not None
    assert scripts_of([line], "toy1") == []


WORDS = st.sampled_from(
    [f"{action.script} {end}" for action in Action for end in ("start.", "completed.", "failed. x")]
    + [text for step in Step for text in (step.began, step.completed, f"{step.failed} x")]
    + ["QuickCheck completed. Undecided: It is UNKNOWN; undecided for 99999999999999 s of 480 s"]
)


@given(st.lists(st.tuples(WORDS | st.text(max_size=30), st.integers(-5, 10**6)), max_size=60))
def test_whatever_the_lines_say_durations_are_sane(story: list[tuple[str, int]]) -> None:
    found, now = Scripts(), NOON
    for message, after in story:
        now += after
        found.hear(message, now)
    for script in found.ended:
        assert 0 <= script.seconds <= 86400
        assert script.ended in ("completed", "failed")
        assert all(0 <= step.seconds <= 86400 for step in script.steps)
        assert all(step.began >= script.began for step in script.steps)


@given(st.lists(st.binary(max_size=80), max_size=30))
def test_garbage_in_the_files_ends_nothing(tmp_path_factory, garbage: list[bytes]) -> None:
    directory = tmp_path_factory.mktemp("garbage")
    good = RasWriter().say("good").lines[0]
    (directory / "ras.log").write_bytes(b"\n".join([*garbage, b"", good]))
    (directory / "ras.log.1.gz").write_bytes(b"".join(garbage))
    assert "good" in messages(directory / "ras.log")
