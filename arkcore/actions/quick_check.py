"""quickCheck (状態監視): is the application well? A failure is answered only when it is certain."""

from __future__ import annotations

import time

from arkcore.base import budget
from arkcore.base.status import Outcome, Status, Verdict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arkcore.actions.asking import Assessment
    from arkcore.actions.run import Run
    from arkcore.actions.work import Work

#: Seconds between two questions while the answer is not clear.
_AGAIN = 1.0


def flow(run: Run) -> Verdict:
    """RUNNING is well; a confirmed STOPPED or PARTIAL has failed; all else is a matter of time."""
    timers, clock = run.resource.timers, run.clock
    timer = timers["quickcheck.process"]
    # Written before the question, so that a run that is killed from outside counts.
    clock.observe()
    within, cleanup = budget.of_check(
        timer, clock.elapsed(), timers["quickcheck.cleanup"], run.run_limit
    )
    # A worker is given a little less, to tell its answer in: that little counts as used up.
    whole = within >= timer - clock.elapsed() - 0.1
    slack = max(0.5, within / 4) if whole else 0.0
    report = run.answer or run.part(check, within=within, cleanup=cleanup)
    if report.well:
        clock.reset()
        return Verdict(Outcome.WELL, status=Status.RUNNING)
    if report.outcome is Outcome.INTERNAL:
        clock.withdraw()
        return report

    failed = report.outcome is Outcome.FAILED
    if not failed and not clock.has_failed(slack):
        if run.in_maintenance:
            clock.reset()
        spent = f"undecided for {clock.elapsed():.0f} s of {timer:.0f} s"
        return Verdict(Outcome.UNDECIDED, f"{report.reason}; {spent}", report.status)
    excuse = run.excuse()
    if excuse:
        if run.in_maintenance:
            clock.reset()
        return Verdict(Outcome.SKIPPED, excuse, report.status)
    if failed:
        waits_for = _requirement_not_running(run)
        if not waits_for:
            return Verdict(Outcome.FAILED, report.reason, report.status)
        if not clock.has_failed():
            reason = f"{report.reason.rstrip('.')}; {waits_for}"
            return Verdict(Outcome.UNDECIDED, reason, report.status)
    clock.fail()
    seen = report.reason.rstrip(".")
    reason = f"{seen}; undecided for {clock.elapsed():.0f} s, the timer is {timer:.0f} s"
    return Verdict(Outcome.FAILED, reason, report.status)


def _requirement_not_running(run: Run) -> str:
    """A required resource that does not run: its own check will tell."""
    for name in run.resource.requires:
        status, _ = run.status_of(name, within=5.0)
        if status is not Status.RUNNING:
            return f"waits for {name}, which is {status.value}"
    return ""


def check(work: Work) -> Verdict:
    """In a worker: ask; where the answer is not RUNNING, ask again before it counts."""
    definite = (Status.STOPPED, Status.PARTIAL)
    confirm = work.timer("quickcheck.confirm")
    first, since = None, 0.0
    while True:
        asked = time.monotonic()
        found = work.asking.assess()
        if found.status is Status.RUNNING:
            return Verdict(Outcome.WELL, status=Status.RUNNING)
        if found.status not in definite or found.status is not first:
            first, since = found.status, asked
        confirmed = found.status in definite and first and asked - since >= confirm
        if confirmed or (found.status in definite and confirm == 0):
            _tell_status(work, found)
            return Verdict(Outcome.FAILED, f"It is {found}.", found.status)
        pause = since + confirm - time.monotonic() if found.status in definite else _AGAIN
        if work.deadline.remaining() <= max(0.0, pause):
            _tell_status(work, found)
            return Verdict(Outcome.UNDECIDED, f"It is {found}", found.status)
        time.sleep(max(0.0, pause))


def _tell_status(work: Work, found: Assessment) -> None:
    """Write a status into the RAS log. A healthy check loads nothing for it."""
    from arkcore.actions.telling import tell_status

    tell_status(work, found)
