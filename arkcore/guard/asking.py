"""Asking how a resource is, this one or another of this node."""

from __future__ import annotations

from arkcore.base.call import Call
from arkcore.base.status import Outcome, Verdict
from arkcore.guard.case import Case
from arkcore.resources import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arkcore.actions.work import Work
    from arkcore.base.deadline import Deadline
    from arkcore.resources.resource import Resource


def ask_status(work: Work) -> Verdict:
    """In a worker: the status, once."""
    found = work.asking.assess()
    return Verdict(Outcome.WELL, found.detail, found.status)


def other_resource(case: Case, limit: Deadline | None, name: str) -> Resource | None:
    """Another resource of this node; None where it is unusable."""
    parameters = record.parameters_here(case.paths, name)
    resource = record.load(case.paths, name, parameters)
    if resource is None:
        from arkcore.guard.loading import Loading
        from arkcore.guard.workers import Workers

        call = Call(case.call.action, name, case.call.caller, parameters)
        its = Case(call, case.paths, case.signals, limit=limit, outer=case)
        resource, _ = Loading(its, Workers(its)).validated()
    return resource
