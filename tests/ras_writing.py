"""Writes a RAS log whose times are known: a day made of scripts, as the engine would tell them."""

from __future__ import annotations

import gzip
import time
from collections.abc import Iterable
from pathlib import Path

from arkcore.ras.clock import Clock
from arkcore.ras.format import format_line
from arkcore.ras.line import RasLine
from arkcore.ras.pairing import Pairing
from arkcore.ras.reader import Reader
from arkcore.ras.records import Run, ScriptTaken
from arkcore.ras.scripts import Scripts
from arkcore.ras.source import Source

#: A winter noon: no change of summer time near.
NOON = time.mktime((2026, 11, 10, 12, 0, 0, 0, 0, -1))


class RasWriter:
    """A clock and the lines written so far, of one resource unless another is named."""

    def __init__(self, resource: str = "toy1", host: str = "LHOST1", now: float = NOON) -> None:
        self.resource = resource
        self.host = host
        self.now = now
        self.lines: list[bytes] = []

    def say(self, message: str, after: float = 0, resource: str = "") -> RasWriter:
        """Write `message`, `after` seconds later than the last one."""
        self.now += after
        self.lines.append(format_line(resource or self.resource, self.host, message, self.now))
        return self

    def told(self, *story: str | float) -> RasWriter:
        """Messages, and between them the seconds that pass."""
        after = 0.0
        for each in story:
            if isinstance(each, str):
                self.say(each, after)
                after = 0.0
            else:
                after = each
        self.now += after
        return self

    # Scripts whose parts take as long as they are told.

    def restore(self, seconds: float) -> RasWriter:
        return self.told(
            "Restore start.", "Starting.", "/start", seconds, "Start completed.",
            "Restore completed.", 60,
        )  # fmt: skip

    def remove(self, seconds: float) -> RasWriter:
        return self.told(
            "Remove start.", "Stopping.", "/stop", seconds, "Stop completed.",
            "Remove completed.", 60,
        )  # fmt: skip

    def forced_remove(self, stop: float, force: float) -> RasWriter:
        return self.told(
            "Remove start.", "Stopping.", stop, "Force stopping.", force, "Stop completed.",
            "Remove completed.", 60,
        )  # fmt: skip

    def check(self, seconds: float = 0, end: str = "QuickCheck completed.") -> RasWriter:
        return self.told("QuickCheck start.", seconds, end, 60)

    def recover(self, confirm: float, stop: float, wait: float, start: float) -> RasWriter:
        return self.told(
            "Recover start.", "Status checking.", confirm,
            "Status check completed. STOPPED", "Stopping.", stop, "Force stopping.",
            "Stop completed.", wait, "Starting.", start, "Start completed.",
            "Recover completed.", 60,
        )  # fmt: skip

    # Files.

    def write(self, path: Path) -> None:
        """Put the lines into `path`, compressed where its name says so, and begin anew."""
        path.parent.mkdir(parents=True, exist_ok=True)
        data = b"".join(self.lines)
        path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
        self.lines = []


# Reading.


def runs_of(written: Iterable[bytes]) -> list[Run]:
    """What the reader makes of lines as they were written."""
    pairing = Pairing()
    lines = b"".join(written).split(b"\n")
    return [*pairing.feed(lines), *pairing.close()]


def scripts_of(lines: Iterable[RasLine], resource: str) -> list[ScriptTaken]:
    """The scripts of one resource whose start and end are among the lines, in their order."""
    scripts, clock = Scripts(), Clock()
    for line in lines:
        if line.resource == resource:
            at = clock.of(line.at)
            if at is not None:
                scripts.hear(line.message, at)
    return [each for each in scripts.ended if isinstance(each, ScriptTaken) and each.is_paired]


def read_lines(path: Path) -> tuple[list[RasLine], list[str]]:
    """The lines of the log at `path` with its rotated parts, and what is told to be wrong."""
    reader = Reader([Source(str(path))])
    lines = list(reader.lines())
    return lines, [text for damage in reader.damage for text in damage.told()]
