"""A person's shell on a terminal of its own, in which commands are typed."""

from __future__ import annotations

import os
import pty
import select
import signal
import time
from pathlib import Path

from attacks.victim import Victim
from support import PROGRAMS

_END = b"<over>"


class Terminal:
    """A shell on a pty; `typed` types a line and waits until the shell has done it."""

    def __init__(self, victim: Victim) -> None:
        pid, self._master = pty.fork()
        if pid == 0:
            environment = {**victim.environment(), "TERM": "xterm", "PS1": "", "PS2": ""}
            environment["PATH"] = f"{PROGRAMS}:{environment['PATH']}"
            os.execve("/bin/sh", ["/bin/sh", "-i"], environment)
        self._pid = pid
        self.seen = b""

    def typed(self, line: str, within: float = 40.0) -> str:
        """What the terminal shows from this line on."""
        start = len(self.seen)
        # The two halves are one word only where the shell has read the line.
        os.write(self._master, f"{line}; printf '<ov%s' 'er>'\n".encode())
        until = time.monotonic() + within
        while _END not in self.seen[start:]:
            assert time.monotonic() < until, self.seen[start:]
            self._hear(0.05)
        self._hear(0.2)  # what somebody else has typed meanwhile is done now
        return self.seen[start:].decode("utf-8", "backslashreplace")

    def press(self, keys: bytes) -> None:
        """Press keys, and wait until the shell takes lines again."""
        os.write(self._master, keys)
        self._hear(0.2)
        self.typed("true")

    def _hear(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while select.select([self._master], [], [], max(0.0, until - time.monotonic()))[0]:
            try:
                self.seen += os.read(self._master, 65536)
            except OSError:
                return

    def close(self) -> None:
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        os.close(self._master)


def told(log: Path) -> list[str]:
    """What the program on_terminal found; nothing where it found no terminal."""
    assert log.exists(), "the command never ran"
    return [line for line in log.read_text().splitlines() if line != "done"]
