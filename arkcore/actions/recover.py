"""recover (再起動): restart the application here, or say that the cluster must fail over."""

from __future__ import annotations

import time

from arkcore.actions import remove, restore
from arkcore.actions.telling import tell_status
from arkcore.base.deadline import Deadline
from arkcore.base.status import Outcome, Status, Verdict
from arkcore.memory.attempts import Attempt
from arkcore.memory.intent import Wanted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arkcore.actions.run import Run
    from arkcore.actions.work import Work

#: So many false alarms within the window are one too many: then it is restarted.
_FALSE_ALARMS = 3


def flow(run: Run) -> Verdict:
    """Confirm, count, stop, start; fail where it was restarted too often, or does not come up."""
    timers = run.resource.timers
    window = timers["recover.window"]
    excuse = run.excuse()
    if excuse:
        return Verdict(Outcome.SKIPPED, excuse)

    report = run.part(confirm, within=timers["recover.process"], cleanup=timers["recover.cleanup"])
    if report.outcome is Outcome.INTERNAL:
        return report
    if report.well:
        run.state.attempts.note(Attempt.FALSE_ALARM, window)
        if run.state.attempts.count(Attempt.FALSE_ALARM, window) < _FALSE_ALARMS:
            return Verdict(Outcome.WELL, "It is running; no restart.", Status.RUNNING)

    limit = int(timers["recover.attempts"])
    if run.state.attempts.count(Attempt.RESTART, window) >= limit:
        reason = f"{limit} restarts within {window:g} s are used up; the cluster must fail over"
        return Verdict(Outcome.FAILED, reason, report.status)
    excuse = run.excuse()
    if excuse:
        return Verdict(Outcome.SKIPPED, excuse)
    # Written before the stop: a restart that takes the node down with it counts.
    if not run.state.attempts.note(Attempt.RESTART, window):
        reason = "the restart cannot be counted, so it is left to the cluster to fail over"
        return Verdict(Outcome.FAILED, reason, report.status)
    run.state.restored.note()
    verdict = _restart(run)
    if verdict.outcome is Outcome.FAILED and run.state.intent.wanted is Wanted.DOWN:
        # The manager is taking the resource down meanwhile: no failure of this node.
        return Verdict(Outcome.SKIPPED, "wanted = down", verdict.status)
    return verdict


def _restart(run: Run) -> Verdict:
    trouble = run.stop_dependents()
    if trouble:
        return Verdict(Outcome.FAILED, trouble)
    force = run.resource.application.force_before_restart
    work = remove.bring_down_by_force_too if force else remove.bring_down
    stop_by = Deadline.after(run.resource.timers["remove.process"])
    stopped = remove.stop_for_certain(run, work, stop_by)
    if not stopped.well:
        return Verdict(Outcome.FAILED, stopped.reason, stopped.status)
    excuse = run.excuse()
    if excuse:
        return Verdict(Outcome.SKIPPED, excuse, Status.STOPPED)
    missing = restore.missing_mounts(run.resource.mount_points)
    if missing:
        return Verdict(Outcome.FAILED, missing, Status.STOPPED)
    deadline = Deadline.after(run.resource.timers["restore.process"])
    started = restore.start_or_clean(run, deadline, run.resource.timers["recover.cleanup"])
    if not started.well:
        return Verdict(Outcome.FAILED, started.reason, started.status)
    trouble = run.start_dependents()
    if trouble:
        return Verdict(Outcome.FAILED, trouble, Status.RUNNING)
    return Verdict(Outcome.WELL, status=Status.RUNNING)


def confirm(work: Work) -> Verdict:
    """In a worker: RUNNING twice is a false alarm; anything else is to be restarted."""
    found = work.asking.assess()
    if found.status is Status.RUNNING:
        pause = min(work.timer("quickcheck.confirm"), work.deadline.remaining() / 2)
        time.sleep(pause)
        found = work.asking.assess()
    tell_status(work, found)
    if found.status is Status.RUNNING:
        return Verdict(Outcome.WELL, status=Status.RUNNING)
    return Verdict(Outcome.FAILED, f"It is {found}.", found.status)
