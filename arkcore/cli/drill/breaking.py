"""Kills an application on purpose: all of its own processes, as the engine knows them."""

from __future__ import annotations

import os
import signal
import time

from arkcore.base.deadline import Deadline
from arkcore.base.errors import MachineError
from arkcore.base.status import Outcome, Verdict
from arkcore.cli.drill.manager import Refused
from arkcore.machine import processes
from arkcore.machine.processes import Process
from arkcore.memory.lock import holder_of
from arkcore.memory.state import State
from arkcore.worker.aside import Aside, send_answer
from arkcore.worker.part import Part, do_part

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from arkcore.actions.work import Work
    from arkcore.base.paths import Paths
    from arkcore.machine.channel import Sender
    from arkcore.resources.resource import Resource

_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
#: Seconds for listing them.
_LISTING = 20.0
#: Seconds until all that is killed has to be gone.
_DYING = 10.0
#: Seconds to wait for the end of a check that is at work: its own commands are not to be killed.
_CHECK = 60.0


def own_processes(paths: Paths, resource: Resource) -> list[Process]:
    """The live processes of the resource, and no other's. What the machine shares is left out.

    `Refused` where there is none, or where this very command runs below one of them.
    `MachineError` where nobody can tell.
    """
    found = _listed(paths, resource)
    if not found:
        raise Refused(
            f"{resource.name}: no process of it is known, so that nothing can be broken; see: ark "
            f"status {resource.name}"
        )
    above = _ancestors()
    for each in found:
        if each.pid in above:
            raise Refused(
                f"{resource.name}: this command runs below {each}; call it from elsewhere"
            )
    return found


def kill(paths: Paths, resource: Resource, tell: Callable[[str, float], None]) -> None:
    """SIGKILL to all of them, until none is left. `tell` hears of the first round, and when it was.

    A supervisor that is among them must not start anew what is killed, so all are stopped first.
    Pid and start time of each are compared right before each signal.
    """
    _wait_for_check(paths, resource)
    found = own_processes(paths, resource)
    at = time.time()
    names = ", ".join(str(each) for each in found)
    end = Deadline.after(_DYING)
    while True:
        _stop_and_kill(found)
        if names:
            tell(names, at)
            names = ""
        left = _await_death(found, end)
        if left:
            raise MachineError("cannot be killed: " + ", ".join(str(each) for each in left))
        # The manager may have begun to restart it already; then what lives now is not ours to kill.
        if holder_of(paths.state(resource.name)) is not None:
            return
        seen = _listed(paths, resource)
        found = [each for each in seen if each.start <= _ticks_at(at)]
        if not found:
            return


def _stop_and_kill(found: list[Process]) -> None:
    """All at once: what is stopped must not be left so by a ^C in between."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDINGS)
    try:
        for each in found:
            processes.send(each, signal.SIGSTOP)
        for each in found:
            processes.send(each, signal.SIGKILL)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _await_death(killed: list[Process], end: Deadline) -> list[Process]:
    while True:
        left = [each for each in killed if processes.still_lives(each)]
        if not left or end.passed:
            return left
        time.sleep(0.01)


def _wait_for_check(paths: Paths, resource: Resource) -> None:
    end = Deadline.after(_CHECK)
    while holder_of(paths.state(resource.name)) is not None:
        if end.passed:
            raise Refused(f"{resource.name}: an action is at work on it; wait until it is over")
        time.sleep(0.01)


def _ticks_at(at: float) -> int:
    """A moment as processes' start times are told, with a second to spare."""
    ago = time.time() - at
    boot = time.clock_gettime(time.CLOCK_BOOTTIME) - ago + 1.0
    return int(boot * os.sysconf("SC_CLK_TCK"))


def _ancestors() -> set[int]:
    found = set()
    seen = processes.look(os.getpid())
    while seen is not None and seen.pid not in found:
        found.add(seen.pid)
        seen = processes.look(seen.ppid)
    return found


def _listed(paths: Paths, resource: Resource) -> list[Process]:
    deadline = Deadline.after(_LISTING)

    def body(sender: Sender) -> None:
        def tell(work: Work) -> Verdict:
            found = work.asking.list_processes()
            if found is None:
                return Verdict(Outcome.UNDECIDED, "its processes cannot be listed")
            send_answer(sender, [[each.pid, each.start] for each in found])
            return Verdict(Outcome.WELL)

        state = State(paths, resource.name, read_only=True)
        do_part(sender, Part(tell, resource, state, deadline))

    aside = Aside(body)
    try:
        report = aside.wait(Deadline(deadline.at + 2.0))
    finally:
        aside.give_up()
    if not report.well:
        raise MachineError(f"{resource.name}: {report.reason}; see: ark status {resource.name}")
    looked = [(processes.look(pid), start) for pid, start in aside.answer]
    return [each for each, start in looked if each is not None and each.start == start]
