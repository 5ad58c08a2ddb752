"""The reader of the RAS log: its parts, its lines, and the scripts and steps that they tell of."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from backports import zstd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ras_writing import NOON, RasWriter, read_lines, scripts_of

from arkcore.base.call import Action
from arkcore.machine.channel import Step
from arkcore.ras.line import parse_line
from arkcore.ras.reader import Reader
from arkcore.ras.records import ScriptTaken
from arkcore.ras.scripts import Scripts
from arkcore.ras.source import Source


def scripts(writer: RasWriter) -> list[ScriptTaken]:
    parsed = [parse_line(line.decode().rstrip("\n")) for line in writer.lines]
    return scripts_of([line for line in parsed if line], "toy1")


def messages(path: Path) -> list[str]:
    lines, troubles = read_lines(path)
    return [line.message for line in lines] + [f"TROUBLE {trouble}" for trouble in troubles]


def pack(writer: RasWriter, path: Path) -> None:
    """Write the lines as the program would that gives this extension to a file."""
    data = b"".join(writer.lines)
    packed: dict[str, Callable[[bytes], bytes]] = {
        ".gz": gzip.compress,
        ".xz": lzma.compress,
        ".lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE),
        ".bz2": bz2.compress,
        ".zst": zstd.compress,
    }
    path.write_bytes(packed[path.suffix](data) if path.suffix in packed else data)
    writer.lines.clear()


# The files.


def test_rotated_parts_come_oldest_first(tmp_path: Path) -> None:
    log = tmp_path / "ras.log"
    writer = RasWriter()
    for number, name in enumerate(("ras.log.2.gz", "ras.log.1", "ras.log")):
        writer.say(str(number), 60).write(tmp_path / name)
    assert messages(log) == ["0", "1", "2"]


@pytest.mark.parametrize(
    "name",
    [
        "ras.log-20261101",
        "ras.log-20261101.gz",
        "ras.log-2026110103",
        "ras.log-2026-11-01",
        "ras.log-20261101-1793500000.xz",
        "ras.log.1793500000",
        "ras.log.2026-11-01_03:59:59",
        "ras.log20261101",
        "ras.log.10.bz2",
        "ras-20261101.log",
        "ras.1.log.xz",
        "ras.log.1.lzma",
        "ras.log.1.zst",
    ],
)
def test_a_part_is_read_whatever_name_logrotate_gives_it(tmp_path: Path, name: str) -> None:
    writer = RasWriter()
    pack(writer.say("old"), tmp_path / name)
    writer.say("new", 60).write(tmp_path / "ras.log")
    assert messages(tmp_path / "ras.log") == ["old", "new"]


def test_files_beside_it_that_are_no_parts_are_named_and_not_read(tmp_path: Path) -> None:
    writer = RasWriter()
    for name in ("ras.log.bak", "ras.log.1.gz.tmp", "xras.log", "other.log", "ras.log.1.lz4"):
        writer.say("no").write(tmp_path / name)
    writer.say("yes").write(tmp_path / "ras.log")
    log = tmp_path / "ras.log"
    packed = f"{log}.1.lz4: cannot be read to its end: is packed with lz4, which is not read here"
    why = f"is not read: no name that logrotate gives to a part of {log}"
    assert messages(log) == [
        "yes",
        f"TROUBLE {packed}",
        f"TROUBLE {log}.1.gz.tmp: {why}",
        f"TROUBLE {log}.bak: {why}",
    ]


def test_a_part_packed_with_what_python_lacks_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for each in ("compression.zstd", "backports.zstd"):
        monkeypatch.setitem(sys.modules, each, None)
    (tmp_path / "ras.log.1.zst").write_bytes(b"")
    [trouble] = messages(tmp_path / "ras.log")
    assert "is packed with zstd, which this Python does not read" in trouble


def test_lines_that_end_in_cr_and_lf_are_lines(tmp_path: Path) -> None:
    writer = RasWriter().restore(20)
    writer.lines = [line.replace(b"\n", b"\r\n") for line in writer.lines]
    writer.write(tmp_path / "ras.log")
    [script] = scripts_of(read_lines(tmp_path / "ras.log")[0], "toy1")
    assert (script.action, script.seconds, script.well) == (Action.RESTORE, 20, True)


def test_lines_that_are_none_of_the_log_are_counted(tmp_path: Path) -> None:
    good = RasWriter().say("good").lines[0]
    (tmp_path / "ras.log").write_bytes(b"garbage\n\n" + good + b"\xff\xfe\n")
    told = "2 lines are no lines of the RAS log, and are left out"
    assert messages(tmp_path / "ras.log") == ["good", f"TROUBLE {tmp_path}/ras.log: {told}"]


@pytest.mark.parametrize("name", ["ras.log.1.gz", "ras.log.1.xz", "ras.log.1.bz2", "ras.log.1.zst"])
def test_a_damaged_part_is_told_whatever_packed_it(tmp_path: Path, name: str) -> None:
    writer = RasWriter()
    for number in range(2000):
        writer.say(f"line {number}")
    part = tmp_path / name
    pack(writer, part)
    data = bytearray(part.read_bytes())
    data[len(data) // 2 :: 7] = bytes(len(data[len(data) // 2 :: 7]))
    part.write_bytes(data)
    writer.say("last").write(tmp_path / "ras.log")
    found = messages(tmp_path / "ras.log")
    assert "last" in found
    assert any(each.startswith(f"TROUBLE {part}: ") for each in found)


def test_xz_streams_with_padding_between_them_are_one_part(tmp_path: Path) -> None:
    writer = RasWriter().say("one").say("two", 60)
    one, two = (lzma.compress(line) for line in writer.lines)
    (tmp_path / "ras.log.1.xz").write_bytes(one + bytes(8) + two + bytes(4))
    assert messages(tmp_path / "ras.log") == ["one", "two"]


def test_a_part_that_asks_for_gigabytes_to_be_unpacked_is_refused(tmp_path: Path) -> None:
    packer = lzma.LZMACompressor(filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 20}])
    data = bytearray(packer.compress(b"x\n") + packer.flush())
    # Stream header (12 bytes), then the block's: the size of its dictionary is one byte of it.
    at = data.index(bytes([0x21, 0x01])) + 2
    data[at] = 40  # 4 GiB
    data[20:24] = zlib.crc32(data[12:20]).to_bytes(4, "little")
    (tmp_path / "ras.log.1.xz").write_bytes(data)
    [trouble] = messages(tmp_path / "ras.log")
    assert "Memory usage limit exceeded" in trouble


def test_the_last_lines_come_from_rotated_parts_where_the_log_holds_too_few(tmp_path: Path) -> None:
    writer = RasWriter()
    for number, name in enumerate(("ras.log.2.xz", "ras.log.1", "ras.log")):
        writer.say(f"{number}a", 60).say(f"{number}b", 60)
        pack(writer, tmp_path / name)
        writer.lines.clear()
    sources = [Source(str(tmp_path / "ras.log"))]
    everything = Reader(sources)
    assert [each.message for each in everything.last_lines(3)] == ["1b", "2a", "2b"]
    assert [each.message for each in everything.last_lines(1)] == ["2b"]
    assert len(Reader(sources, only="toy1").last_lines(9)) == 6
    assert Reader(sources, only="toy2").last_lines(9) == []


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
    assert Source(str(tmp_path / "nowhere/ras.log")).parts() == []


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


#: A loaded machine is no reason to fail.
CALM = settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=30)


@CALM
@given(st.lists(st.tuples(WORDS | st.text(max_size=30), st.integers(-5, 10**6)), max_size=60))
def test_whatever_the_lines_say_durations_are_sane(story: list[tuple[str, int]]) -> None:
    found, now = Scripts(), NOON
    for message, after in story:
        now += after
        found.hear(message, now)
    for script in found.ended:
        if not isinstance(script, ScriptTaken) or not script.is_paired:
            continue
        assert 0 <= script.seconds <= 86400
        assert script.ended in ("completed", "failed")
        assert all(0 <= step.seconds <= 86400 for step in script.steps)
        assert all(step.began >= script.began for step in script.steps)


@CALM
@given(st.lists(st.binary(max_size=80), max_size=30))
def test_garbage_in_the_files_ends_nothing(
    tmp_path_factory: pytest.TempPathFactory, garbage: list[bytes]
) -> None:
    directory = tmp_path_factory.mktemp("garbage")
    good = RasWriter().say("good").lines[0]
    (directory / "ras.log").write_bytes(b"\n".join([*garbage, b"", good]))
    (directory / "ras.log.1.gz").write_bytes(b"".join(garbage))
    assert "good" in messages(directory / "ras.log")
