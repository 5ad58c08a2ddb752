"""What the reader makes of a log: runs, timers and shares, odd times, damage, and its ends."""

from __future__ import annotations

import os
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ras_writing import NOON, RasWriter

from arkcore.base.call import Action
from arkcore.base.status import Outcome
from arkcore.machine.channel import Step
from arkcore.ras.format import format_line
from arkcore.ras.line import parse_line
from arkcore.ras.pairing import Pairing
from arkcore.ras.reader import Reader
from arkcore.ras.records import Checks, Remark, Run, ScriptTaken
from arkcore.ras.source import Source
from arkcore.resources.timers import Timers

LIMITS = {**Timers({}).as_mapping(), "recover.total": float("inf")}
BOX = "/var/log/ark/blackbox/toy1-20261110-120000-77-123456.txt"


def runs(writer: RasWriter) -> list[Run]:
    pairing = Pairing(limits=lambda _: {key: value or 0.0 for key, value in LIMITS.items()})
    lines = b"".join(writer.lines).split(b"\n")
    return [*pairing.feed(lines), *pairing.close()]


def script(writer: RasWriter) -> ScriptTaken:
    [found] = runs(writer)
    assert isinstance(found, ScriptTaken)
    return found


class TestChecks:
    def test_checks_that_go_well_are_one_row(self) -> None:
        writer = RasWriter()
        for seconds in (0, 0, 1, 0, 5):
            writer.check(seconds)
        [row] = runs(writer)
        assert isinstance(row, Checks)
        assert (row.count, row.times, row.slowest) == (5, {0: 3, 1: 1, 5: 1}, 5)
        assert (row.began, row.ends) == (NOON, NOON + 246)

    def test_a_row_ends_where_another_script_of_the_resource_stands(self) -> None:
        writer = RasWriter().check().check().restore(20).check()
        assert [type(run) for run in runs(writer)] == [Checks, ScriptTaken, Checks]

    def test_a_row_ends_where_checks_have_been_missing_for_an_hour(self) -> None:
        writer = RasWriter().check().check()
        writer.now += 3600
        assert [type(run) for run in runs(writer.check())] == [Checks, Checks]

    def test_a_check_that_took_half_its_timer_stands_alone(self) -> None:
        writer = RasWriter().check().check(10).check()
        assert [type(run) for run in runs(writer)] == [Checks, ScriptTaken, Checks]

    def test_a_check_with_a_remark_stands_alone(self) -> None:
        writer = RasWriter().told("QuickCheck start.", "In maintenance: x", "QuickCheck completed.")
        assert script(writer).in_maintenance

    @pytest.mark.parametrize("seconds", [10, 40])
    def test_it_stands_alone_too_where_another_check_is_in_its_minute(self, seconds: int) -> None:
        writer = RasWriter().check()
        writer.say("QuickCheck start.").say("QuickCheck completed.", 1)
        writer.say("QuickCheck start.", 1).say("QuickCheck completed.", seconds)
        assert [type(run) for run in runs(writer)] == [Checks, ScriptTaken]

    def test_a_row_beside_another_resource_ends_after_an_hour_too(self) -> None:
        writer = RasWriter()
        for _ in range(2):
            for resource in ("toy1", "toy2"):
                writer.say("QuickCheck start.", 1, resource)
                writer.say("QuickCheck completed.", 0, resource)
            writer.now += 3600
        assert [run.resource for run in runs(writer)] == ["toy1", "toy2", "toy1", "toy2"]

    def test_a_clock_set_back_within_its_minute_makes_no_time(self) -> None:
        writer = RasWriter().check()
        writer.say("Maintenance ends: x", 30).say("QuickCheck start.")
        writer.say("QuickCheck completed.", -20)
        *_, last = runs(writer)
        assert isinstance(last, ScriptTaken)
        assert (last.seconds, last.is_paired) == (0, False)

    def test_checks_of_two_resources_are_two_rows(self) -> None:
        writer = RasWriter()
        for resource in ("toy1", "toy2", "toy1", "toy2"):
            writer.say("QuickCheck start.", 1, resource)
            writer.say("QuickCheck completed.", 0, resource)
        assert [(run.resource, run.ends - run.began) for run in runs(writer)] == [
            ("toy1", 2),
            ("toy2", 2),
        ]


