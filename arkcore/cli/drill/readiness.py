"""What must be so at this node before a drill begins, whichever manager it is."""

from __future__ import annotations

from arkcore.base.call import Action
from arkcore.base.status import Outcome, Status, StatusReport
from arkcore.cli.drill.manager import Refused
from arkcore.cli.look import look_at
from arkcore.cli.pair import ask_peer, window_text
from arkcore.cli.resources import usable
from arkcore.memory.lock import holder_of
from arkcore.memory.maintenance import Maintenance
from arkcore.memory.state import State
from arkcore.memory.undecided import UndecidedClock
from arkcore.resources.names import resource_names
from arkcore.resources.record import of_managers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from arkcore.base.paths import Paths
    from arkcore.cli.drill.manager import Plan
    from arkcore.cli.peer import Peer

#: Seconds the applications are given to say how they are.
_ASKING = 20.0


def ours(paths: Paths, names: Sequence[str]) -> tuple[str, ...]:
    """Those of a plan's resources that have plugins, and so RAS lines."""
    known = {*resource_names(paths), *of_managers(paths)}
    return tuple(name for name in names if name in known)


def refuse_unready(paths: Paths, plan: Plan, node: str) -> None:
    """`Refused` where a resource of the plan is not as it must be on this node, with what to do."""
    names = ours(paths, plan.moves)
    for name in names:
        maintenance = Maintenance(paths, name)
        if maintenance.active():
            raise Refused(
                f"{name} is in {maintenance.describe()}; first: ark maintenance {name} off"
            )
        state = State(paths, name, read_only=True)
        if state.blindness.read():
            raise Refused(f"{name} is BLIND: nobody can ask for its status; see: ark status {name}")
        at_work = holder_of(state.directory)
        if at_work is not None and at_work.action != Action.QUICK_CHECK.word:
            raise Refused(
                f"{at_work.action} of {name} is at work; wait until it is over: ark status"
            )
    if node not in (plan.source, plan.target):
        return
    resources = [usable(paths, name) for name in names]
    for resource in resources:
        state = State(paths, resource.name, read_only=True)
        gap = UndecidedClock.gap_for(0.0)
        clock = state.undecided_clock(resource.timers["quickcheck.process"], gap)
        # A check that is at work is an observation too; only its verdict tells.
        undecided = state.verdict.read().outcome is Outcome.UNDECIDED
        if node == plan.source and undecided and clock.elapsed() > 0:
            raise Refused(
                f"{resource.name} has been undecided for {clock.elapsed():.0f} s; see: ark status "
                f"{resource.name}"
            )
    wanted = node == plan.source
    for name, seen in look_at(paths, resources, _ASKING).items():
        if not isinstance(seen, StatusReport):
            raise Refused(f"{name}: {seen}")
        detail = f" ({seen.detail})" if seen.detail else ""
        if wanted and seen.status is not Status.RUNNING:
            raise Refused(
                f"{name} is in service here and is {seen.status.value}{detail}, not RUNNING; wait "
                f"for it, or see: ark log {name}"
            )
        if not wanted and seen.status in (Status.RUNNING, Status.STARTING, Status.PARTIAL):
            raise Refused(
                f"{name} is in service on {plan.source}, and {seen.status.value} here{detail}; "
                f"see: ark status {name}"
            )


def refuse_unready_there(peer: Peer, plan: Plan, node: str) -> None:
    """`Refused` where the other node is not ready, as its own `ark` tells by ssh.

    `node`: this one. `PeerError`: the other one does not answer. Where a resource bears another
    tag there, nothing is told of it.
    """
    there = ask_peer(peer, _ASKING)
    partner = plan.target if plan.source == node else plan.source
    if partner != node and _short(there.node) != _short(partner):
        raise Refused(f"{peer.host} answers as {there.node}, and the other node is {partner}")
    for name in plan.moves:
        found = there.find(name)
        if found is None:
            continue
        if found.maintenance is not None:
            raise Refused(
                f"{name} is in {window_text(found.maintenance)} on {there.node}; first: "
                f"{peer.typed('maintenance', name, 'off')}"
            )
        if found.error or found.blind is not None:
            why = found.error or "BLIND"
            raise Refused(f"{name} on {there.node}: {why}; see: {peer.typed('status', name)}")
        work = found.at_work
        if work is not None and work.action != Action.QUICK_CHECK.word:
            raise Refused(
                f"{work.action} of {name} is at work on {there.node}; wait until it is over: "
                f"{peer.typed('status')}"
            )


def _short(node: str) -> str:
    """A host name without its domain, for LifeKeeper and the node may tell it differently."""
    return node.partition(".")[0].lower()
