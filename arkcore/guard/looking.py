"""Looking at a node that its manager knows nothing of yet, without acting."""

from __future__ import annotations

from arkcore.actions.probe import look as look_in_worker
from arkcore.actions.probe import outlived
from arkcore.base import budget
from arkcore.base.status import Outcome, Status, Verdict
from arkcore.base.stderr import complain
from arkcore.context.start_group import living
from arkcore.guard.ended import who_ended_us
from arkcore.guard.guard import Guard
from arkcore.guard.loading import Loading
from arkcore.guard.workers import Workers
from arkcore.machine import processes
from arkcore.resources import record
from arkcore.worker.signals import Ended

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arkcore.base.call import Call
    from arkcore.base.paths import Paths
    from arkcore.guard.case import Case
    from arkcore.resources.resource import Resource
    from arkcore.worker.signals import Signals


def look(call: Call, paths: Paths, signals: Signals) -> Verdict:
    """How the resource is here, for a manager that knows nothing of this node yet. Never raises.

    No lock, clock, maintenance or log is asked, and nothing is written but the record. The status
    is STOPPED where nothing of it lives, also where nobody can be asked.
    """
    guard = Guard(call, paths, signals)
    case = guard.case
    try:
        resource, problem = _resource(case)
        if resource is not None:
            # No action's sweep follows, and no command but its own may be ended.
            run = guard.use(resource)
            within = run.limit or budget.LOOKING
            report = run.ask(look_in_worker, resource, within=within, aside=True)
            if report.outcome is not Outcome.INTERNAL:
                report.reason = report.reason or problem
                return report
            problem = report.reason
        recorded = case.state.processes.known()
        alive = {pid for pid, start in recorded if processes.is_alive(pid, start)}
        alive |= {each.pid for each in living(case.state)}
        verdict = outlived(problem, sorted(alive))
        verdict.fault = case.fault
        return verdict
    except Ended:
        reason = who_ended_us(signals, [case.state])
    except Exception as error:  # ours: nobody knows what runs
        reason = f"internal error: {type(error).__name__}: {error}"
        complain(f"{call.resource}: {reason}")
    return Verdict(Outcome.INTERNAL, reason, Status.UNKNOWN)


def _resource(case: Case) -> tuple[Resource | None, str]:
    """What can be looked at, and what is wrong with it."""
    call = case.call
    resource = record.load(case.paths, call.resource, call.parameters)
    if resource is not None:
        return resource, ""
    loading = Loading(case, Workers(case))
    resource, problem = loading.validated()
    if resource is None:
        known = record.last_known_good(case.paths, call.resource)

        def manages_for_certain(name: str) -> bool:
            return call.caller.manages(name) is True

        # Another resource of the same logical host hides nothing unless it is there.
        resource = loading.essentials(manages_for_certain) or known
    return resource, problem
