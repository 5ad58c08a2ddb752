"""Tells the guard how a step goes: its pair of lines in the RAS log, and what stands between."""

from __future__ import annotations

from arkcore.base.status import Outcome, Status, Verdict
from arkcore.machine.channel import Event, Step

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arkcore.actions.asking import Assessment
    from arkcore.actions.work import Work


def began(work: Work, step: Step) -> None:
    """Write the line with which a step begins."""
    work.sender.send(Event.BEGAN, step.value[0])


def done(work: Work, step: Step) -> None:
    """Write the line with which a step ends well."""
    work.sender.send(Event.COMPLETED, step.value[0], "")


def failed(work: Work, step: Step, reason: str, status: Status | None = None) -> Verdict:
    """Write how the commands of a step ended, and the line with which it fails; its report."""
    explain(work, "")
    work.sender.send(Event.FAILED, step.value[0], reason)
    return Verdict(Outcome.FAILED, reason, status)


def explain(work: Work, reason: str) -> None:
    """Tell why a step is going badly: the reason, each command's end, its last lines."""
    told = [result for result in work.engine.step.results if not result.ok]
    if reason and not any(result.told() in reason for result in told):
        work.ctx.log.warning(reason)
    for result in work.engine.step.results:
        if result in told or not reason:
            work.ctx.log.warning(result.told())
        for line in result.last_lines():
            work.ctx.log.warning(f"| {line}")
    work.engine.step.results = []


def tell_status(work: Work, found: Assessment) -> None:
    """Write a status into the RAS log: it decides what happens now."""
    work.sender.send(Event.BEGAN, Step.STATUS.value[0], at=found.began)
    work.sender.send(Event.COMPLETED, Step.STATUS.value[0], str(found))