class TestTimers:
    def test_a_start_is_measured_from_the_first_question(self) -> None:
        writer = RasWriter().told(
            "Restore start.", 100, "Starting.", "/start", 300, "Start completed.",
            "Restore completed.",
        )  # fmt: skip
        found = script(writer)
        [start] = found.steps
        assert (start.used.timer, start.used.limit, start.used.seconds) == (
            "restore.process", 480, 400,
        )  # fmt: skip
        assert start.is_near
        assert found.is_near

    def test_four_fifths_of_a_timer_are_no_near_miss(self) -> None:
        assert not script(RasWriter().restore(384)).is_near
        assert script(RasWriter().restore(385)).is_near

    def test_what_failed_is_no_near_miss(self) -> None:
        writer = RasWriter().told("Remove start.", 119, "Remove failed. Still alive: pid 1 x (S)")
        assert not script(writer).is_near

    def test_the_parts_of_a_recover_have_the_timers_of_their_kind(self) -> None:
        found = script(RasWriter().recover(confirm=4, stop=20, wait=10, start=45))
        told = [(step.step, step.used.timer, step.used.seconds) for step in found.steps]
        assert told == [
            (Step.STATUS, "recover.process", 4),
            (Step.STOP, "remove.process", 20),
            (Step.FORCE, "remove.process", 20),
            (Step.START, "restore.process", 45),
        ]

    def test_the_cleanup_after_a_failed_start_has_its_own(self) -> None:
        writer = RasWriter().told(
            "Restore start.", "Starting.", 7, "Start failed. x", "Force stopping.", 3,
            "Stop completed.", "Restore failed. x",
        )  # fmt: skip
        found = script(writer)
        assert (found.used.seconds, found.steps[1].used.timer) == (7, "restore.cleanup")

    def test_an_undecided_check_shows_the_undecided_clock(self) -> None:
        writer = RasWriter().check(17, "QuickCheck completed. Undecided: x; undecided for 135 s of")
        found = script(writer)
        assert (found.outcome, found.used.timer, found.used.seconds) == (
            Outcome.UNDECIDED, "quickcheck.process", 135,
        )  # fmt: skip


class TestScripts:
    @pytest.mark.parametrize(
        ("end", "outcome"),
        [
            ("Restore completed.", Outcome.WELL),
            ("Restore completed. It was running already.", Outcome.WELL),
            ("Restore completed. Skipped: wanted = down.", Outcome.SKIPPED),
            ("Restore completed. Undecided: x", Outcome.UNDECIDED),
            ("Restore failed. x", Outcome.FAILED),
            ("Restore failed. Internal error: x", Outcome.INTERNAL),
            ("Restore failed. BLIND: x", Outcome.INTERNAL),
            ("Restore aborted. It began 2026/11/10 12:00:00.", None),
        ],
    )
    def test_an_end_tells_the_outcome(self, end: str, outcome: Outcome | None) -> None:
        assert script(RasWriter().told("Restore start.", end)).outcome is outcome

    def test_a_step_holds_its_commands_and_what_was_said_of_them(self) -> None:
        writer = RasWriter().told(
            "Remove start.", "Stopping.", "/opt/stop 'a b'", 5,
            f"stop had not ended after 5.0 s; black box {BOX}", "| KAVB0001-E no", "Stop failed. y",
            "Remove failed. y",
        )  # fmt: skip
        found = script(writer)
        [stop] = found.steps
        assert [command.line for command in stop.commands] == ["/opt/stop 'a b'"]
        assert stop.notes[1] == "| KAVB0001-E no"
        assert (stop.failed, stop.reason, found.black_boxes) == (True, "y", [BOX])
        assert len(found.lines) == 7

    def test_a_start_without_an_end_and_an_end_without_a_start_are_told(self) -> None:
        writer = RasWriter().told("Remove completed.", 5, "Restore start.", 5, "Restore start.", 9)
        headless, lost, working = runs(writer.say("Starting."))
        assert isinstance(headless, ScriptTaken)
        assert isinstance(lost, ScriptTaken)
        assert isinstance(working, ScriptTaken)
        assert (headless.started, headless.is_paired) == (False, False)
        assert (lost.ended, lost.at_work) == ("", False)
        assert (working.at_work, working.seconds, working.steps[0].ended) == (True, 9, False)

    def test_a_line_outside_of_scripts_is_a_remark(self) -> None:
        [remark] = runs(RasWriter().say("Maintenance begins, until 18:00: x"))
        assert isinstance(remark, Remark)
        assert remark.message == "Maintenance begins, until 18:00: x"


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("berlin")
class TestTheHourThatComesTwice:
    #: 2026-10-25 02:50 in summer time; at 03:00 the clocks go back to 02:00.
    BEGINS = 1792889400.0

    def test_a_script_across_it_takes_what_it_took(self) -> None:
        found = script(RasWriter(now=self.BEGINS).restore(1200))
        assert (found.began, found.seconds) == (self.BEGINS, 1200)

    def test_checks_across_it_are_one_row_in_order(self) -> None:
        writer = RasWriter(now=self.BEGINS)
        for _ in range(120):
            writer.check(1)
        [row] = runs(writer)
        assert isinstance(row, Checks)
        assert (row.began, row.count, row.ends) == (self.BEGINS, 120, self.BEGINS + 119 * 61 + 1)


