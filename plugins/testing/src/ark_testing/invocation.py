"""How a manager runs a program: what it gives it, how long it waits, and how it ends one.

A driver describes one run as an :class:`Invocation`; :func:`run` is the one place that does it.
What a manager is not known to give, a program does not get.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

#: Seconds after a program's end within which its output must be at its end.
_HELD = 1.0
_LONGEST_LOOK = 0.05


@dataclass(frozen=True)
class Invocation:
    """One run of one program.

    `limit`: seconds after which it is ended with the signal `ending`, None for never;
    `ends_group`: the signal goes to its process group. `leads`: it leads a process group of its
    own, or a session. `messy`: see :class:`ark_testing.mess.Mess`.
    """

    argv: Sequence[str]
    environment: Mapping[str, str]
    directory: str = "/"
    limit: float | None = None
    ending: int = signal.SIGKILL
    ends_group: bool = False
    leads: str = "session"
    messy: bool = False

    def as_mapping(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class RunEnd:
    """How a run ended.

    `code`: as `subprocess` tells it. `late`: it was ended by its manager. `held`: after its end
    something still held its output open, and whoever read that to its end would wait.
    """

    code: int
    seconds: float
    output: str
    late: bool = False
    held: bool = False


@dataclass
class Waiting:
    """What is to be done while a program runs: nothing, for most.

    `wake`: a descriptor that becomes readable when something may be due; `work`: does it.
    `child`: the pid that is awaited, of which `work` keeps its hands off.
    """

    wake: int = -1
    work: Callable[[], None] = field(default=lambda: None)
    child: int = 0


def run(
    invocation: Invocation,
    prepare: Callable[[], None] | None = None,
    waiting: Waiting | None = None,
) -> RunEnd:
    """Run a program to its end, with all signals as they are at a machine's start.

    `prepare` runs in the child before the program does.
    """
    reading, writing = os.pipe()
    began = time.monotonic()

    def in_child() -> None:
        # A manager that ignores a signal, as Python does SIGPIPE, is a story of its own: Mess.
        for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        if prepare is not None:
            prepare()

    try:
        process = subprocess.Popen(
            list(invocation.argv),
            stdin=subprocess.DEVNULL,
            stdout=writing,
            stderr=writing,
            env=dict(invocation.environment),
            cwd=invocation.directory,
            preexec_fn=in_child,
            close_fds=not invocation.messy,
            start_new_session=invocation.leads == "session",
            process_group=0 if invocation.leads == "group" else None,
        )
    except BaseException:
        os.close(reading)
        raise
    finally:
        os.close(writing)
    late = False

    def end_late() -> None:
        nonlocal late
        late = True
        if invocation.ends_group:
            os.killpg(process.pid, invocation.ending)
        else:
            process.send_signal(invocation.ending)

    try:
        code, output, held = await_end(
            process.poll, process.pid, reading, invocation.limit, end_late, waiting or Waiting()
        )
    finally:
        os.close(reading)
        if process.poll() is None:
            process.kill()
            process.wait()
    seconds = time.monotonic() - began
    return RunEnd(code, seconds, output.decode("utf-8", "backslashreplace"), late, held)


def await_end(
    poll_code: Callable[[], int | None],
    pid: int,
    reading: int,
    limit: float | None,
    end_late: Callable[[], None],
    waiting: Waiting,
) -> tuple[int, bytes, bool]:
    """Wait for a child and for the end of its output: code, output, whether that is held open.

    Where `limit` seconds pass, `end_late` is called once, and it is waited on.
    """
    os.set_blocking(reading, False)
    waiting.child = pid
    poll = select.poll()
    poll.register(reading, select.POLLIN)
    if waiting.wake >= 0:
        poll.register(waiting.wake, select.POLLIN)
    try:
        watching = os.pidfd_open(pid)
        poll.register(watching, select.POLLIN)
    except OSError:
        watching = -1  # an old kernel, or dead already: looked at now and then
    due = None if limit is None else time.monotonic() + limit
    output, at_end, gone_since = b"", False, 0.0
    try:
        while True:
            waiting.work()
            if not at_end:
                more, at_end = _unread(reading)
                output += more
                if at_end:
                    poll.unregister(reading)
            code = poll_code()
            now = time.monotonic()
            if code is not None:
                gone_since = gone_since or now
                if at_end or now - gone_since > _HELD:
                    return code, output, not at_end
                if watching >= 0:
                    poll.unregister(watching)  # it is readable for ever now
                    os.close(watching)
                    watching = -1
            elif due is not None and now >= due:
                due = None
                end_late()
            left = _LONGEST_LOOK if due is None else min(_LONGEST_LOOK, max(0.0, due - now))
            poll.poll(left * 1000 + 1)
    finally:
        waiting.child = 0
        if watching >= 0:
            os.close(watching)


def _unread(reading: int) -> tuple[bytes, bool]:
    """What can be read now, and whether that was the end."""
    data = b""
    while True:
        try:
            more = os.read(reading, 65536)
        except BlockingIOError:
            return data, False
        if not more:
            return data, True
        data += more
