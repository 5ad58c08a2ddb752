"""One action at a time on one resource; and one user at a time of what a whole node shares.

The lock is a flock on a file that is never unlinked. Its text tells who holds it. No process of a
product ever inherits it: descriptors are closed when a command is spawned.

Whoever can open a file can take a flock on it, so nobody else ever could open ours: each is made
with mode 0600 in a directory of mode 0700. The files of earlier versions could be opened by anybody
and had other names. The present ones therefore have no descriptor that an earlier version gave
away, and they need not be replaced while an action may be at work, which could let two act at once.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import time

from arkcore.base import quickjson as json
from arkcore.base.paths import ensure_directory
from arkcore.base.trusted import ours
from arkcore.machine import processes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from arkcore.base.deadline import Deadline
    from arkcore.machine.processes import Process


#: The lock file of a resource, beside its state.
NAME = "action.lock"
#: Its name in versions that let anybody open it.
_EARLIER_NAME = "lock"
#: The files beside a resource's state that are never unlinked.
LOCKS = (NAME, _EARLIER_NAME)
_MODE = 0o600


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
        self.path = f"{directory}/{NAME}"
        self.earlier_path = f"{directory}/{_EARLIER_NAME}"
        self._descriptor = -1
        #: The lock file of an earlier version, where there is one: -1 before it was looked for.
        self._old = -1
        #: Whether the latter is held, and by no action of ours.
        self.stranger_holds_earlier = False

    def try_take(self, action: str, since: float) -> bool:
        """Take it if it is free, and write into it who has it. `OSError` where there is no file."""
        if self._descriptor < 0:
            self._descriptor = _open(self.path)
            self._old = _open_earlier(self.earlier_path)
        if not _taken(self._descriptor):
            return False
        self.stranger_holds_earlier = False
        if self._old >= 0 and not _taken(self._old):
            if _holder(self._old):
                # An action of the version that was replaced a moment ago is at work.
                fcntl.flock(self._descriptor, fcntl.LOCK_UN)
                return False
            self.stranger_holds_earlier = True
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
        holder = _holder(self._descriptor)
        return holder if holder or self._old < 0 else _holder(self._old)

    def take_from(self, other: ResourceLock) -> None:
        """Hold what `other`, a lock of the same resource in this process, holds until now."""
        self._descriptor, self._old = other._descriptor, other._old
        other._descriptor = other._old = -1

    def release(self) -> None:
        self.leave_to_parent()

    def leave_to_parent(self) -> None:
        """Close this process's copy. In a forked child: the parent goes on holding the lock."""
        for descriptor in (self._descriptor, self._old):
            if descriptor >= 0:
                os.close(descriptor)
        self._descriptor = self._old = -1


def holder_of(directory: str) -> Holder | None:
    """Who holds the lock of the resource whose state lies in `directory`; the lock is left alone.

    None where nobody alive does.
    """
    for name in LOCKS:
        try:
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            descriptor = os.open(f"{directory}/{name}", flags)
        except OSError:
            continue
        try:
            holder = _holder(descriptor)
        finally:
            os.close(descriptor)
        if holder:
            return holder
    return None


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(descriptor: int) -> Holder | None:
    try:
        if not _is_ours(os.fstat(descriptor)):
            return None  # whoever wrote it could name any process of ours
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
    """The lock file, made where there is none. `OSError` where it is not ours."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags, _MODE)
    except FileNotFoundError:
        ensure_directory(os.path.dirname(path), 0o700)
        descriptor = os.open(path, flags, _MODE)
    status = os.fstat(descriptor)
    if not _is_ours(status):
        os.close(descriptor)
        raise OSError(errno.EPERM, "not a lock file of ours; remove it", path)
    _mend(descriptor, status)
    return descriptor


def _open_earlier(path: str) -> int:
    """The lock file of an earlier version; -1 where there is none of ours."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return -1
    status = os.fstat(descriptor)
    if not _is_ours(status):
        os.close(descriptor)
        return -1
    _mend(descriptor, status)
    return descriptor


def _is_ours(status: os.stat_result) -> bool:
    """Whether nobody but root and the running user could have written the file."""
    writable = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return stat.S_ISREG(status.st_mode) and status.st_uid in ours() and not writable


def _mend(descriptor: int, status: os.stat_result) -> None:
    if status.st_mode & 0o077 and status.st_uid == os.geteuid():
        os.fchmod(descriptor, _MODE)
