"""Hears the RAS log while it is written: a line's moment is so known better than its second."""

from __future__ import annotations

import time
from dataclasses import dataclass

from arkcore.ras.clock import Clock
from arkcore.ras.follow import Follower
from arkcore.ras.line import RasLine, parse_line
from arkcore.ras.records import ScriptTaken
from arkcore.ras.scripts import Scripts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


@dataclass(frozen=True)
class Heard:
    """A line, and when it was written, in seconds since the epoch."""

    at: float
    line: RasLine


class Hearing:
    """The lines of some resources from now on; to be asked often, for it tells when by listening.

    `path`: the RAS log, which may not be there yet, and may be rotated meanwhile.
    """

    def __init__(self, path: str, resources: Collection[str]) -> None:
        self._log = Follower(path)
        self._resources = frozenset(resources)
        self._clock = Clock()
        self._scripts: dict[str, Scripts] = {}
        self.heard: list[Heard] = []

    def close(self) -> None:
        self._log.close()

    def listen(self) -> Sequence[Heard]:
        """What has been written since the last time."""
        before = len(self.heard)
        # Before it is read: what is written meanwhile was not there then.
        now = time.time()
        for text in self._log.lines():
            self._hear(parse_line(text.decode("utf-8", "backslashreplace")), now)
        return self.heard[before:]

    def scripts(self, resource: str) -> Sequence[ScriptTaken]:
        """The scripts of one of the resources that have come to their end."""
        found = self._scripts.get(resource)
        ended = found.ended if found else ()
        return [each for each in ended if isinstance(each, ScriptTaken) and each.is_paired]

    def _hear(self, line: RasLine | None, now: float) -> None:
        if line is None or line.resource not in self._resources:
            return
        second = self._clock.of(line.at)
        if second is None:
            return
        # Written within its second, and not after it was read.
        at = min(max(now, second), second + 0.999)
        self.heard.append(Heard(at, line))
        self._scripts.setdefault(line.resource, Scripts()).hear(line.message, at)


def telling(line: RasLine) -> bool:
    """Whether it says anything: a check that finds all well does not."""
    return line.message not in ("QuickCheck start.", "QuickCheck completed.")
