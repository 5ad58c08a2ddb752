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
    if work.strangers is None:
        return set()
    seen = processes.table()
    strangers = {each for each in work.strangers if seen.get(each.pid) == each}
    others = {each.pid for each in strangers} | {os.getpid()}
    found = processes.descendants({os.getppid()}, seen)
    found -= strangers | processes.descendants(others, seen)
    spare = work.resource.application.machine_wide
    return {each for each in offspring.apart_from(spare, found, seen) if each.pid not in others}


def among_newcomers(work: Work, some: set[Process]) -> set[Process]:
    """Those of `some` that are newcomers: few are asked for their ancestors, not the whole node."""
    if work.strangers is None or not some:
        return set()
    guard = os.getppid()
    others = {each.pid for each in work.strangers if processes.still_lives(each)} | {os.getpid()}
    seen: dict[int, Process] = {}
    for process in some:
        above: Process | None = processes.look(process.pid)
        while above is not None and above.pid not in seen:
            seen[above.pid] = above
            above = processes.look(above.ppid) if above.ppid > 1 else None
    found = processes.descendants({guard}, seen) - processes.descendants(others, seen)
    spare = work.resource.application.machine_wide
    apart = offspring.apart_from(spare, found & some, seen)
    return {each for each in apart if each.pid not in others}


def made_here(work: Work, some: set[Process]) -> bool:
    """Whether all of `some` have come below the guard: then the guard sees how they end."""
    return not some or (work.strangers is not None and some <= among_newcomers(work, some))
