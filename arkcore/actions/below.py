"""The processes that have come below the guard since the action began."""

from __future__ import annotations

import os

from arkcore.machine import offspring, processes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arkcore.actions.work import Work
    from arkcore.machine.processes import Process


def newcomers(work: Work) -> set[Process]:
    """The processes that have come below the guard since the action began.

    This worker and what it has forked are not among them.
    """
    return _came(work, processes.table()) if work.strangers is not None else set()


def among_newcomers(work: Work, some: set[Process]) -> set[Process]:
    """Those of `some` that are newcomers. Asks them and their ancestors, not the whole node."""
    seen: dict[int, Process] = {}
    for process in some:
        above = processes.look(process.pid)
        while above is not None and above.pid not in seen:
            seen[above.pid] = above
            above = processes.look(above.ppid) if above.ppid > 1 else None
    return _came(work, seen) & some if work.strangers is not None else set()


def _came(work: Work, seen: dict[int, Process]) -> set[Process]:
    """The newcomers in the table `seen`, which holds the ancestors of each."""
    strangers = {each for each in work.strangers or () if seen.get(each.pid) == each}
    others = {each.pid for each in strangers} | {os.getpid()}
    found = processes.descendants({os.getppid()}, seen)
    started = _in_foreground(work, seen)
    found -= (strangers | processes.descendants(others, seen)) - started
    spare = work.resource.application.machine_wide
    return {each for each in offspring.apart_from(spare, found, seen) if each.pid not in others}


def _in_foreground(work: Work, seen: dict[int, Process]) -> set[Process]:
    """The daemons that are still this worker's own children, and what they have made."""
    pids = {each.pid for each in work.engine.daemons}
    if not pids:
        return set()
    own = {seen[pid] for pid in pids & seen.keys()}
    return own | processes.descendants(pids, seen)


def made_here(work: Work, some: set[Process]) -> bool:
    """Whether all of `some` have come below the guard: then the guard sees how they end."""
    return some <= among_newcomers(work, some)
