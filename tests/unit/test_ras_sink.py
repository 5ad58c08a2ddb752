"""The one sink of the RAS log: how it writes, and that no trouble of the log stops an action."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from arkcore.ras.sink import RasSink

LINE = b"[2024/01/01 00:00:00] : r : h : Remove start.\n"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "var/log/ark/ras.log"


def test_the_directory_is_made_when_it_is_missing(log: Path) -> None:
    RasSink(str(log)).write(LINE)
    assert log.read_bytes() == LINE


def test_lines_are_appended(log: Path) -> None:
    sink = RasSink(str(log))
    sink.write(LINE)
    sink.write(LINE)
    assert log.read_bytes() == LINE * 2


def test_a_file_that_does_not_end_in_a_newline_gets_one_first(log: Path) -> None:
    log.parent.mkdir(parents=True)
    log.write_bytes(b"cut sho")
    RasSink(str(log)).write(LINE)
    assert log.read_bytes() == b"cut sho\n" + LINE


def test_a_log_that_was_moved_away_is_begun_anew(log: Path) -> None:
    sink = RasSink(str(log))
    sink.write(LINE)
    log.rename(log.with_suffix(".1"))
    sink.write(LINE)
    assert log.read_bytes() == LINE


def test_each_line_is_one_write(log: Path) -> None:
    """Writers at once, each on its own descriptor: no line is torn or mixed with another."""
    lines = [b"%d:" % number + b"x" * 900 + b"\n" for number in range(4)]

    def write(line: bytes) -> None:
        sink = RasSink(str(log))
        for _ in range(50):
            sink.write(line)

    threads = [threading.Thread(target=write, args=(line,)) for line in lines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(log.read_bytes().splitlines(keepends=True)) == sorted(lines * 50)


def test_a_symlink_is_not_followed(
    log: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    log.parent.mkdir(parents=True)
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious\n")
    log.symlink_to(victim)
    RasSink(str(log)).write(LINE)
    assert victim.read_bytes() == b"precious\n"
    assert str(log) in capfd.readouterr().err


def test_a_fifo_in_its_place_holds_nobody_up(log: Path, capfd: pytest.CaptureFixture[str]) -> None:
    log.parent.mkdir(parents=True)
    os.mkfifo(log)
    RasSink(str(log)).write(LINE)
    assert "not a regular file" in capfd.readouterr().err


def test_a_device_in_its_place_is_told_on_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    RasSink("/dev/full").write(LINE)
    assert "/dev/full: not a regular file" in capfd.readouterr().err


def test_a_directory_in_its_place_is_told_on_stderr(
    log: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    log.mkdir(parents=True)
    RasSink(str(log)).write(LINE)
    assert f"{log}: Is a directory" in capfd.readouterr().err


def test_a_directory_that_cannot_be_made_is_told_on_stderr(
    capfd: pytest.CaptureFixture[str],
) -> None:
    RasSink("/proc/ark/log/ras.log").write(LINE)
    assert "cannot write the RAS log /proc/ark/log/ras.log" in capfd.readouterr().err


def test_a_read_only_file_system_is_told_on_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    RasSink("/sys/ras.log").write(LINE)
    assert "cannot write the RAS log /sys/ras.log" in capfd.readouterr().err


def test_a_file_without_permission_is_told_on_stderr(
    log: Path,
    capfd: pytest.CaptureFixture[str],
    as_ordinary_user: Callable[[Callable[[], None]], None],
) -> None:
    log.parent.mkdir(parents=True)
    log.write_bytes(b"")
    log.chmod(0o444)
    as_ordinary_user(lambda: RasSink(str(log)).write(LINE))
    assert f"cannot write the RAS log {log}: Permission denied" in capfd.readouterr().err
    assert log.read_bytes() == b""


def test_the_same_trouble_is_told_once(capfd: pytest.CaptureFixture[str]) -> None:
    sink = RasSink("/proc/ark/ras.log")
    for _ in range(5):
        sink.write(LINE)
    assert len(capfd.readouterr().err.splitlines()) == 1


FULL = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
from arkcore.ras.sink import RasSink
sink = RasSink(sys.argv[1])
for _ in range(3):
    sink.write(b"x" * 49 + b"\\n")
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
sink.write(b"there is room again\\n")
"""


@pytest.mark.parametrize("room", [0, 30, 50, 75])
def test_a_full_disk_is_told_and_the_next_line_that_fits_is_whole(log: Path, room: int) -> None:
    child = subprocess.run(
        [sys.executable, "-c", FULL, log, str(room)], capture_output=True, text=True, check=True
    )
    assert "cannot write the RAS log" in child.stderr
    assert log.read_bytes().splitlines()[-1] == b"there is room again"


@pytest.mark.parametrize("stderr", ["2>/dev/full", "2>&-", "2>&1 | true"])
def test_a_stderr_that_cannot_be_written_either_raises_nothing(stderr: str) -> None:
    program = 'from arkcore.ras.sink import RasSink; RasSink("/proc/ark/ras.log").write(b"x\\\\n")'
    survived = f'{program}; import os; os.write(9, b"yes")'
    shell = f"exec 9>&1; {sys.executable} -c '{survived}' {stderr}"
    child = subprocess.run(["/bin/bash", "-c", shell], capture_output=True, check=False)
    assert child.stdout == b"yes"
