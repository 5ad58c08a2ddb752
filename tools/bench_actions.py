"""A restore and a remove beside the product itself, and how fast RAS lines are written."""

from __future__ import annotations

import os
import select
import statistics
import sys
import time
from pathlib import Path

from bench_measuring import Program, Report, Run

from arkcore.ras.format import format_line
from arkcore.ras.sink import RasSink

PROGRAMS = Path(sys.executable).parent
#: Seconds that the product's own start or stop takes, those up to LONGEST.
LONGEST = float(os.environ.get("LONGEST", "20"))
TAKEN = tuple(each for each in (0.0, 0.2, 1.0, 3.0, 7.0, 20.0) if each <= LONGEST)
#: At most so many seconds later it is back, in the median and at worst.
RESTORE_BACK, REMOVE_BACK = (0.1, 0.3), (0.25, 0.5)
#: Lines that are written for the last table.
LINES = 20000


class Application:
    """A daemon that is ready, and gone, as late as it is told; the plugin is `command`."""

    def __init__(self, home: Path, start: float, stop: float) -> None:
        (home / "etc/ark/resources").mkdir(parents=True)
        self.ready = home / "ready"
        self._environment = {"ARK_PREFIX": str(home), "PATH": "/usr/bin:/bin"}
        # Its own pid, in one write, is its readiness.
        (home / "daemon").write_text(
            f"#!/bin/sh\nsleep {start}\necho $$ >{self.ready}\nexec sleep 600\n"
        )
        (home / "stop").write_text(
            f"#!/bin/sh\nread -r pid <{self.ready} || exit 0\nsleep {stop}\n"
            f"rm {self.ready}\nkill $pid\n"
        )
        for name in ("daemon", "stop"):
            (home / name).chmod(0o755)
        (home / "etc/ark/resources/app.toml").write_text(
            f"""
            plugin = "command"
            logical_host = "LH"
            [options]
            start = ["/bin/sh", "-c", "{home}/daemon &"]
            stop = ["{home}/stop"]
            status = ["/usr/bin/test", "-e", "{self.ready}"]
            """
        )

    def program(self, action: str) -> Program:
        return Program([str(PROGRAMS / f"ark-{action}"), "-t", "app"], self._environment)

    def restore(self) -> tuple[float, float]:
        """Seconds that it is back after the readiness, and milliseconds of a processor."""
        run = self.program("restore").run()
        return time.time() - self.ready.stat().st_mtime, run.cpu

    def remove(self) -> tuple[float, float]:
        """Seconds that it is back after the daemon's end, and milliseconds of a processor."""
        daemon = os.pidfd_open(int(self.ready.read_text()))
        program = self.program("remove")
        pid = program.spawn()
        select.select([daemon], [], [], 60)
        gone = time.perf_counter()
        os.close(daemon)
        run = Run(program, pid, gone)
        return run.wall / 1000, run.cpu


def _validate(application: Application) -> None:
    """Have it recorded, which is not part of what is measured."""
    application.program("remove").run()


def actions(report: Report, directory: Path, rounds: int = 3) -> None:
    found: dict[str, dict[float, list[tuple[float, float]]]] = {"restore": {}, "remove": {}}
    for seconds in TAKEN:
        for number in range(rounds):
            application = Application(directory / f"{seconds}-{number}", seconds, seconds)
            _validate(application)
            found["restore"].setdefault(seconds, []).append(application.restore())
            found["remove"].setdefault(seconds, []).append(application.remove())
    told = {"restore": ("is ready", RESTORE_BACK), "remove": ("has ended", REMOVE_BACK)}
    for action, (event, (middle, worst)) in told.items():
        report.table(
            f"the application {event} after",
            f"{action} is back after that",
            f"at most {middle:g} s, worst {worst:g} s",
            "of a processor, its commands included",
        )
        for seconds, pairs in found[action].items():
            lags = [lag for lag, _ in pairs]
            report.row(
                f"{seconds:g} s",
                f"{statistics.median(lags):.2f} s",
                f"worst {max(lags):.2f} s",
                f"{statistics.median(cpu for _, cpu in pairs):.0f} ms",
            )
            where = f"{action} of {seconds:g} s, back after seconds"
            report.hold(f"{where}, median", statistics.median(lags), middle)
            report.hold(f"{where}, worst", max(lags), worst)


def lines(report: Report, directory: Path) -> None:
    """How many RAS lines one process writes, beside the same bytes appended with nothing else."""
    sink, plain = RasSink(str(directory / "ras.log")), str(directory / "plain.log")
    now = time.time()
    began = time.process_time()
    for _ in range(LINES):
        sink.write(format_line("lkjp1_base", "LVMRH5LKB", "QuickCheck completed.", now))
    ours = time.process_time() - began
    line = format_line("lkjp1_base", "LVMRH5LKB", "QuickCheck completed.", now)
    began = time.process_time()
    for _ in range(LINES):
        descriptor = os.open(plain, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
        os.write(descriptor, line)
        os.close(descriptor)
    bare = time.process_time() - began
    report.table("RAS lines in a second of a processor", "found", "at most")
    report.row("the file opened, one line written, closed", f"{LINES / bare:,.0f}", "–")
    report.row("a RAS line", f"{LINES / ours:,.0f}", f"{ours / bare:.1f} times that (at most 6)")
    report.hold("a RAS line, times a plain one", ours / bare, 6)
