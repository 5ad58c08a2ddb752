"""Where a worker is in its plugin's Python code, told by itself although it hangs.

A handler in C writes it down, so it works too where the plugin blocks in C or holds the
interpreter's lock. A process in an uninterruptible sleep, or a stopped one, tells nothing.
"""

from __future__ import annotations

import os
import time

from arkcore.base.bare_signal import signal

_SIGNAL = signal.SIGUSR2
#: Seconds to wait for the answer, and the most bytes of it that are read.
_PATIENCE = 0.05
_MOST = 16384


class PythonStack:
    """One worker's, and its guard's: a file in memory that both have."""

    def __init__(self) -> None:
        try:
            self._file = os.memfd_create("ark-python-stack")
        except OSError:
            self._file = -1  # no descriptor is free: then nothing is told

    def offer(self) -> None:
        """In the worker: tell, whenever it is asked."""
        if self._file < 0:
            return
        import faulthandler

        faulthandler.register(_SIGNAL, file=self._file, all_threads=True)

    def ask(self, pid: int) -> str:
        """In the guard: what the worker `pid`, its child, tells now; "" where it does not."""
        if self._file < 0:
            return ""
        try:
            os.kill(pid, _SIGNAL)
            until = time.monotonic() + _PATIENCE
            size = -1
            # It is written line by line: it is whole when it has stopped growing.
            while time.monotonic() < until:
                time.sleep(0.005)
                before, size = size, os.fstat(self._file).st_size
                if 0 < size == before:
                    break
            return os.pread(self._file, _MOST, 0).decode("utf-8", "backslashreplace")
        except OSError:
            return ""

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
