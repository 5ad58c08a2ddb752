"""Writes lines to the RAS log: opened for each line, so that logrotate may move it at any time."""

from __future__ import annotations

import os
import stat
import time

from arkcore.base.paths import ensure_directory
from arkcore.base.stderr import complain
from arkcore.machine.readers import let_read


class RasSink:
    """Appends to one file. Never raises: a log that cannot be written must not stop an action."""

    def __init__(self, path: str, name: str = "the RAS log", group: str = "") -> None:
        self.path = path
        #: Whose members may read it.
        self._group = group
        self._name = name
        self._complained = ""

    def write(self, line: bytes) -> None:
        """Append `line`, which ends in a newline, with one write."""
        try:
            descriptor = self._open()
            try:
                if not _ends_in_newline(descriptor):
                    line = b"\n" + line
                written = os.write(descriptor, line)
            finally:
                os.close(descriptor)
            if written != len(line):
                self._complain("the disk is full")
        except OSError as error:
            self._complain(error.strerror or str(error))

    def _open(self) -> int:
        # O_NONBLOCK: a FIFO put in the log's place must not hold us up.
        flags = (
            os.O_RDWR
            | os.O_APPEND
            | os.O_CREAT
            | os.O_NOFOLLOW
            | os.O_CLOEXEC
            | os.O_NONBLOCK
            | os.O_NOCTTY
        )
        try:
            descriptor = os.open(self.path, flags, 0o640)
        except FileNotFoundError:
            ensure_directory(os.path.dirname(self.path))
            descriptor = os.open(self.path, flags, 0o640)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise OSError(0, "not a regular file")
        let_read(descriptor, self._group)
        return descriptor

    def _complain(self, why: str) -> None:
        if why != self._complained:
            self._complained = why
            complain(f"cannot write {self._name} {self.path}: {why}")


def _ends_in_newline(descriptor: int) -> bool:
    for _ in range(5):
        size = os.fstat(descriptor).st_size
        if size == 0 or os.pread(descriptor, 1, size - 1) == b"\n":
            return True
        # Another's line may be half written just now: the kernel shows it page by page.
        time.sleep(0.001)
    return False
