"""The RAS log with the parts of it that logrotate has put aside, oldest first."""

from __future__ import annotations

import time
from collections import deque

from arkcore.ras.reader import parse_line
from arkcore.ras.rotated import beside, open_part

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from arkcore.ras.reader import RasLine

#: No line of ours is longer; a longer one came from somewhere else, and is read in pieces.
_LONGEST = 65536
#: Bytes that are read of one part, unpacked. logrotate puts a part of ours aside at 10 MB.
_LARGEST = 1 << 30


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
    found = []
    moment = Moment()
    for part in beside(path)[0]:
        first = next(_lines(part, _nothing), None)
        at = moment.of(first) if first else None
        # Without a line that tells, the log itself comes last.
        found.append((float("inf") if at is None else at, part == path, part))
    return [part for *_, part in sorted(found)]


def lines(path: str, complain: Callable[[str], None]) -> Iterator[RasLine]:
    """Every line of the log and of its rotated parts, oldest first.

    `complain` is told, in one line each, of a part that cannot be read to its end, of lines in it
    that are none of the RAS log, and of files beside it that are not read.
    """
    for part in files(path):
        yield from _lines(part, complain)
    for other in beside(path)[1]:
        complain(f"{other}: is not read: no name that logrotate gives to a part of {path}")


def last(path: str, number: int, resource: str, complain: Callable[[str], None]) -> list[RasLine]:
    """The last `number` lines, of one resource where it is named; oldest first.

    A rotated part is read only where the newer ones do not hold enough. `complain`: as for `lines`.
    """
    kept: list[RasLine] = []
    for part in reversed(files(path)):
        wanted = number - len(kept)
        if not wanted:
            break
        those = (each for each in _lines(part, complain) if resource in ("", each.resource))
        kept = [*deque(those, wanted), *kept]
    return kept


def _lines(part: str, complain: Callable[[str], None]) -> Iterator[RasLine]:
    strange = size = 0
    try:
        with open_part(part) as file:
            while data := file.readline(_LONGEST):
                size += len(data)
                line = parse_line(data.decode("utf-8", "backslashreplace"))
                if line is not None:
                    yield line
                elif data.strip():
                    strange += 1
                if size > _LARGEST:
                    complain(f"{part}: is larger than {_LARGEST} bytes; the rest is not read")
                    break
    except Exception as error:  # whatever unpacking raises where the file is damaged
        complain(f"{part}: cannot be read to its end: {error}")
    if strange:
        complain(f"{part}: {strange} lines are no lines of the RAS log, and are left out")


def _nothing(_: str) -> None:
    """Whoever looks at the first line alone tells nobody of the rest."""
