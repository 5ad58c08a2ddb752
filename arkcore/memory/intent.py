"""The file of what the cluster manager wants: of a fixed size, and written in place.

A full disk must not lose a remove's word, for a recover that follows would start what was stopped.
Writing over a block that the file has already needs no room (the kernel's file systems for /run do
not move it).
"""

from __future__ import annotations

import os
import stat

from arkcore.base import quickjson, trusted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: Bytes; well within one block of any file system.
SIZE = 512


def padded(value: dict[str, Any]) -> bytes:
    """`value` as JSON, filled up with blanks, which mean nothing in JSON."""
    return quickjson.dumps(value).encode().ljust(SIZE)


def overwritten(path: str, data: bytes) -> bool:
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
