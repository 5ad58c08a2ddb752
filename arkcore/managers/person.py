"""A person as the caller, by `ark run`: the intent stays the cluster manager's."""

from __future__ import annotations

from arkcore.base.call import Action, Caller
from arkcore.memory.intent import Wanted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arkcore.managers.base import Cluster
    from arkcore.memory.maintenance import Maintenance
    from arkcore.memory.state import State
    from arkcore.resources.timers import Timers


class Person(Caller):
    """Someone at this node, who asks the resource's cluster manager what it knows."""

    is_manager = False

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.check_interval = cluster.check_interval

    def run_limit(self, timers: Timers) -> float:
        """The cluster manager's, so that a person sees what it would."""
        return self._cluster.run_limit(timers)

    def in_service(self, resource: str) -> bool | None:
        return self._cluster.in_service(resource)

    def objection(
        self, action: Action, resource: str, state: State, maintenance: Maintenance
    ) -> str:
        """Why the cluster manager's own state contradicts `action`; "" where it does not.

        A restore where the resource is not in service could run it on two nodes. A remove where
        it is in service would be taken for a failure, and undone.
        """
        if action is Action.RESTORE:
            in_service = self.in_service(resource)
            if in_service is False:
                return f"{resource} is not in service here, and may run on another node"
            if in_service is None and state.intent.wanted is Wanted.DOWN:
                return f"the cluster manager's last word here was to take {resource} down"
        elif action is Action.REMOVE and not maintenance.active():
            in_service = self.in_service(resource)
            if in_service:
                return f"{resource} is in service here and not in maintenance"
            if in_service is None and state.intent.wanted is Wanted.UP:
                return f"the cluster manager wants {resource} up here, and it is not in maintenance"
        return ""

    def command_instead(self, action: Action, resource: str) -> str:
        """The cluster manager's own command that does what `action` does."""
        return self._cluster.command(action, resource)
