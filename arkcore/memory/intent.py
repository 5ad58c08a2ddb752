"""What the cluster manager wants of a resource: one file of a fixed size, written in place.

A full disk must not lose a remove's word, for a recover that follows would start what was stopped.
Writing over a block that the file has already needs no room (the kernel's file systems for /run do
not move it).
"""

from __future__ import annotations

import os
import stat
import time

from arkcore.base import quickjson, trusted
from arkcore.base.choice import Choice
from arkcore.memory.files import put

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from arkcore.machine.processes import Process
    from arkcore.memory.files import StateFile

#: Bytes; well within one block of any file system.
SIZE = 512


class Wanted(Choice):
    """What the cluster manager wants; NOTHING where no manager has said since boot."""

    UP = "up"
    DOWN = "down"
    NOTHING = ""


class Intent:
    """What the cluster manager last wanted of a resource on this node."""

    __slots__ = ("_file",)

    def __init__(self, file: StateFile) -> None:
        self._file = file

    @property
    def wanted(self) -> Wanted:
        return _wanted(self._read().get("wanted"))

    @property
    def before(self) -> Wanted:
        """What was wanted before the remove that is at work."""
        return _wanted(self._read().get("before"))

    def want(self, wanted: Wanted) -> bool:
        """Note what is wanted; False where it could not be written."""
        if wanted is Wanted.NOTHING:
            return self._write({})
        return self._write({"wanted": wanted.value, "since": time.time()})

    def withdraw_up(self, before: Wanted) -> None:
        """Take back the word of a restore that could not begin: `before` is wanted again.

        Nothing is changed where another call has said something since.
        """
        if self.wanted is Wanted.UP:
            self.want(before)

    def want_down(self, by: Process) -> bool:
        """Note that a remove, whose guard is `by`, wants it down, and what was wanted before.

        False where it could not be written.
        """
        now = self._read()
        before = _wanted(now.get("before" if "by" in now else "wanted"))
        down = {"wanted": Wanted.DOWN.value, "since": time.time(), "before": before.value}
        return self._write({**down, "by": [by.pid, by.start]})

    def settle_remove(self, by: Process, *, well: bool) -> None:
        """Note that the remove of `by` is over: its word stands, or the word before it does again.

        Nothing is changed where another call has said something since.
        """
        value = self._read()
        if value.get("by") == [by.pid, by.start]:
            self.want(Wanted.DOWN if well else _wanted(value.get("before")))

    def forget_dead_remove(self, still_lives: Callable[[int, int], bool]) -> None:
        """Put back what was wanted before a remove whose guard was killed on its way."""
        value = self._read()
        try:
            pid, start = value["by"]
            if not still_lives(int(pid), int(start)):
                self.want(_wanted(value.get("before")))
        except (KeyError, TypeError, ValueError, OverflowError):
            pass

    def _read(self) -> dict[str, Any]:
        # Read again where it reads as nothing: it is written in place, and may be half written.
        return self._file.read() or self._file.read()

    def _write(self, value: dict[str, Any]) -> bool:
        path, data = self._file.path, _padded(value)
        if self._file.read_only or _overwritten(path, data):
            return True
        return (not value and not os.path.lexists(path)) or put(path, data)


def _wanted(value: object) -> Wanted:
    for wanted in (Wanted.UP, Wanted.DOWN):
        if value == wanted.value:
            return wanted
    return Wanted.NOTHING


def _padded(value: dict[str, Any]) -> bytes:
    """`value` as JSON, filled up with blanks, which mean nothing in JSON."""
    return quickjson.dumps(value).encode().ljust(SIZE)


def _overwritten(path: str, data: bytes) -> bool:
    """Write `data` over what is in `path`; False where that cannot be, and nothing is changed."""
    flags = os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags)
    except OSError:
        return False
    try:
        status = os.fstat(descriptor)
        ours = stat.S_ISREG(status.st_mode) and status.st_uid in trusted.ours()
        if not ours or not status.st_size or len(data) != SIZE:
            return False
        if status.st_mode & 0o077:
            os.fchmod(descriptor, 0o600)
        if os.pwrite(descriptor, data, 0) != SIZE:
            return False
        if status.st_size > SIZE:
            os.ftruncate(descriptor, SIZE)
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)
