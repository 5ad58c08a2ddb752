"""restore (開始): bring the application up on this node, whatever it finds here."""

from __future__ import annotations

import time

from arkcore.actions import starting
from arkcore.actions.telling import tell_status
from arkcore.base.status import Outcome, Status, Verdict
from arkcore.machine.system import is_mounted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arkcore.actions.run import Run
    from arkcore.actions.work import Work
    from arkcore.base.deadline import Deadline

#: Seconds between two questions to a required resource.
_AGAIN = 0.5


def flow(run: Run) -> Verdict:
    """The requirements run, the disk is mounted, the application runs: or a clean node and why."""
    timers = run.resource.timers
    deadline = run.within(timers["restore.process"])
    if run.by_manager:
        run.state.attempts.forget()
    missing = missing_mounts(run.resource.mount_points) or missing_requirement(run, deadline)
    if missing:
        return Verdict(Outcome.FAILED, missing)
    run.state.restored.note()
    return start_or_clean(run, deadline, timers["restore.cleanup"])


def missing_mounts(points: tuple[str, ...]) -> str:
    """Which mount points are not mounted, as a reason; "" where all are."""
    unmounted = [point for point in points if not is_mounted(point)]
    return f"not mounted: {', '.join(unmounted)}" if unmounted else ""


def missing_requirement(run: Run, deadline: Deadline) -> str:
    """Which required resource does not run, as a reason; "" where all do.

    One that is STOPPED for certain fails at once; one that is not clear is asked again.
    """
    limit = deadline.sooner(run.resource.timers["restore.confirm"])
    for name in run.resource.requires:
        while True:
            status, detail = run.status_of(name, max(1.0, limit.remaining()))
            if status is Status.RUNNING:
                break
            if status is Status.STOPPED or limit.passed:
                seen = f"{status.value} ({detail})" if detail else status.value
                return f"requires {name}, which is {seen}"
            time.sleep(_AGAIN)
    return ""


def start_or_clean(run: Run, deadline: Deadline, cleanup: float) -> Verdict:
    """Bring it up; where that fails, leave a clean node within `cleanup` seconds."""
    report = run.part(bring_up, within=deadline, cleanup=cleanup)
    if report.outcome in (Outcome.WELL, Outcome.INTERNAL):
        return report
    cleaned = run.part(clean, within=deadline.then(cleanup), step_stays_open=True)
    run.close_step(cleaned)
    reason = report.reason
    if not cleaned.well:
        reason = f"{reason}; cleanup failed: {cleaned.reason}"
    return Verdict(Outcome.FAILED, reason, cleaned.status)


def bring_up(work: Work) -> Verdict:
    """In a worker: RUNNING is done, STARTING is awaited; all else is cleared away, then start."""
    found = work.asking.settle(work.deadline, work.timer("restore.confirm"))
    if found.status is Status.RUNNING:
        tell_status(work, found)
        return Verdict(Outcome.WELL, "It was running already.", Status.RUNNING)
    if found.status is not Status.STOPPED:
        tell_status(work, found)
        from arkcore.actions import stopping

        forced = stopping.force(work)
        if not forced.well:
            return forced
    return starting.start(work)


def clean(work: Work) -> Verdict:
    """In a worker: end what the start left, and stop this logical host by force."""
    from arkcore.actions import stopping
    from arkcore.actions.gone import is_gone
    from arkcore.actions.leftovers import end_leftovers

    # The start is over and has failed: whatever it made that is no product of it goes as well.
    end_leftovers(work, adopted=True)
    if is_gone(work):
        return Verdict(Outcome.WELL, status=Status.STOPPED)
    return stopping.force(work)
