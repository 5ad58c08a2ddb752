"""Which processes in the control group of a start are not to be ended with it.

The engine's own, the machine's, and another resource's.
"""

from __future__ import annotations

import os

from arkcore.machine import processes
from arkcore.machine.machine_wide import serves_machine
from arkcore.memory.state import State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from arkcore.context.ownership import Owner
    from arkcore.machine.processes import Process


class Outsiders:
    """What lives in the group of a resource and is not to be ended with it.

    `machine_wide`: the names that the application declares for the machine's.
    """

    def __init__(self, machine_wide: Collection[str], state: State, owner: Owner) -> None:
        self._machine_wide = machine_wide
        self._state = state
        self._owner = owner
        #: What other resources ran with: read once.
        self._others: set[tuple[int, int]] | None = None

    def among(self, found: set[Process]) -> set[Process]:
        """Those of `found` that are the engine's own, another resource's or the machine's."""
        if self._others is None:
            self._others = recorded_by_others(self._state)
        machine_wide = {*self._machine_wide, *self._owner.apart}
        apart = outsiders(found, machine_wide, self._others)
        spared = self._owner.spared
        if spared:
            apart |= found & (spared | processes.descendants({each.pid for each in spared}))
        return apart


def outsiders(
    found: set[Process], machine_wide: Collection[str], others: Collection[tuple[int, int]]
) -> set[Process]:
    """Those of `found` that are ours, another resource's, or the machine's with all they made.

    `others`: pid and start time of what other resources ran with, as :func:`recorded_by_others`.
    """
    if not found:
        return set()
    ours = _line_of(os.getpid())
    kept = {each for each in found if each.pid in ours or (each.pid, each.start) in others}
    if not machine_wide:
        return kept
    known: dict[int, bool] = {}

    def of_the_machine(process: Process | None) -> bool:
        if process is None or process.pid <= 1:
            return False
        if process.pid not in known:
            known[process.pid] = False  # parents may seem to go round in a circle
            known[process.pid] = serves_machine(process, machine_wide) or of_the_machine(
                processes.look(process.ppid)
            )
        return known[process.pid]

    return kept | {each for each in found if of_the_machine(each)}


def _line_of(pid: int) -> set[int]:
    """`pid` and its ancestors: of this worker, its guard and whoever called that."""
    line: set[int] = set()
    while pid > 1 and pid not in line:
        line.add(pid)
        process = processes.look(pid)
        pid = process.ppid if process else 0
    return line


def recorded_by_others(state: State) -> set[tuple[int, int]]:
    """Pid and start time of what the other resources of this node ran with when last RUNNING."""
    found: set[tuple[int, int]] = set()
    try:
        names = os.listdir(os.path.dirname(state.directory))
    except OSError:
        return found
    for name in names:
        if name != state.resource:
            found |= State(state.paths, name, read_only=True).processes.known()
    return found - state.processes.known()
