"""The process itself: the signals that end it, and nothing of its caller's that clings to it."""

from __future__ import annotations

import gc
import os
import select

from arkcore.base.bare_signal import name_of, signal
from arkcore.base.trusted import remember_directories
from arkcore.machine.descent import become_subreaper


class Ended(Exception):
    """The guard was told to end, by a signal."""


class Signals:
    """The signals that end a guard, noted by a handler and read where the guard waits."""

    _ENDING = (signal.SIGTERM, signal.SIGALRM, signal.SIGHUP, signal.SIGINT)
    #: Whether this process was told to end, for who waits where the guard's signals are not at
    #: hand. A process has only one set of signals.
    told_to_end = False

    def __init__(self) -> None:
        self.received = 0
        self._muted = False
        self._last = 0
        self._reading, self._writing = os.pipe()
        os.set_blocking(self._reading, False)
        os.set_blocking(self._writing, False)
        for number in self._ENDING:
            signal.signal(number, self._note)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # only to wake us
        for ignored in (signal.SIGPIPE, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU):
            signal.signal(ignored, signal.SIG_IGN)
        signal.set_wakeup_fd(self._writing, warn_on_full_buffer=False)

    def _note(self, number: int, _: object) -> None:
        Signals.told_to_end = True
        if not self._muted:
            self.received = self.received or number

    def mute(self) -> None:
        """Take no further notice: this guard is ending already."""
        self._muted = True
        self._last = self.received or self._last
        self.received = 0

    @property
    def muted(self) -> bool:
        """Whether this guard is ending, for a signal that came."""
        return self._muted

    @property
    def name(self) -> str:
        number = self.received or self._last
        return name_of(number) if number else ""

    def wait(self, seconds: float, *descriptors: int) -> None:
        """Until a signal comes, a descriptor is readable, or the time is up."""
        poll = select.poll()
        for descriptor in (self._reading, *descriptors):
            poll.register(descriptor, select.POLLIN)
        poll.poll(max(0.0, seconds) * 1000)
        try:
            os.read(self._reading, 4096)
        except BlockingIOError:
            pass


def prepare_process() -> Signals:
    """Make this process one that nothing of its caller's clings to. Once, at its beginning."""
    os.chdir("/")
    os.umask(0o022)
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open("/dev/null", os.O_RDWR)  # the lowest free one: this
    # A daemon that the product starts must not hold the manager's descriptors open.
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2:
            try:
                os.set_inheritable(int(name), False)
            except OSError:
                pass  # the one that listed them
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    # As the launcher has begun; and what is frozen is not copied by a fork.
    gc.disable()
    gc.freeze()
    become_subreaper()
    remember_directories()
    return Signals()
