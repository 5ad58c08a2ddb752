"""Hears the RAS log while it is written: a line's moment is so known better than its second."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

from arkcore.ras.durations import Scripts
from arkcore.ras.history import Moment
from arkcore.ras.reader import RasLine, parse_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from arkcore.ras.durations import ScriptTaken


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
        self._path = path
        self._resources = frozenset(resources)
        self._moment = Moment()
        self._descriptor = -1
        self._rest = b""
        self._scripts: dict[str, Scripts] = {}
        self.heard: list[Heard] = []
        if self._open():
            os.lseek(self._descriptor, 0, os.SEEK_END)

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def listen(self) -> Sequence[Heard]:
        """What has been written since the last time."""
        before = len(self.heard)
        if self._descriptor < 0:
            self._open()
        if self._descriptor >= 0:
            self._read()
            if self._was_rotated():
                self._read()  # what was written until then
                self.close()
                if self._open():
                    self._read()
        return self.heard[before:]

    def scripts(self, resource: str) -> Sequence[ScriptTaken]:
        """The scripts of one of the resources that have come to their end."""
        found = self._scripts.get(resource)
        return found.ended if found else ()

    def _open(self) -> bool:
        try:
            self._descriptor = os.open(
                self._path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
            )
        except OSError:
            return False
        return True

    def _was_rotated(self) -> bool:
        try:
            return not os.path.samestat(os.stat(self._path), os.fstat(self._descriptor))
        except OSError:
            return False  # put aside, and nothing written since

    def _read(self) -> None:
        now = time.time()
        while data := os.read(self._descriptor, 65536):
            *lines, self._rest = (self._rest + data).split(b"\n")
            for text in lines:
                self._hear(parse_line(text.decode("utf-8", "backslashreplace")), now)

    def _hear(self, line: RasLine | None, now: float) -> None:
        if line is None or line.resource not in self._resources:
            return
        second = self._moment.of(line)
        if second is None:
            return
        # Written within its second, and not after it was read.
        at = min(max(now, second), second + 0.999)
        self.heard.append(Heard(at, line))
        self._scripts.setdefault(line.resource, Scripts()).hear(line.message, at)


def telling(line: RasLine) -> bool:
    """Whether it says anything: a check that finds all well does not."""
    return line.message not in ("QuickCheck start.", "QuickCheck completed.")
