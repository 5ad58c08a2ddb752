"""A word on stderr or to the journal, where the caller may have closed it, or nobody reads it.

Neither ever raises or waits: a word that cannot be said must not stop an action.
"""

from __future__ import annotations

import os
import select
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

#: What a pipe takes at once or not at all.
_MOST = 4096

_LOCAL6 = 22 << 3
_PRIORITIES = {"debug": 7, "info": 6, "warning": 4, "error": 3}


_elsewhere: Callable[[str], None] | None = None


def complain(text: str) -> None:
    """Say `text` on stderr, as ours."""
    if _elsewhere is not None:
        _elsewhere(text)
    else:
        write(f"ark: {text}\n")


def complain_to(listener: Callable[[str], None]) -> None:
    """Have what this process complains of told to `listener`: a worker's stderr is not its own."""
    global _elsewhere
    _elsewhere = listener


def write(line: str) -> None:
    """Write a line on stderr, or drop it where it could not be written at once."""
    stream = sys.stderr
    if stream is None:  # closed when this process began
        return
    try:
        descriptor = stream.fileno()
    except (OSError, ValueError, AttributeError):
        descriptor = -1  # a test's or a display's own
    try:
        if descriptor < 0:
            stream.write(line)
            return
        stream.flush()
        poll = select.poll()
        poll.register(descriptor, select.POLLOUT)
        if poll.poll(0):
            os.write(descriptor, line.encode("utf-8", "backslashreplace")[:_MOST])
    except (OSError, ValueError):
        pass


def tell_journal(level: str, text: str) -> None:
    """Send `text` to the system's log, as local6, LifeKeeper's own facility."""
    try:
        import socket

        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
            log.setblocking(False)  # a journal that has stopped must not stop us
            priority = _LOCAL6 | _PRIORITIES.get(level, 6)
            log.connect("/dev/log")
            log.send(f"<{priority}>ark[{os.getpid()}]: {text}".encode("utf-8", "backslashreplace"))
    except (ImportError, OSError):
        pass
