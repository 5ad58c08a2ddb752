"""Pairs the lines of one node's log: what begins with what ends. Memory does not grow with the log.

Most lines are those of quickChecks that go well. They are paired here, on bytes; every other line
is taken by :mod:`arkcore.ras.scripts`.
"""

from __future__ import annotations

import re
from itertools import chain

from arkcore.base.call import Action
from arkcore.ras.clock import Clock
from arkcore.ras.records import Checks, ScriptTaken
from arkcore.ras.scripts import LONGEST, Scripts
from arkcore.ras.timing import give_timers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from arkcore.ras.records import Run

_SEPARATOR = b" : "
_SECONDS = {b"%02d]" % number: float(number) for number in range(61)}
_STAMP = re.compile(rb"\[\d{4}/\d\d/\d\d \d\d:\d\d:\d\d\]")
_CHECK = Action.QUICK_CHECK.script
_BEGINS, _WELL = f"{_CHECK} start.".encode(), f"{_CHECK} completed.".encode()
#: What makes the last line of a check of its first: so much is cut off, and this put on.
_CUT, _ENDS = -len("start."), b"completed."
#: Checks that take longer than this part of their timer are told one by one.
_LONG = 0.5
#: Seconds. A check that takes less is never told by itself, for no timer is so short.
_SHORT = 1.5
#: A row of checks ends where so many seconds pass without one.
_GAP = 3600.0
#: So many resources at once; beyond it, those that have nothing open are let go.
_RESOURCES = 4096


class _Story:
    """One resource: its scripts, and the row of checks that goes on."""

    __slots__ = ("begun", "host", "line", "long", "row", "scripts", "tail")

    def __init__(self, host: bytes, scripts: Scripts, long: float) -> None:
        self.host = host
        self.scripts = scripts
        #: When the check began that is not over; None where none is, or more was told of it.
        self.begun: float | None = None
        #: The line with which it began.
        self.line = b""
        self.row: Checks | None = None
        #: The first line of a check, without its time.
        self.tail = b""
        #: Seconds from which on a check is told by itself.
        self.long = long


