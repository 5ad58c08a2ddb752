"""The surroundings of a careless manager: all that a program may be handed and must not pass on.

What stands here is not what LifeKeeper or Pacemaker do, but what any caller may: a shell on a
terminal, a manager that leaks descriptors. A daemon that shows any of it would hold the caller's
terminal, disk or pipe for as long as it lives.
"""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import termios
from dataclasses import dataclass
from pathlib import Path

#: Signals that no daemon blocks or ignores of its own accord.
SIGNALS = (signal.SIGSTKFLT, signal.SIGPWR, signal.SIGRTMIN + 11)
VARIABLE = "CONFORMANCE_MESS"
UMASK = 0o177
_DESCRIPTORS = (77, 78)


@dataclass(frozen=True)
class Inherited:
    """What is recognised in a daemon that has been handed it."""

    file: str
    pipe: str
    directory: str


class Mess:
    """Makes a child's surroundings messy, and says how to recognise them in a daemon."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._file = os.open(directory / "a file of the caller's", os.O_RDWR | os.O_CREAT, 0o600)
        self._reading, self._writing = os.pipe()
        self._controller, self._terminal = pty.openpty()

    def inherited(self) -> Inherited:
        return Inherited(
            file=os.readlink(f"/proc/self/fd/{self._file}"),
            pipe=os.readlink(f"/proc/self/fd/{self._writing}"),
            directory=os.path.realpath(self._directory),
        )

    def environment(self, plain: dict[str, str]) -> dict[str, str]:
        return {**plain, VARIABLE: "1", "LC_ALL": "ja_JP.eucJP", "LD_BIND_NOW": "1"}

    @property
    def directory(self) -> str:
        return str(self._directory)

    def make(self) -> None:
        """In the child, which leads a session: its terminal, its mask and what is open."""
        fcntl.ioctl(self._terminal, termios.TIOCSCTTY, 0)
        for source, descriptor in zip((self._file, self._writing), _DESCRIPTORS, strict=True):
            os.dup2(source, descriptor)
            os.set_inheritable(descriptor, True)
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        os.umask(UMASK)

    def close(self) -> None:
        for each in (self._file, self._reading, self._writing, self._controller, self._terminal):
            os.close(each)
