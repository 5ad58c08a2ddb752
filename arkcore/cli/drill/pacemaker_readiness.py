"""What must be so in a cluster of Pacemaker's before a drill; else it is refused."""

from __future__ import annotations

from arkcore.cli.drill.manager import Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arkcore.managers.cib import Cib
    from arkcore.managers.crm_mon import View


def refuse_cluster(view: View) -> None:
    if not view.has_quorum:
        raise Refused("the cluster has no quorum; see: crm_mon -1")
    if view.maintenance_mode:
        raise Refused(
            "the cluster is in maintenance mode and acts upon nothing; first: "
            "crm_attribute --name maintenance-mode --update false"
        )
    if view.being_fenced:
        names = ", ".join(sorted(view.being_fenced))
        raise Refused(f"{names}: fencing is pending; wait for its end: stonith_admin --history '*'")


def where_of(view: View, resource: str) -> str:
    state = view.resources.get(resource)
    if state is None:
        names = ", ".join(sorted(view.resources))
        raise Refused(f"the cluster has no resource {resource}; it has: {names}")
    several = view.several & set(view.above[resource])
    if several:
        raise Refused(f"{resource} is of the clone {several.pop()}: it runs on every node")
    if not state.managed:
        raise Refused(
            f"{resource} is not managed by the cluster (is-managed, maintenance); first: "
            f"crm_resource --resource {resource} --meta --delete-parameter maintenance"
        )
    where = view.where(resource)
    if not where or state.blocked:
        raise Refused(
            f"the cluster says of {resource}: {told_of(view, resource)}; bring it in "
            f"service on one node first"
        )
    return where


def other_node(view: View, source: str, to: str) -> str:
    others = sorted(view.members - {source})
    if to and to not in others:
        there_are = ", ".join(others) or "none"
        raise Refused(f"--to {to}: no other node of the cluster; there are: {there_are}")
    if not to and len(others) != 1:
        raise Refused(
            f"the cluster has {len(others)} other nodes ({', '.join(others) or 'none'}); "
            f"a drill needs one: name it with --to"
        )
    return to or others[0]


def refuse_nodes(view: View, nodes: set[str]) -> None:
    for node in sorted(nodes):
        leave = f"first: crm_standby --node {node} --delete"
        for bad, what, first in (
            (view.unclean, "is unclean: it is to be fenced", "see: crm_mon -1"),
            (view.pending, "is joining", "wait until it has"),
            (view.standby, "is in standby", leave),
            (view.in_maintenance, "is in maintenance", f"first: crm_attribute --node {node} "
             f"--name maintenance --delete"),
        ):  # fmt: skip
            if node in bad:
                raise Refused(f"{node} {what}; {first}")
        if node not in view.online:
            raise Refused(f"{node} is offline; start Pacemaker there first")


def refuse_failures(view: View, cib: Cib, resources: set[str]) -> None:
    for node, resource, count in cib.failures():
        if resource in resources and node in view.members:
            raise Refused(
                f"{resource} has {count} failures on record on {node}; when their cause is "
                f"gone: crm_resource --cleanup --resource {resource}"
            )


def refuse_left(cib: Cib, name: str) -> None:
    left = cib.left_by_moves(name)
    if left:
        raise Refused(
            f"{left[0]}: a move has left this constraint, or a drill is at work on another "
            f"node; where none is: crm_resource --resource {name} --clear"
        )


def told_of(view: View, resource: str) -> str:
    """How the cluster says that a resource is."""
    state = view.resources.get(resource)
    return str(state).strip() if state else f"{resource}: unknown to the cluster"
