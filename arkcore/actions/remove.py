"""remove (停止): take the application down on this node, for certain."""

from __future__ import annotations

from arkcore.actions import stopping
from arkcore.actions.gone import is_gone
from arkcore.actions.leftovers import end_leftovers
from arkcore.base.status import Outcome, Status, Verdict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from arkcore.actions.run import Run
    from arkcore.actions.work import Work
    from arkcore.base.deadline import Deadline

NOTHING_TO_STOP = "Nothing to stop."


def flow(run: Run) -> Verdict:
    """Nothing of this logical host is alive when this says so."""
    restarts = run.follows_failure and run.resource.application.force_before_restart
    work = take_down_by_force_too if restarts else take_down
    report = stop_for_certain(run, work, run.within(run.resource.timers["remove.process"]))
    if report.outcome is Outcome.INTERNAL and not run.state.ever_restored():
        return Verdict(Outcome.WELL, never_restored(report.reason), Status.STOPPED)
    return report


def never_restored(problem: str) -> str:
    """Why a remove is done although nothing could be asked: there can be nothing to stop."""
    return f"Nothing was ever restored here. Warning: {problem}"


def stop_for_certain(run: Run, work: Callable[[Work], Verdict], deadline: Deadline) -> Verdict:
    """Have `work` done by the deadline; what it leaves is killed in remove's cleanup."""
    cleanup = run.resource.timers["remove.cleanup"]
    report = run.part(work, within=deadline, cleanup=cleanup, step_stays_open=True)
    if report.outcome in (Outcome.WELL, Outcome.INTERNAL):
        return report
    rest = run.part(kill_rest, within=deadline.then(cleanup), step_stays_open=True)
    run.close_step(rest)
    return rest if rest.well else Verdict(Outcome.FAILED, rest.reason, rest.status)


def bring_down(work: Work) -> Verdict:
    """In a worker: stop what runs; an empty process list is STOPPED, whatever else is said."""
    # Where it lives, one quick look shows it.
    if not work.asking.list_processes(quick=True) and is_gone(work):
        end_leftovers(work)
        return Verdict(Outcome.WELL, NOTHING_TO_STOP, Status.STOPPED)
    return stopping.stop(work)


def bring_down_by_force_too(work: Work) -> Verdict:
    """In a worker: as :func:`bring_down`, but always followed by the forced stop."""
    return stopping.stop(work, always_force=True)


def take_down(work: Work) -> Verdict:
    """In a worker: as :func:`bring_down`, and tell what is left beside it."""
    return strays_told(work, bring_down(work))


def take_down_by_force_too(work: Work) -> Verdict:
    """In a worker: as :func:`bring_down_by_force_too`, and tell what is left beside it."""
    return strays_told(work, bring_down_by_force_too(work))


def kill_rest(work: Work) -> Verdict:
    """In a worker: end what the stop commands left running, and kill the rest."""
    return strays_told(work, stopping.finish_force(work))


def strays_told(work: Work, report: Verdict) -> Verdict:
    """`report`; before it, in time, tell what a start made and no plugin knows for its own.

    It may serve other logical hosts too, so it is told and never ended.
    """
    if not report.well or work.deadline.remaining() < 1.0:
        return report
    spared = work.engine.owner.spared
    if spared:
        told = ", ".join(f"pid {each}" for each in spared)
        bears = f"bears the name or a mark of {work.ctx.logical_host}"
        work.ctx.log.warning(f"left alone, though it {bears}: {told}; it may serve others too")
    if work.starts_left_nothing:  # as the look has just shown that called it stopped
        return report
    try:
        strays = {*work.ctx.started_processes()} - spared
    except Exception as error:  # what is stopped is stopped, whatever else cannot be told
        why = f"{type(error).__name__}: {error}"
        work.ctx.log.warning(f"what else a start of this resource made cannot be told: {why}")
        return report
    if strays:
        told = ", ".join(f"pid {each}" for each in sorted(strays, key=lambda each: each.pid))
        work.ctx.log.warning(f"left alone, though a start of this resource made it: {told}")
    return report
