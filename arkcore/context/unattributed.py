"""Processes of a product that show no owner or a false one: to be told, and never ended."""

from __future__ import annotations

from arkcore.context.ownership import Search
from arkcore.machine import processes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arkcore.machine.processes import Process


class Unattributed(Search):
    """A search for those that are not the logical host's, and not provably another's."""

    def without_owner(self) -> list[Process]:
        """Those that show no owner, serve the machine, or pretend to belong here."""
        found = {process.pid: process for process in self.candidates()}
        owned = {process.pid for process in self.owned()}
        told = {
            **self._suspects,
            **{pid: each for pid, each in self._strangers.items() if self._pretends(pid)},
        }
        shown = [
            process
            for pid, process in found.items()
            if pid not in owned
            and pid not in told
            and pid not in self._apart
            and process.ppid not in found
            and len(processes.arguments(pid)) < 2
            and not self._names_a_host(processes.environment(pid))
            and self._is_here(pid)
        ]
        shown += [each for each in told.values() if each.ppid not in told and each.pid not in owned]
        return sorted(shown, key=lambda each: each.pid)

    def _pretends(self, pid: int) -> bool:
        if self._host in processes.arguments(pid)[1:]:
            return True
        environment = processes.environment(pid)
        return not self._wanted.isdisjoint(environment) or self._known_marks().are_in(environment)
