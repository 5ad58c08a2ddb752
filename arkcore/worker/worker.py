"""The forked process in which a plugin is loaded.

Whatever it does, raises or becomes is an outcome for its guard, never an exit code for the manager.
"""

from __future__ import annotations

import os

from arkcore.base.bare_signal import signal
from arkcore.base.stderr import complain, complain_to
from arkcore.machine.channel import Event, Sender

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def prctl(option: int, value: int) -> bool:
    """prctl(2), which Python's own library does not have; False where it cannot be called."""
    try:
        # What `ctypes` is built on, without the two milliseconds of its types.
        from _ctypes import call_function, dlopen, dlsym

        own: Any = None  # this very process, which the stubs do not know of
        return bool(call_function(dlsym(dlopen(own, 0), "prctl"), (option, value, 0, 0, 0)) == 0)
    except (ImportError, TypeError):
        pass
    try:
        import ctypes

        return bool(ctypes.CDLL(None).prctl(option, value, 0, 0, 0) == 0)
    except (ImportError, OSError, AttributeError):
        return False


def become_subreaper() -> bool:
    """Have what loses its parent below this process become its child, not init's."""
    return prctl(_PR_SET_CHILD_SUBREAPER, 1)


def fork_worker(body: Callable[[Sender], None], prepare: Callable[[], None]) -> tuple[int, int]:
    """Fork a process that runs `body` and exits; its pid, and where it tells its events.

    It dies with its guard. `prepare` runs first, to close what is the guard's alone.
    """
    reading, writing = os.pipe()
    guard = os.getpid()
    pid = os.fork()
    if pid:
        os.close(writing)
        return pid, reading
    code = 1
    try:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != guard:
            os._exit(1)  # it died before we asked to die with it
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGALRM, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        # A person's keys are for the guard; one that stops us would keep what we have locked.
        for number in (signal.SIGINT, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU):
            signal.signal(number, signal.SIG_IGN)
        os.close(reading)
        prepare()
        # What a plugin prints is no answer to the manager; and whoever reads the manager's side to
        # its end must not have to wait for a worker that hangs.
        quiet = os.open("/dev/null", os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(quiet, descriptor)
        os.close(quiet)
        sender = Sender(writing)
        complain_to(lambda text: sender.send(Event.REMARK, "warning", text))
        body(sender)
        code = 0
    except BaseException as error:
        complain(f"a worker ended by {type(error).__name__}: {error}")
    finally:
        os._exit(code)
