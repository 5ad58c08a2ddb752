"""Starts the application, and is sure that it runs."""

from __future__ import annotations

import os
import time

from arkcore.actions import telling
from arkcore.actions.below import among_newcomers, newcomers
from arkcore.base.errors import described
from arkcore.base.status import Outcome, Status, Verdict
from arkcore.base.text import listed
from arkcore.context import context
from arkcore.machine import processes
from arkcore.machine.channel import Step

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arkcore.actions.asking import Assessment
    from arkcore.actions.work import Work
    from arkcore.machine.command import CommandResult
    from arkcore.machine.processes import Process


def start(work: Work) -> Verdict:
    """Start, and ask until it is RUNNING; a product that has died meanwhile fails at once."""
    refusal = _wait_for_force_to_be_over(work)
    if refusal:
        return Verdict(Outcome.FAILED, refusal)
    telling.began(work, Step.START)
    work.begin(context.START, work.deadline)
    work.state.commands.begin_starts()
    try:
        work.hooks.start(work.ctx)
    except BaseException as error:  # a plugin's exit() is a failed start
        return telling.failed(work, Step.START, described(error))
    finally:
        _remember_newcomers(work)
    if work.deadline.passed:
        told = "".join(f"; {result.told()}" for result in work.engine.step.results)
        return telling.failed(work, Step.START, f"The start did not end in its time{told}")
    found = work.asking.assess()
    if found.status is not Status.RUNNING:
        from arkcore.actions.awaiting import await_running

        found = await_running(work, found)
    if found.status is Status.RUNNING:
        _remember_sessions(work, found)
        work.engine.group.hold(found.processes or ())
        # From now on, what the start command left beside the product is not ended as a leftover.
        work.state.commands.forget_kind(context.START)
        telling.done(work, Step.START)
        return Verdict(Outcome.WELL, status=Status.RUNNING)
    told = "".join(f"; {_said(result)}" for result in work.engine.step.results)
    return telling.failed(work, Step.START, f"Expected RUNNING, seen {found}{told}", found.status)


def _remember_sessions(work: Work, found: Assessment) -> None:
    """Record the sessions that this start has made: a later fork may show nothing else."""
    from arkcore.memory.recorded_sessions import Sessions

    # This start has made every session of the processes below the guard, but the guard's own.
    own = os.getsid(os.getppid())
    product = {*(found.processes or ())}
    made = {each for each in among_newcomers(work, product) if each.session not in (0, own)}
    started = {each.session: processes.look(each.session) for each in made}
    leaders = {session: each.start if each else 0 for session, each in started.items()}
    programs = {processes.executable(each.pid) for each in made} - {""}
    work.state.sessions.note(Sessions(leaders, programs))


def _remember_newcomers(work: Work) -> None:
    """Record the processes of the start: a daemon may have cleared the mark in its environment.

    The guard is the subreaper, so every daemon has become its child by now.
    """
    if work.resource.application.runs_as_processes:
        return  # the plugin recognises its processes by other means
    work.state.processes.note(newcomers(work), processes.users)


def _wait_for_force_to_be_over(work: Work) -> str:
    """Wait until the last forced stop is over and `force_stop_wait` has passed since.

    A forced stop may go on killing in the background. One that is known to be over is not
    remembered. Returns why a start must not follow; "" where it may.
    """
    wait = work.timer("force_stop_wait")

    def over() -> bool:
        return work.state.forced_stop.age() >= wait and not background(work)

    if over():
        return ""
    work.now("waiting after a forced stop")
    work.ctx.log.info("waiting until the forced stop is over")
    # The wait lasts so long at least: asking meanwhile would tell nothing.
    known = min(wait - work.state.forced_stop.age(), work.deadline.remaining())
    time.sleep(max(0.0, known))
    if work.ctx.wait_until(over, within=work.deadline.remaining()):
        return ""
    left = background(work)
    if left:
        return f"a stop or forced stop still goes on in the background: {listed(left)}"
    return f"no time was left to wait {wait:g} s after a forced stop"


def background(work: Work) -> list[Process]:
    """The processes that stop and forced stop commands have left in the background."""
    marks = {
        each.mark: (each.pid, each.start)
        for each in work.state.commands.all()
        if each.kind in (context.STOP, context.FORCE)
    }
    if not marks:
        return []
    from arkcore.actions.leftovers import left_of

    found = list(left_of(marks, work.engine.owner.whose_marks()))
    if found:
        product = work.asking.list_processes() or []
        found = [each for each in found if each not in product]
    if not found:
        work.state.commands.forget(marks)
    return found


def _said(result: CommandResult) -> str:
    """How a command ended and, where that was not well, the last it wrote."""
    lines = [] if result.ok else result.last_lines(2)
    return ": ".join([result.told(), *([" | ".join(lines)] if lines else [])])
