"""What a hook's own Python does that its context is there for: begin processes, signal, sleep.

Told by Python's audit events; for a sleep, and for what is printed on stderr, by a function that
takes the place of the library's. What the context does for a hook is the engine's, and left out.
"""

from __future__ import annotations

import functools
import os
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Any

#: The events that begin a process.
_BEGIN = frozenset(
    (
        "subprocess.Popen",
        "os.system",
        "os.posix_spawn",
        "os.fork",
        "os.forkpty",
        "os.exec",
        "pty.spawn",
    )
)
#: The events that send a signal, and which of their arguments is its number.
_SIGNAL = {"os.kill": 1, "os.killpg": 1, "signal.pthread_kill": 1}
#: The packages whose work is not the hook's own, and those that work for whoever called them.
_ENGINE = ("arkcore", "ark_testing")
_LIBRARIES = {*sys.stdlib_module_names, "tenacity", "pluggy", "msgspec", "loguru"}


class Acting:
    """Between :meth:`begin` and :meth:`end`, notes what the plugin does by itself.

    Made before the plugin is loaded: what the plugin imports by name is watched then, too.
    """

    def __init__(self) -> None:
        self._at_work = False
        self._seen: list[str] = []
        self._told = ""
        sys.addaudithook(self._hear)
        time.sleep = self._watched_sleep(time.sleep)
        sys.stderr = _Stderr(sys.stderr, self)

    def begin(self) -> None:
        self._seen, self._told = [], ""
        self._at_work = True

    def end(self) -> list[str]:
        """One line for each kind of act and its place in the plugin's source."""
        self._at_work = False
        return list(dict.fromkeys(self._seen))

    @property
    def told(self) -> str:
        """What was printed on stderr since :meth:`begin`."""
        return self._told

    def print(self, text: str) -> None:
        """Note what somebody prints on stderr."""
        if self._at_work and plugins_frame() is not None:
            self._told += text

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self._at_work:
            return
        if event in _BEGIN:
            self._note(f"begins a process by itself ({event}")
        elif event in _SIGNAL and arguments[_SIGNAL[event]]:  # 0 signals nobody
            self._note(f"signals by itself ({event}")

    def _watched_sleep(self, real: Any) -> Any:
        @functools.wraps(real)
        def sleep(seconds: float) -> None:
            if self._at_work:
                self._note("sleeps (time.sleep")
            real(seconds)

        return sleep

    def _note(self, what: str) -> None:
        frame = plugins_frame()
        if frame is not None:
            name = Path(frame.f_code.co_filename).name
            self._seen.append(f"{what}, {name}:{frame.f_lineno})")


def plugins_frame() -> FrameType | None:
    """The place in the plugin's source that is at work; None where the engine is.

    A library works for whoever called it.
    """
    frame: FrameType | None = sys._getframe(1)
    here = __name__
    while frame is not None:
        name = str(frame.f_globals.get("__name__", ""))
        top = name.partition(".")[0]
        if name != here:
            if top in _ENGINE:
                return None
            if top not in _LIBRARIES:
                return frame
        frame = frame.f_back
    return None


class _Stderr:
    """The stderr of a process that a plugin is loaded in."""

    def __init__(self, real: Any, acting: Acting) -> None:
        self._real = real
        self._acting = acting

    def write(self, text: str) -> int:
        self._acting.print(text)
        return int(self._real.write(text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def set_node_name(name: str) -> None:
    """Give this process, and what it starts, a node name of its own. `OSError` but for root."""
    import ctypes
    import socket

    library = ctypes.CDLL(None, use_errno=True)
    if library.unshare(_CLONE_NEWUTS):
        number = ctypes.get_errno()
        raise OSError(number, f"{NO_NAME}: {os.strerror(number)}")
    socket.sethostname(name)


#: What is told where there can be no other name.
NO_NAME = "the name of the node cannot be changed"
#: unshare(2): the name of the node.
_CLONE_NEWUTS = 0x04000000


def shift_clock(seconds: float) -> None:
    """Have Python's wall clock go `seconds` ahead; files keep the time that they have."""
    real, real_ns = time.time, time.time_ns
    time.time = lambda: real() + seconds
    time.time_ns = lambda: real_ns() + int(seconds * 1e9)