class TestReading:
    def test_the_last_runs_are_those_of_the_whole_log(self, tmp_path: Path) -> None:
        writer = RasWriter()
        for number in range(800):
            (writer.restore if number % 3 else writer.remove)(20)
            writer.check(1)
        writer.write(tmp_path / "ras.log")
        reader = Reader([Source(str(tmp_path / "ras.log"))])
        whole = sorted(reader.runs(), key=lambda run: run.began)
        assert reader.last_runs(7) == whole[-7:]
        assert not reader.is_cut
        first = reader.last_runs(1, lambda run: run is not None and run.began <= NOON)
        assert first == whole[:1]

    def test_a_time_is_found_without_reading_what_lies_before(self, tmp_path: Path) -> None:
        writer = RasWriter()
        for _ in range(6_000):
            writer.check(1)
        end = writer.now
        writer.restore(5).write(tmp_path / "ras.log")
        source = Source(str(tmp_path / "ras.log"))
        [part] = source.parts()
        assert source.offset_of(part, end) > part.size * 0.6
        [*_, last] = Reader([source]).runs(since=end)
        assert isinstance(last, ScriptTaken)
        assert last.seconds == 5

    def test_two_nodes_are_read_each_in_its_own_time(self, tmp_path: Path) -> None:
        RasWriter().remove(5).write(tmp_path / "one/ras.log")
        RasWriter().restore(9).write(tmp_path / "two/ras.log")
        sources = [Source(str(tmp_path / node / "ras.log"), node) for node in ("one", "two")]
        found = [run for run in Reader(sources).runs() if isinstance(run, ScriptTaken)]
        assert [(run.node, run.action) for run in found] == [
            ("one", Action.REMOVE),
            ("two", Action.RESTORE),
        ]

    def test_memory_does_not_grow_with_the_log(self, tmp_path: Path) -> None:
        day = RasWriter()
        for _ in range(100):
            day.check(1).restore(3).check()
        data = b"".join(day.lines)
        peaks = []
        for times in (4, 16):
            (tmp_path / "ras.log").write_bytes(data * times)
            tracemalloc.start()
            for _ in Reader([Source(str(tmp_path / "ras.log"))], keeps=False).runs():
                pass
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
        assert peaks[1] < peaks[0] * 2.5

    def test_a_hand_written_log_is_foreign_and_not_guessed_at(self, tmp_path: Path) -> None:
        log = tmp_path / "ras.log"
        log.write_text(
            "2010/08/26 10:16:19 stop lkjp1_base\n"
            "KAVB3674-I The process will be stopped.\n"
            "[2010/08/26 10:16:19] lkjp1_base: Stopping.\n"
            "[2010/08/26 10:61:19] : lkjp1_base : LVMRH5LKB : Remove start.\n"
        )
        reader = Reader([Source(str(log))])
        assert list(reader.runs()) == []
        [damage] = reader.damage
        assert (damage.foreign, damage.lines[0]) == (4, "2010/08/26 10:16:19 stop lkjp1_base")


CALM = settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=30)
NAMES = st.from_regex(r"[A-Za-z][\w.-]{0,15}", fullmatch=True)


def test_no_lines_complete_no_run() -> None:
    """A followed log that nobody writes has none, look after look."""
    pairing = Pairing()
    assert not list(pairing.feed([]))
    assert not list(pairing.feed([]))


@CALM
@given(NAMES, NAMES, st.text(max_size=400), st.integers(0, 4_000_000_000))
def test_every_line_that_can_be_written_is_read_as_what_it_was(
    resource: str, host: str, message: str, at: int
) -> None:
    written = format_line(resource, host, message, at).decode()
    line = parse_line(written)
    assert line is not None
    assert (line.resource, line.logical_host) == (resource, host)
    assert line.message == written.rstrip("\n").split(" : ", 3)[3]


STORIES = [RasWriter().restore(3), RasWriter().forced_remove(2, 3), RasWriter().check(1)]
LINES = [line for story in STORIES for line in story.lines]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """Whole lines, cut lines, lines with other bytes in them, and no lines at all."""
    line = draw(st.sampled_from(LINES))
    way = draw(st.integers(0, 4))
    if way == 0:
        return line[: draw(st.integers(0, len(line)))]
    if way == 1:
        at = draw(st.integers(0, len(line) - 1))
        return line[:at] + draw(st.binary(max_size=3)) + line[at + 1 :]
    if way == 2:
        return draw(st.binary(max_size=60))
    return line.replace(b"\n", b"\r\n") if way == 3 else line


@CALM
@given(st.lists(damaged(), max_size=60))
def test_damage_stops_nothing_and_is_counted(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes]
) -> None:
    path = tmp_path_factory.getbasetemp() / f"damaged-{os.getpid()}.log"
    good = RasWriter(now=NOON + 86400).restore(4).lines
    path.write_bytes(b"".join(pieces) + b"\n" + b"".join(good))
    reader = Reader([Source(str(path), alone=True)])
    found = list(reader.runs())
    assert any(isinstance(run, ScriptTaken) and run.seconds == 4 for run in found)
    for run in found:
        if isinstance(run, ScriptTaken):
            assert 0 <= run.seconds <= 86400
            assert all(0 <= step.seconds <= 86400 for step in run.steps)
    counted = sum(damage.foreign for damage in reader.damage)
    lines = [each for each in path.read_bytes().split(b"\n") if each.strip()]
    assert counted + len(list(Reader([Source(str(path), alone=True)]).lines())) == len(lines)
