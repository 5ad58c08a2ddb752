"""Which processes are provably another resource's, although they show our logical host's name.

A process that is left out of ours has to be in somebody's care, or a stop would overlook it. So the
other one must still be a resource of this node, and must know the process: it recorded that when it
was last RUNNING; or the process bears a mark of its starts that was written down, a user of its own
has it, and its plugin is ours, whose search finds what bears such a mark.
"""

from __future__ import annotations

import os

from arkcore.context.ownership import Others, Owner, is_one_of
from arkcore.machine import processes
from arkcore.memory.intent import Wanted
from arkcore.memory.state import State
from arkcore.resources import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from arkcore.machine.processes import Process
    from arkcore.resources.resource import Resource


class OthersOfNode(Others):
    """The other resources of this node, as owners of processes. Each is read once, when needed.

    `owner`: ours. `users`: names of users that our plugin adds to those of every resource.
    """

    def __init__(self, owner: Owner, users: Collection[str] = ()) -> None:
        self._owner = owner
        self._users = users
        self._read: dict[str, State] | None = None

    def _states(self) -> dict[str, State]:
        """What is remembered of each of them, by name."""
        if self._read is None:
            own = self._owner.state
            try:
                names = os.listdir(os.path.dirname(own.directory))
            except OSError:
                names = []
            self._read = {
                name: State(own.paths, name, read_only=True)
                for name in names
                if name != own.resource
            }
        return self._read

    def among(self, named: set[int], ours: set[int], found: dict[int, Process]) -> set[int]:
        # What descends from one that is surely ours, or another's, is not asked about.
        near = _with_children(ours, named, found)
        doubtful = {pid for pid in named if pid not in near or self._shows_another(pid)}
        apart = {pid for pid in doubtful if self._have(found[pid])}
        return _with_children(apart, doubtful, found)

    def _shows_another(self, pid: int) -> bool:
        return self._owner.is_marked_by_another(processes.environment(pid))

    def _have(self, process: Process) -> bool:
        return self._have_recorded(process) or self.started(process)

    def _have_recorded(self, process: Process) -> bool:
        wanted = (process.pid, process.start)
        return any(
            wanted in state.processes.known() and self._is_resource(state)
            for state in self._states().values()
        )

    def _is_resource(self, state: State) -> bool:
        """Whether it still is a resource of this node, so that somebody stops what it has.

        What is recorded of one outlives it. Where its manager holds its values, nothing here tells
        but that it is to run. Where a plugin has a logical host for itself, such a record is of the
        name that our resource had before.
        """
        if os.path.exists(state.paths.resource_file(state.resource)):
            return True
        if record.parameters_here(state.paths, state.resource) is None:
            return False
        known = record.last_known_good(state.paths, state.resource)
        if known is not None and known.plugin.name == self._owner.plugin:
            if not self._owner.shares_host:
                return False
        return state.intent.wanted is Wanted.UP

    def started(self, process: Process) -> bool:
        mark = processes.mark_of(process.pid)
        state = self._states().get(mark.partition(":")[0])
        if state is None or not self._is_resource(state):
            return False
        resource = record.last_known_good(state.paths, state.resource)
        if resource is None or resource.plugin.name != self._owner.plugin:
            return False
        owner = Owner(resource, state, _users_of(resource, self._owner.user_options))
        marks = owner.marks()
        if not marks.are_known or not marks.are_in(processes.environment(process.pid)):
            return False
        return is_one_of(process.pid, owner.users(self._users))


def _users_of(resource: Resource, keys: Collection[str]) -> list[str]:
    found = (resource.options.get(key) for key in keys)
    return [each for each in found if each and isinstance(each, str)]


def _with_children(parents: set[int], among: set[int], found: dict[int, Process]) -> set[int]:
    """`parents`, and what of `among` descends from them by way of `among`."""
    reached, grew = set(parents), True
    while grew:
        more = {pid for pid in among - reached if found[pid].ppid in reached}
        reached |= more
        grew = bool(more)
    return reached
