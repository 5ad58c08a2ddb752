"""The file that holds a command's output: of bounded size, and never a pipe.

A daemon that keeps its starter's stdout open would hold up whoever reads a pipe to its end, for as
long as the daemon lives.
"""

from __future__ import annotations

import os
import stat

from arkcore.base.paths import ensure_directory

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

#: Output beyond this is cut back to its last `_KEPT` bytes while the command is awaited.
_LARGEST_OUTPUT = 1 << 20
_KEPT = 1 << 16


class Output:
    """A file for a command's output that is cut back whenever it has grown too large."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        # A start's file holds earlier starts' output too, which is not this command's.
        self._began = os.fstat(descriptor).st_size
        #: The last of what was cut back.
        self._before = b""

    @classmethod
    def discarded(cls) -> Self:
        """In memory, gone when closed: disk full or read-only changes nothing."""
        descriptor = os.memfd_create("ark-output", os.MFD_CLOEXEC)
        _append_mode(descriptor)
        return cls(descriptor)

    @classmethod
    def kept(cls, path: str, group: str = "") -> Output:
        """Appended to `path`, for daemons that go on writing there. `OSError` where that fails.

        `group`: whose members may read it.
        """
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
        try:
            descriptor = os.open(path, flags, 0o640)
        except FileNotFoundError:
            ensure_directory(os.path.dirname(path))
            descriptor = os.open(path, flags, 0o640)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise OSError(0, "not a regular file")
        from arkcore.machine.readers import let_read, let_read_in

        let_read(descriptor, group)
        let_read_in(os.path.dirname(path), group)
        return cls(descriptor)

    @property
    def errors(self) -> int:
        """The descriptor of the file for standard error: the same one."""
        return self.descriptor

    def trim(self) -> bool:
        """Cut back what has grown too large; True where it had."""
        try:
            status = os.fstat(self.descriptor)
            size = status.st_size
            if _taken(status) <= _LARGEST_OUTPUT:
                return False
            end = os.pread(self.descriptor, _KEPT, max(0, size - _KEPT))
            for _ in range(8):  # the last words of all must not be cut off: they may come just now
                grown = os.fstat(self.descriptor).st_size
                if grown <= size:
                    break
                more = min(grown - size, _KEPT)
                end = (end + os.pread(self.descriptor, more, grown - more))[-_KEPT:]
                size = grown
            os.ftruncate(self.descriptor, 0)
            self._began = 0
            # Kept here and not written back: newer words may stand in the file already.
            self._before = (self._before + end)[-_KEPT:]
        except OSError:
            return False
        return True

    def end(self) -> bytes:
        """The last of what this command wrote."""
        try:
            size = os.fstat(self.descriptor).st_size
            wanted = min(_KEPT, size - min(self._began, size))
            written = os.pread(self.descriptor, wanted, size - wanted) if wanted else b""
        except OSError:
            written = b""
        return (self._before + written)[-_KEPT:]

    def close(self) -> None:
        os.close(self.descriptor)


def trim_kept(path: str) -> None:
    """Cut back what daemons of an earlier start have written to `path`, where it is too large.

    The last of it stays.
    """
    try:
        if _taken(os.stat(path, follow_symlinks=False)) <= _LARGEST_OUTPUT:
            return
        output = Output.kept(path)
    except OSError:
        return
    try:
        if output.trim():
            os.write(output.descriptor, output._before)
    except OSError:
        pass  # a full disk: there is room again by now
    finally:
        output.close()


def _taken(status: os.stat_result) -> int:
    """Bytes of a file, or of the disk that it takes: a command can reserve what it never fills."""
    return max(status.st_size, status.st_blocks * 512)


def _append_mode(descriptor: int) -> None:
    import fcntl

    flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
    fcntl.fcntl(descriptor, fcntl.F_SETFL, flags | os.O_APPEND)
