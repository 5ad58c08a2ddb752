"""A look at a node that its manager knows nothing of yet: does it run here, and wholly?"""

from __future__ import annotations

from arkcore.actions.gone import is_gone
from arkcore.base.status import Outcome, Status, Verdict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from arkcore.actions.work import Work


def look(work: Work) -> Verdict:
    """In a worker: STOPPED where nothing of it lives; else its status, once that is clear."""
    if is_gone(work):
        return Verdict(Outcome.WELL, status=Status.STOPPED)
    found = work.asking.settle(work.deadline, work.timer("restore.confirm"))
    if found.status is Status.RUNNING:
        return Verdict(Outcome.WELL, status=Status.RUNNING)
    alone = not found.processes and not work.state.ever_restored()
    if alone and found.nobody_said and not work.resource.application.runs_as_processes:
        # Only its status command could tell, which is not there; but it never was here either.
        return Verdict(Outcome.WELL, f"It is {found}, and was never started here", Status.STOPPED)
    return Verdict(Outcome.FAILED, f"It is {found}.", found.status)


def lives(work: Work) -> Verdict:
    """In a worker: well where a process of it is seen; nobody is asked for its status."""
    seen = work.asking.list_processes()
    return Verdict(Outcome.WELL if seen else Outcome.SKIPPED)


def outlived(problem: str, alive: Sequence[int]) -> Verdict:
    """What can be said where no plugin can be asked: who lives of those it last ran with."""
    if not alive:
        return Verdict(Outcome.WELL, problem, Status.STOPPED)
    pids = ", ".join(map(str, sorted(alive)))
    return Verdict(
        Outcome.INTERNAL, f"there live of its processes: {pids}; {problem}", Status.UNKNOWN
    )
