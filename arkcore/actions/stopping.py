"""Stops the application: by its own stop, by force, and by killing what is left."""

from __future__ import annotations

import os

from arkcore.actions import telling
from arkcore.actions.below import newcomers
from arkcore.actions.gone import is_gone
from arkcore.actions.leftovers import end_leftovers
from arkcore.base import budget
from arkcore.base.errors import described
from arkcore.base.status import Outcome, Status, Verdict
from arkcore.base.text import listed
from arkcore.context import context
from arkcore.machine import ending, processes
from arkcore.machine.channel import Step

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arkcore.actions.work import Work
    from arkcore.base.deadline import Deadline


def stop(work: Work, *, always_force: bool = False) -> Verdict:
    """Stop; where the application does not go in time, stop it by force, then kill it."""
    process = work.deadline.remaining()
    reserve = budget.for_force(work.timer("remove.force_reserve"), process)
    end = work.deadline.before(reserve)
    telling.began(work, Step.STOP)
    work.begin(context.STOP, end)
    work.engine.group.hold(work.asking.last_listed)
    refusal = ""
    try:
        work.hooks.stop(work.ctx)
    except BaseException as error:  # a plugin's exit() is a refused stop
        refusal = described(error)
        telling.explain(work, refusal)
    work.now("waiting until it has stopped")
    gone = not refusal and _wait_gone(work, end)
    if gone and not always_force:
        telling.done(work, Step.STOP)
        return Verdict(Outcome.WELL, status=Status.STOPPED)
    if gone:
        work.ctx.log.warning(
            "No process is left. A forced stop follows all the same: the product's maker asks for "
            "one before a restart"
        )
    elif not refusal:
        work.ctx.log.info(f"still alive after the stop: {listed(work.asking.last_listed)}")
    return force(work)


def force(work: Work) -> Verdict:
    """The forced stop of this logical host, verified; what is left then is killed.

    It is remembered, for a start to wait, except where there was nothing to end.
    """
    telling.began(work, Step.FORCE)
    work.begin(context.FORCE, work.deadline)
    nothing = _has_nothing_to_end(work)
    earlier = work.state.forced_stop.read()
    work.state.forced_stop.note()  # before: this worker may be killed at any moment
    try:
        if work.hooks.has("ark_force_stop"):
            work.hooks.force_stop(work.ctx)
        else:
            work.ctx.terminate(work.asking.list_processes() or [])
    except BaseException as error:  # the check below judges, whatever was raised
        telling.explain(work, described(error))
    finally:
        work.state.forced_stop.note()  # the wait before a start begins when it is over
    nothing = not _end_what_the_plugin_misses(work) and nothing
    work.now("waiting until nothing is left")
    # A forced stop partly goes on in the background: some time is left to it.
    reserve = work.deadline.sooner(work.timer("remove.force_reserve"))
    gone = _wait_gone(work, reserve)
    nothing = nothing and gone
    gone = gone or (not work.deadline.passed and kill_rest(work))
    if gone or is_gone(work):
        cleared = end_leftovers(work).well
        if nothing and cleared and _is_over(work):
            work.state.forced_stop.put_back(earlier)
            work.ctx.log.info("the forced stop found nothing to end: no start waits for it")
        telling.done(work, Step.FORCE)
        return Verdict(Outcome.WELL, status=Status.STOPPED)
    # The step stays open: a cleanup may still end it well.
    telling.explain(work, "")
    return _what_is_left(work)


def _has_nothing_to_end(work: Work) -> bool:
    """Whether nothing lives that a forced stop could end. Where a status would have to tell: no.

    Only for a product whose maker asks for a forced stop before each start: what that does is
    known. Another's may hand its work to a daemon, and nothing of it is seen here.
    """
    from arkcore.actions.starting import background

    facts = work.resource.application
    if not (facts.force_before_restart and facts.runs_as_processes):
        return False
    try:
        return is_gone(work) and not background(work)
    except OSError:  # too many open files, say: it cannot be told
        return False


def _is_over(work: Work) -> bool:
    """Whether the forced stop has certainly ended: nothing that it has begun lives.

    A process that has left its session and its environment is still below the guard.
    """
    if work.strangers is None or processes.children(os.getpid()) != set():
        return False
    try:
        return not newcomers(work)
    except OSError:  # as above
        return False


def _end_what_the_plugin_misses(work: Work) -> bool:
    """End the processes that the engine has listed and the plugin has not; whether any was listed.

    No forced stop of the plugin ends them, so nothing is waited for.
    """
    try:
        left = work.asking.list_processes()
        if left:
            own = set(work.hooks.processes(work.ctx))
            work.ctx.terminate([each for each in left if each not in own], grace=1.0)
    except BaseException as error:  # the check that follows judges
        work.ctx.log.info(described(error))
        return True
    return left != []


def kill_rest(work: Work) -> bool:
    """KILL what is left of this logical host; whether nothing of it is alive then."""
    work.now("killing what is left")
    work.state.forced_stop.note()
    left = work.asking.list_processes() or []
    # The processes are dead before the next question: a question takes longer than a death.
    by = work.deadline.sooner(budget.for_killing(work.deadline.remaining()))
    alive = ending.end(lambda: filter(processes.still_lives, left), by, grace=0.0)
    work.engine.tell_ended("killed", left, alive)
    work.engine.group.end(by)
    last = budget.for_last_look(work.deadline.remaining())
    return _wait_gone(work, work.deadline.sooner(last))


def finish_force(work: Work) -> Verdict:
    """Do the cleanup of a forced stop that ran out of time: kill what is left, and look again.

    There is little time, and the machine may be slow: the application is killed first. What our
    commands have left could start it again, so the application is looked for once more after them.
    """
    kill_rest(work)
    end_leftovers(work, adopted=True)
    if is_gone(work) or kill_rest(work):
        return Verdict(Outcome.WELL, status=Status.STOPPED)
    return _what_is_left(work)


def _what_is_left(work: Work) -> Verdict:
    """The report of a forced stop that has failed: which processes are left."""
    left = work.asking.list_processes()
    if left is None:
        reason = "Its processes cannot be listed: nobody knows what still runs"
        return Verdict(Outcome.FAILED, reason, Status.UNKNOWN)
    unseen = "" if left else work.engine.group.unseen()
    if unseen:
        return Verdict(Outcome.FAILED, unseen, Status.PARTIAL)
    if not left:
        found = work.asking.assess()
        return Verdict(Outcome.FAILED, f"Expected STOPPED, seen {found}", found.status)
    reason = f"Still alive: {listed(left)}"
    if any(process.state == "D" for process in left):
        reason += "; reboot this node before starting elsewhere"
    return Verdict(Outcome.FAILED, reason, Status.PARTIAL)


def _wait_gone(work: Work, end: Deadline) -> bool:
    """Wait until nothing of this logical host is alive; whether that came before `end`."""

    def over() -> bool:
        gone = is_gone(work)
        if not gone:  # what the start made beside the product belongs to this resource alone
            work.engine.group.end_what_the_stop_left()
        return gone

    return work.ctx.wait_until(over, within=end.remaining())
