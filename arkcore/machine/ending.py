"""Ends processes, and waits for a death.

One process is signalled by :func:`arkcore.machine.processes.send`, which compares its start time.
"""

from __future__ import annotations

import os
import select
import time

from arkcore.base import budget
from arkcore.base.bare_signal import signal
from arkcore.machine import processes
from arkcore.machine.machine_wide import serves_machine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from arkcore.base.deadline import Deadline
    from arkcore.machine.processes import Process


def end(
    find: Callable[[], Iterable[Process]],
    deadline: Deadline,
    *,
    spare: Collection[str] = (),
    grace: float = 1.0,
) -> list[Process]:
    """End all that `find` finds, again and again until it finds nothing: TERM, STOP and KILL.

    `find` is asked anew each time, because what is being ended may still make children. Those
    named in `spare` are left alone. `grace`: seconds between TERM and KILL, at most; less where
    the deadline is near. Returns what could not be ended by the deadline.
    """

    def remaining() -> list[Process]:
        return [process for process in find() if not serves_machine(process, spare)]

    left = remaining()
    if not left:
        return []
    for process in left:
        processes.send(process, signal.SIGTERM)
        processes.send(process, signal.SIGCONT)  # a stopped process does not hear TERM
    patience = deadline.sooner(budget.before_kill(grace, deadline.remaining()))
    left = _wait_until_gone(remaining, patience.at)
    while left:
        # Stopped first, so that none of them makes a child while the others are being killed.
        for process in left:
            processes.send(process, signal.SIGSTOP)
        for process in left:
            processes.send(process, signal.SIGKILL)
        left = _wait_until_gone(remaining, min(deadline.at, time.monotonic() + 0.2))
        if left and deadline.passed:
            return left
    return []


def ended_badly(process: Process) -> bool:
    """Whether it is dead, of a signal or with a code other than 0; False where nobody can tell.

    Its parent must not have awaited it yet: then nothing of it is left to ask.
    """
    try:
        with open(f"/proc/{process.pid}/stat", "rb", buffering=0) as file:
            fields = file.read(4096).rpartition(b") ")[2].split()
        dead = fields[0].decode() in processes.DEAD_STATES and int(fields[19]) == process.start
        return dead and int(fields[49]) != 0
    except (OSError, ValueError, IndexError):
        return False


def sleep_until_death(watched: Iterable[Process], seconds: float) -> None:
    """Sleep `seconds`, or until one of `watched` dies: then nobody need wait any longer to look."""
    poll = select.poll()
    descriptors = []
    try:
        for process in watched:
            try:
                descriptor = os.pidfd_open(process.pid)
            except OSError:
                continue  # gone already, or an old kernel
            descriptors.append(descriptor)
            poll.register(descriptor, select.POLLIN)
        poll.poll(seconds * 1000)
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


def _wait_until_gone(remaining: Callable[[], list[Process]], until: float) -> list[Process]:
    pause = 0.001  # at first, for KILL needs no more
    while True:
        left = remaining()
        if not left or time.monotonic() >= until:
            return left
        time.sleep(min(pause, max(0.0, until - time.monotonic())))
        pause = min(pause * 1.5, 0.1)