class Pairing:
    """Makes runs of the lines of one node's log.

    `limits`: the timers of a resource, in seconds by name. `foreign` is told of each line that is
    none of the RAS log. `keeps`: whether a script keeps its lines, commands and remarks. `only`:
    the one resource that is told of.
    """

    def __init__(
        self,
        node: str = "",
        *,
        limits: Callable[[str], Mapping[str, float]] = lambda _: {},
        foreign: Callable[[bytes], None] = lambda _: None,
        keeps: bool = True,
        only: str = "",
    ) -> None:
        self._node = node
        self._limits = limits
        #: To be set anew for each file.
        self.foreign = foreign
        self._keeps = keeps
        self._only = only.encode()
        self._clock = Clock()
        self._stories: dict[bytes, _Story] = {}
        #: The rows that the next check goes on, by the first line of such a check without its time.
        #: None is here of a resource of which a script is open.
        self._idle: dict[bytes, Checks] = {}
        #: The minute of the last line, as it stands in it, and that minute's moment.
        self._minute, self._epoch = b"", 0.0

    @property
    def last(self) -> float:
        """The time of the last line."""
        return self._clock.last

    def feed(self, lines: Sequence[bytes]) -> Iterator[Run]:
        """The runs that `lines` complete. A line's newline is no part of it."""
        clock, idle, seconds = self._clock, self._idle, _SECONDS
        was_told = False
        if len(self._stories) > _RESOURCES:
            yield from self._let_go()
        if not lines:
            return
        for data, after in zip(lines, chain(lines[1:], (b"",)), strict=True):
            if was_told:
                was_told = False
                continue
            # Most lines are those of a check, one after the other, within one minute.
            tail = data[21:]
            row = idle.get(tail)
            if row is not None and data[:18] == self._minute == after[:18]:
                if after[21:] == tail[:_CUT] + _ENDS:
                    began = seconds.get(data[18:21], -_GAP)
                    second = seconds.get(after[18:21], -_GAP)
                    at = self._epoch + second
                    if 0 <= second - began < _SHORT and 0 <= at - row.ends < _GAP:
                        row.ends = clock.last = at
                        row.times[second - began] = row.times.get(second - began, 0) + 1
                        was_told = True
                        continue
            fields = data.split(_SEPARATOR, 3)
            if len(fields) == 4 and self._only in (b"", fields[1]):
                yield from self._take(fields, data)
            elif len(fields) != 4 and data.strip():
                self.foreign(data)

    def _take(self, fields: Sequence[bytes], data: bytes) -> Iterable[Run]:
        """The runs that a line completes."""
        stamp, resource, host, message = fields
        at = self._time_of(stamp)
        if at is None:
            self.foreign(data)
            return ()
        story = self._stories.get(resource)
        if story is None:
            story = self._new(resource, host)
        if message == _BEGINS and story.begun is None and story.scripts.is_idle:
            story.begun, story.line = at, data
            self._idle.pop(data[21:], None)
            return ()
        begun = story.begun
        if message == _WELL and begun is not None and 0 <= at - begun < story.long:
            story.begun = None
            row, story.row = story.row, self._row(story, begun, at)
            story.tail = story.line[21:]
            self._idle[story.tail] = story.row
            return () if row is None or story.row is row else (row,)
        return self._hear(story, host, message, at, data)

    def _row(self, story: _Story, begun: float, at: float) -> Checks:
        """The row of checks, with the one that is over now; a new one where it does not go on."""
        row, took = story.row, at - begun
        if row is None or at - row.ends >= _GAP:
            scripts = story.scripts
            return Checks(self._node, scripts.resource, scripts.logical_host, begun, at, {took: 1})
        row.ends = at
        row.times[took] = row.times.get(took, 0) + 1
        return row

    def close(self) -> Iterator[Run]:
        """The log is over: the rows that went on, and the scripts without an end."""
        for story in self._stories.values():
            if story.row is not None:
                yield story.row
            self._open_check(story)
            story.scripts.close(self.last)
            yield from self._ended(story)
        self._stories.clear()

    def open_scripts(self) -> list[ScriptTaken]:
        """The scripts that are at work now, as far as the log tells."""
        found = []
        for story in self._stories.values():
            self._open_check(story)
            script = story.scripts.look()
            if script is not None:
                found.append(script)
        return found

    def _time_of(self, stamp: bytes) -> float | None:
        if stamp[:18] == self._minute and (second := _SECONDS.get(stamp[18:])) is not None:
            self._clock.last = self._epoch + second
            return self._clock.last
        if not _STAMP.fullmatch(stamp):
            return None
        at = self._clock.of(stamp[1:20].decode())
        if at is not None:
            # Within the hour that comes twice, each line is asked for.
            self._minute = stamp[:18] if self._clock.minute else b""
            self._epoch = at - int(stamp[18:20])
        return at

    def _new(self, resource: bytes, host: bytes) -> _Story:
        name, logical_host = _text(resource), _text(host)
        limit = self._limits(name).get("lifekeeper.quickcheck_run", 0.0)
        scripts = Scripts(self._node, name, logical_host, keeps=self._keeps)
        story = _Story(host, scripts, limit * _LONG or LONGEST)
        self._stories[resource] = story
        return story

    def _let_go(self) -> Iterator[Run]:
        self._idle.clear()
        for key, each in list(self._stories.items()):
            if each.begun is None and each.scripts.is_idle:
                del self._stories[key]
                if each.row is not None:
                    yield each.row

    def _hear(
        self, story: _Story, host: bytes, message: bytes, at: float, data: bytes
    ) -> Iterable[Run]:
        self._open_check(story)
        if host != story.host:
            story.host, story.scripts.logical_host = host, _text(host)
        story.scripts.hear(_text(message), at, self._kept(data))
        self._idle.pop(story.tail, None)
        if not story.scripts.ended:
            return ()
        row, story.row = story.row, None
        return [*([row] if row is not None else []), *self._ended(story)]

    def _open_check(self, story: _Story) -> None:
        """A check was begun of which more is told than that it went well."""
        if story.begun is not None:
            begun, story.begun = story.begun, None
            story.scripts.hear(_BEGINS.decode(), begun, self._kept(story.line))

    def _kept(self, line: bytes) -> str:
        return _text(line) if self._keeps else ""

    def _ended(self, story: _Story) -> Sequence[Run]:
        ended, story.scripts.ended = story.scripts.ended, []
        for each in ended:
            if isinstance(each, ScriptTaken):
                give_timers(each, self._limits(each.resource))
        return ended


def _text(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")
