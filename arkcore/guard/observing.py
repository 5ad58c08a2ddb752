"""Having the observers told, in a child of their own; what becomes of them changes nothing."""

from __future__ import annotations

from arkcore.base import budget
from arkcore.base.status import Outcome
from arkcore.base.stderr import complain
from arkcore.guard.run import is_traced
from arkcore.guard.workers import soon
from arkcore.machine.channel import Event
from arkcore.worker.signals import Ended

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arkcore.base.deadline import Deadline
    from arkcore.base.status import Verdict
    from arkcore.guard.case import Case
    from arkcore.guard.workers import Workers
    from arkcore.machine.channel import Sender
    from arkcore.resources.resource import Resource


def observe(
    case: Case, resource: Resource, limit: Deadline | None, workers: Workers, verdict: Verdict
) -> None:
    """Tell the observers that `resource` names of the verdict. Never raises."""
    if case.signals.muted or workers.log is None:
        return
    names, name = resource.observers, case.call.resource
    traced = is_traced(case, resource)
    host, word = resource.logical_host, case.call.action.word

    def body(sender: Sender) -> None:
        from arkcore.guard.observers import tell_observers

        trace = (lambda text: sender.send(Event.TRACE, text)) if traced else None
        tell_observers(names, name, host, word, verdict, trace)
        sender.report(Verdict(Outcome.WELL))

    try:
        report = workers.do_aside(body, soon(budget.OBSERVERS, limit), workers.log.trace)
        if not report.well:
            complain(f"{name}: observers: {report.reason}")
    except Ended:
        pass
