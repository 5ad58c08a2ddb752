"""Follows a log as it is written, also when logrotate puts a new file in its place."""

from __future__ import annotations

import os

#: No line of ours is longer; a longer one is given in pieces.
_LONGEST = 65536


class Follower:
    """What is written to the log at `path` from now on. The log may not be there yet.

    `before`: so many bytes that stand in it already come first.
    """

    def __init__(self, path: str, before: int = 0) -> None:
        self._path = path
        self._descriptor = -1
        self._rest = b""
        self._is_within_line = False
        if self._open():
            end = os.lseek(self._descriptor, 0, os.SEEK_END)
            if before:
                os.lseek(self._descriptor, max(0, end - before), os.SEEK_SET)
            self._is_within_line = end > before > 0

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def lines(self) -> list[bytes]:
        """The lines that were written since the last call, without their ends; never waits."""
        found: list[bytes] = []
        if self._descriptor < 0:
            self._open()
        if self._descriptor >= 0:
            self._read(found)
            if self._was_rotated():
                self._read(found)  # what was written until then
                self.close()
                if self._open():
                    self._read(found)
        return found

    def _open(self) -> bool:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
        try:
            self._descriptor = os.open(self._path, flags)
        except OSError:
            return False
        self._rest = b""
        return True

    def _was_rotated(self) -> bool:
        try:
            return not os.path.samestat(os.stat(self._path), os.fstat(self._descriptor))
        except OSError:
            return False  # put aside, and nothing written since

    def _read(self, found: list[bytes]) -> None:
        while data := os.read(self._descriptor, 1 << 16):
            *lines, self._rest = (self._rest + data).split(b"\n")
            if self._is_within_line and lines:
                del lines[0]
                self._is_within_line = False
            found += [line.rstrip(b"\r") for line in lines]
            if len(self._rest) > _LONGEST:
                found.append(self._rest)
                self._rest = b""
