"""One action at a time on one resource; and one user at a time of what a whole node shares.

The lock is a flock on a file that is never unlinked. Its text tells who holds it. No process of a
product ever inherits it: descriptors are closed when a command is spawned.
"""

from __future__ import annotations

import fcntl
import os
import time

from arkcore import processes
from arkcore import quickjson as json
from arkcore.paths import ensure_directory

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from arkcore.deadline import Deadline
    from arkcore.processes import Process


class Holder:
    """Who holds a resource's lock: the action at work, its guard, and since when (boot time)."""

    __slots__ = ("action", "process", "since")

    def __init__(self, action: str, process: Process, since: float) -> None:
        self.action = action
        self.process = process
        self.since = since


class ResourceLock:
    """The lock of one resource."""

    def __init__(self, directory: str) -> None:
        self._path = f"{directory}/lock"
        self._descriptor = -1

    def try_take(self, action: str, since: float) -> bool:
        """Take it if it is free, and write into it who has it. `OSError` where there is no file."""
        if self._descriptor < 0:
            self._descriptor = _open(self._path)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        me = processes.look(os.getpid())
        text = json.dumps([action, os.getpid(), me.start if me else 0, since]).encode()
        try:
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, text, 0)
        except OSError:
            pass  # a full disk: the lock itself holds all the same
        return True

    def holder(self) -> Holder | None:
        """Who holds it; None where the text tells of nobody alive."""
        return _holder(self._descriptor)

    def release(self) -> None:
        self.leave_to_parent()

    def leave_to_parent(self) -> None:
        """Close this process's copy. In a forked child: the parent goes on holding the lock."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def holder_of(directory: str) -> Holder | None:
    """Who holds the lock of the resource whose state lies in `directory`; the lock is left alone.

    None where nobody alive does.
    """
    try:
        descriptor = os.open(f"{directory}/lock", os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return _holder(descriptor)
    finally:
        os.close(descriptor)


def _holder(descriptor: int) -> Holder | None:
    try:
        action, pid, start, since = json.loads(os.pread(descriptor, 4096, 0))
        process = processes.look(int(pid))
        if process is None or process.start != int(start):
            return None
        return Holder(str(action), process, float(since))
    except (OSError, ValueError, TypeError, OverflowError, RecursionError):
        return None


class NodeLock:
    """A lock for what must not run twice at once on a node, across resources."""

    def __init__(
        self,
        path: str,
        deadline: Deadline,
        on_wait: Callable[[], None],
        on_taken: Callable[[], None],
        longest: float = 30.0,
    ) -> None:
        self._path = path
        self._deadline = deadline
        self._on_wait = on_wait
        self._on_taken = on_taken
        self._longest = longest
        self._descriptor = -1

    def __enter__(self) -> bool:
        """Wait for the lock; False where the deadline came first, or there can be no lock file."""
        try:
            self._descriptor = _open(self._path)
        except OSError:
            return False
        waiting = False
        while True:
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if not waiting:
                    waiting = True
                    self._on_wait()
                if self._deadline.passed:
                    if self._held_too_long():
                        self._on_taken()
                    return False
                time.sleep(min(0.02, self._deadline.remaining()))
                continue
            if waiting:
                self._on_taken()
            self._say_since_when()
            return True

    def _say_since_when(self) -> None:
        try:
            os.pwrite(self._descriptor, f"{_boottime():<20.3f}".encode(), 0)
        except OSError:
            pass

    def _held_too_long(self) -> bool:
        """Whether its holder has it for longer than any command may take: it will not come back.

        Waiting then counts as asking, so that a lock that is never released silences no check for
        ever.
        """
        try:
            since = float(os.pread(self._descriptor, 20, 0))
        except (OSError, ValueError):
            return False
        return not 0 <= _boottime() - since <= self._longest

    def __exit__(self, *_: object) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _boottime() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _open(path: str) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        return os.open(path, flags, 0o644)
    except FileNotFoundError:
        ensure_directory(os.path.dirname(path))
        return os.open(path, flags, 0o644)
