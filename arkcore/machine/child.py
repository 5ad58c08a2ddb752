"""A child process of ours: forked or spawned, awaited by its pid alone, ended; and how it died."""

from __future__ import annotations

import errno
import os
import select
import time

from arkcore.base.bare_signal import name_of, signal
from arkcore.base.choice import Choice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

#: Seconds between two looks at a child that is about to end: at first, and later on.
_SOON, _LATER = 0.0003, 0.002
#: So many looks are soon.
_SOON_LOOKS = 30
#: Seconds for which a child that was killed is awaited.
DYING = 0.3


class How(Choice):
    """How a child died."""

    #: It exited by itself.
    EXITED = "exited"
    #: A signal ended it that was not ours.
    SIGNALLED = "signalled"
    #: We ended it: its time was up, or nobody wanted its answer any more.
    ENDED = "ended"
    #: We sent SIGKILL, and it has not died yet: it is in an uninterruptible sleep.
    STUCK = "stuck"
    #: It is dead, and somebody else was told how: SIGCHLD is ignored in this process.
    UNKNOWN = "unknown"


class Death:
    """How a child died. `code`: as `subprocess` tells it; None where it is not known."""

    __slots__ = ("code", "how")

    def __init__(self, how: How, code: int | None = None) -> None:
        self.how = how
        self.code = code

    def told(self, when: str = "") -> str:
        """What follows the child's name; `when`: before what it exited."""
        if self.how is How.EXITED:
            return f"ended with exit code {self.code} {when}".rstrip()
        if self.how is How.SIGNALLED and self.code is not None:
            return f"was ended by {name_of(-self.code)}"
        if self.how is How.UNKNOWN:
            return f"ended {when}".rstrip()
        if self.how is How.ENDED:
            return "was ended, for it did not end by itself"
        return "cannot be ended"

    def __repr__(self) -> str:
        return f"Death({self.how.name}, {self.code})"


class Child:
    """One child, which nobody else awaits. Its pid is no other process's before it is awaited."""

    __slots__ = ("_descriptor", "_killed", "death", "pid")

    def __init__(self, pid: int) -> None:
        self.pid = pid
        #: How it died; None while it lives.
        self.death: Death | None = None
        self._killed = False
        self._descriptor: int | None = None

    @classmethod
    def fork(cls, work: Callable[[], object]) -> Self:
        """Fork a child that does `work` and exits with 0, or with 1 where `work` raises.

        `OSError` where no process can be made.
        """
        pid = os.fork()
        if pid:
            return cls(pid)
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)

    @property
    def code(self) -> int:
        """Its return code, negative for a signal; once it is over.

        `ChildProcessError` where somebody else was told it.
        """
        if self.death is None or self.death.code is None:
            raise ChildProcessError(errno.ECHILD, f"nobody can tell how process {self.pid} ended")
        return self.death.code

    def is_over(self) -> bool:
        """Whether it is dead by now. Never waits."""
        if self.death is not None:
            return True
        try:
            done, status = os.waitpid(self.pid, os.WNOHANG)
        except ChildProcessError:
            self._is_dead(Death(How.UNKNOWN))
            return True
        if done:
            code = os.waitstatus_to_exitcode(status)
            how = How.EXITED if code >= 0 else How.SIGNALLED
            if self._killed and code == -signal.SIGKILL:
                how = How.ENDED
            self._is_dead(Death(how, code))
        return bool(done)

    def _is_dead(self, death: Death) -> None:
        self.death = death
        self.let_go()

    def wait(self, seconds: float) -> bool:
        """Wait until it is dead, `seconds` at most; whether it is. For one that is about to end."""
        until = time.monotonic() + seconds
        looks = 0
        while not self.is_over():
            left = until - time.monotonic()
            if left <= 0:
                return False
            looks += 1
            time.sleep(min(_SOON if looks < _SOON_LOOKS else _LATER, left))
        return True

    def sleep(self, seconds: float) -> None:
        """Sleep `seconds`; less where it dies meanwhile and the kernel has pidfd (Linux 5.3)."""
        if self._descriptor is None:
            try:
                self._descriptor = os.pidfd_open(self.pid)
            except OSError:
                self._descriptor = -1
        poll = select.poll()
        if self._descriptor >= 0:
            poll.register(self._descriptor, select.POLLIN)
        poll.poll(seconds * 1000 + 1)

    def send(self, number: int) -> None:
        """Send it a signal; nothing where it is dead."""
        if not self.is_over():
            os.kill(self.pid, number)

    def end(self, patience: float = 0.0, dying: float = DYING) -> Death:
        """Be sure of its end, and how it died.

        `patience`: seconds to go by itself before SIGKILL; `dying`: seconds to be dead after it.
        Where it is not dead by then its end is certain; when it comes is the kernel's matter.
        """
        if not self.wait(patience):
            self._killed = True
            self.send(signal.SIGKILL)
            self.wait(dying)
        return self.death or Death(How.STUCK)

    def let_go(self) -> None:
        """Close what :meth:`sleep` has opened."""
        if self._descriptor is not None and self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = None
