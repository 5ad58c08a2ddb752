"""The processes that a command has made: found by descent, by group and session, and by mark."""

from __future__ import annotations

from arkcore.machine import processes
from arkcore.machine.machine_wide import serves_machine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from arkcore.machine.processes import Process


def marked(
    is_ours: Callable[[str], bool],
    among: Iterable[Process] | None = None,
    users: Collection[int] | None = None,
) -> set[Process]:
    """The live processes whose mark `is_ours` accepts.

    `among`: all, where it is None. `users`: the effective user ids whose processes are asked; None
    is everybody's. Nothing is read of any other's: a process can keep its reader waiting.
    """
    found = set()
    for process in processes.table().values() if among is None else among:
        if process.is_kernel_thread:
            continue
        if users is not None and processes.owner(process.pid) not in users:
            continue
        mark = processes.mark_of(process.pid)
        if mark and is_ours(mark):
            found.add(process)
    return found


def apart_from(
    names: Collection[str], found: Iterable[Process], seen: dict[int, Process]
) -> set[Process]:
    """Those of `found` that bear none of `names`, and descend from none that does.

    What a machine-wide daemon starts is the machine's too, whoever started the daemon. What is not
    in the table `seen` is nobody's child: its number may be another's by now.
    """
    found = set(found)
    if not names:
        return found
    # Only what was found and its ancestors are asked for their executables: the machine is full of
    # others. Each one once, however deep they lie; parents may seem to go round in a circle, for a
    # table is not read in one moment.
    asked: set[int] = set()
    for process in found:
        pid = process.pid
        while pid in seen and pid not in asked:
            asked.add(pid)
            pid = seen[pid].ppid
    heads = {seen[pid] for pid in asked if serves_machine(seen[pid], names)}
    return found - heads - processes.descendants({each.pid for each in heads}, seen)


class Tree:
    """A command's process and all that came of it, also what has left its session or its parent.

    `users`: those whose processes are known by the mark, as :func:`marked` has them.
    """

    def __init__(
        self, pid: int, mark: str, spare: Sequence[str], users: Collection[int] | None
    ) -> None:
        self._pid = pid
        self._mark = mark
        self._spare = spare
        self._users = users
        self._known: set[Process] = set()

    def find(self) -> Iterable[Process]:
        seen = processes.table()
        # What was of the tree once stays of it, though its parents have died since.
        self._known = {each for each in self._known if seen.get(each.pid) == each}
        roots = {self._pid, *(each.pid for each in self._known)}
        found = processes.descendants(roots, seen) | self._known
        found |= {
            each for each in seen.values() if self._pid in (each.pid, each.pgrp, each.session)
        }
        found |= marked(lambda mark: mark == self._mark, seen.values(), self._users)
        self._known = apart_from(self._spare, found, seen)
        return self._known
