"""The RAS log with the parts of it that logrotate has put aside, oldest first."""

from __future__ import annotations

import gzip
import os
import re
import time
import zlib

from arkcore.ras.reader import parse_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from arkcore.ras.reader import RasLine

#: `ras.log`, `ras.log.1`, `ras.log.2.gz`, and with logrotate's dateext `ras.log-20261101.gz`.
_ROTATED = r"(?:[.-]\d{1,10})?(?:\.gz)?"
#: No line of ours is longer; what is came from somewhere else, and is read in pieces.
_LONGEST = 65536


class Moment:
    """Turns a line's local time into seconds since the epoch; remembers the last minute."""

    def __init__(self) -> None:
        self._minute, self._epoch = "", 0.0

    def of(self, line: RasLine) -> float | None:
        """None where the line names no time there can be."""
        minute, seconds = line.at[:16], line.at[17:]
        if minute != self._minute:
            try:
                at = time.strptime(minute, "%Y/%m/%d %H:%M")
                # -1: whether it is summer time then follows from the date.
                self._epoch = time.mktime((*at[:5], 0, 0, 0, -1))
            except (ValueError, OverflowError):
                return None
            self._minute = minute
        return self._epoch + int(seconds) if seconds <= "60" else None


def files(path: str) -> list[str]:
    """The log at `path` and its rotated parts, oldest first, as their first lines tell."""
    directory, name = os.path.split(path)
    pattern = re.compile(re.escape(name) + _ROTATED)
    try:
        names = [each for each in os.listdir(directory) if pattern.fullmatch(each)]
    except OSError:
        return []
    found = []
    moment = Moment()
    for each in names:
        part = os.path.join(directory, each)
        first = next(_lines(part, lambda _: None), None)
        at = moment.of(first) if first else None
        # Without a line that tells, the log itself comes last.
        found.append((float("inf") if at is None else at, each == name, each, part))
    return [part for *_, part in sorted(found)]


def lines(path: str, complain: Callable[[str], None]) -> Iterator[RasLine]:
    """Every line of the log and of its rotated parts, oldest first.

    `complain` is told, in one line, of a part that cannot be read to its end.
    """
    for part in files(path):
        yield from _lines(part, complain)


def _lines(part: str, complain: Callable[[str], None]) -> Iterator[RasLine]:
    try:
        # O_NONBLOCK: a FIFO put in its place must not hold us up.
        descriptor = os.open(part, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
        with open(descriptor, "rb") as packed:
            file = gzip.GzipFile(fileobj=packed) if part.endswith(".gz") else packed
            while data := file.readline(_LONGEST):
                line = parse_line(data.decode("utf-8", "backslashreplace").rstrip("\n"))
                if line is not None:
                    yield line
    except (OSError, EOFError, zlib.error) as error:
        complain(f"{part}: cannot be read to its end: {error}")
