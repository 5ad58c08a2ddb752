"""The one reader of RAS logs: runs and lines of one node's log or of several, in flat memory.

reader = Reader([Source("/var/log/ark/ras.log")])
for run in reader.runs():
    ...
for damage in reader.damage:
    print(*damage.told(), sep="\\n")
"""

from __future__ import annotations

from collections import deque

from arkcore.ras.clock import Clock
from arkcore.ras.line import parse_line
from arkcore.ras.pairing import Pairing
from arkcore.ras.records import ScriptTaken

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from arkcore.ras.line import RasLine
    from arkcore.ras.records import Run
    from arkcore.ras.source import Damage, Part, Source

#: Bytes that are read at first from the end of a log, and how much more each time that they hold
#: too little.
_TAIL, _MORE = 1 << 17, 8
#: Bytes from its end that are read of a log, where not all that is wanted was found in them.
ENOUGH = 1 << 24


def _no_limits(_: str) -> Mapping[str, float]:
    return {}


class Reader:
    """Reads logs. `limits`: the timers of a resource, in seconds by name.

    `only`: the one resource that is told of. `keeps`: whether scripts keep their lines, commands
    and remarks.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        *,
        limits: Callable[[str], Mapping[str, float]] = _no_limits,
        only: str = "",
        keeps: bool = True,
    ) -> None:
        self.sources = sources
        self.limits = limits
        self._only = only
        self._keeps = keeps
        #: Whether the last reading began somewhere within a log.
        self.is_cut = False

    @property
    def damage(self) -> list[Damage]:
        """What was wrong with the files that were read."""
        return [each for source in self.sources for each in source.damage]

    # Runs.

    def runs(self, since: float = 0.0, until: float = float("inf")) -> Iterator[Run]:
        """Every run that ends at `since` or later and begins before `until`.

        In the order of their ends on one node; one node after the other.
        """
        for source in self.sources:
            parts = source.parts()
            for run in self._paired(source, *self._beginning(source, parts, since), until):
                if run.ends >= since and run.began < until:
                    yield run

    def last_runs(
        self,
        number: int,
        wanted: Callable[[Run], bool] = lambda _: True,
        *,
        enough: int = ENOUGH,
    ) -> list[Run]:
        """The last `number` runs that are `wanted`, oldest first; read from the ends of the logs.

        Not more than about `enough` bytes of each log are read; `is_cut` then tells.
        """
        found: list[Run] = []
        self.is_cut = False
        for source in self.sources:
            found += self._last_of(source, number, wanted, enough)
        return sorted(found, key=lambda run: run.began)[-number:]

    def _last_of(
        self, source: Source, number: int, wanted: Callable[[Run], bool], enough: int
    ) -> list[Run]:
        parts = source.parts()
        tail = _TAIL
        while True:
            first, offset, read = _tail_of(parts, tail)
            is_cut = first > 0 or offset > 0
            found: deque[Run] = deque(maxlen=number)
            seen = 0
            for run in self._paired(source, parts[first:], offset):
                # Of what was cut off, the end alone tells nothing.
                is_whole = not isinstance(run, ScriptTaken) or run.started
                if wanted(run) and (is_whole or not is_cut):
                    found.append(run)
                    seen += 1
            if seen >= number or not is_cut:
                return list(found)
            if read >= enough:
                self.is_cut = True
                return list(found)
            tail *= _MORE

    def _beginning(
        self, source: Source, parts: Sequence[Part], since: float
    ) -> tuple[Sequence[Part], int]:
        """The parts that may hold something of `since` or later, and where to begin in the first.

        A script that was begun a day before is still whole.
        """
        if not since:
            return parts, 0
        while len(parts) > 1 and parts[1].order < since - _DAY:
            parts = parts[1:]
        if not parts or not parts[0].is_plain:
            return parts, 0
        return parts, source.offset_of(parts[0], since)

    def _paired(
        self, source: Source, parts: Sequence[Part], offset: int, until: float = float("inf")
    ) -> Iterator[Run]:
        pairing = Pairing(source.node, limits=self.limits, keeps=self._keeps, only=self._only)
        for part in parts:
            pairing.foreign = source.damage_of(part.path).note
            for lines in source.blocks(part, offset):
                yield from pairing.feed(lines)
                if pairing.last > until + _DAY:
                    break
            offset = 0
        yield from pairing.close()

    # Lines.

    def lines(self) -> Iterator[RasLine]:
        """Every line, oldest first; one node after the other. A line knows its node and moment."""
        for source in self.sources:
            yield from self._lines(source, source.parts(), 0)

    def last_lines(self, number: int) -> list[RasLine]:
        """The last `number` lines, oldest first; read from the ends of the logs."""
        found: list[RasLine] = []
        for source in self.sources:
            parts, tail = source.parts(), _TAIL
            while True:
                first, offset, _ = _tail_of(parts, tail)
                last = deque(self._lines(source, parts[first:], offset), number)
                if len(last) == number or not (first or offset):
                    found += last
                    break
                tail *= _MORE
        if len(self.sources) > 1:
            found.sort(key=lambda line: line.moment)
        return found[-number:]

    def _lines(self, source: Source, parts: Sequence[Part], offset: int) -> Iterator[RasLine]:
        clock = Clock()
        for part in parts:
            damage = source.damage_of(part.path)
            for block in source.blocks(part, offset):
                for data in block:
                    line = parse_line(data.decode("utf-8", "backslashreplace"))
                    at = clock.of(line.at) if line is not None else None
                    if line is None or at is None:
                        if data.strip():
                            damage.note(data)
                    elif self._only in ("", line.resource):
                        line.node, line.moment = source.node, at
                        yield line
            offset = 0


#: Seconds. No script takes longer.
_DAY = 86400.0


def _tail_of(parts: Sequence[Part], tail: int) -> tuple[int, int, int]:
    """The first part of the last `tail` bytes, where in it they begin, and how much that is.

    A packed part is read whole, and counts as much as `tail`.
    """
    read = 0
    for position in range(len(parts) - 1, -1, -1):
        part = parts[position]
        if not part.is_plain:
            read += tail
        elif read + part.size > tail:
            return position, part.size - (tail - read), tail
        else:
            read += part.size
        if read >= tail:
            return position, 0, read
    return 0, 0, read
