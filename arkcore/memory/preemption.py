"""Which action of ours has asked the one at work to yield."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arkcore.memory.files import StateFile


class Preemption:
    """The last action of a resource that was asked to yield to another one."""

    __slots__ = ("_file",)

    def __init__(self, file: StateFile) -> None:
        self._file = file

    def note(self, pid: int, by: str) -> None:
        """Note that the process `pid` is asked to yield to the action `by`."""
        self._file.write({"pid": pid, "by": by})

    def by(self) -> str:
        """The action that asked this process to yield; "" where none did."""
        value = self._file.read()
        return str(value.get("by", "")) if value.get("pid") == os.getpid() else ""
