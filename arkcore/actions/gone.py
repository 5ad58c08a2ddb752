"""Whether nothing of the logical host is alive."""

from __future__ import annotations

import time

from arkcore.base.status import Status
from arkcore.machine import processes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arkcore.actions.work import Work
    from arkcore.machine.processes import Process

#: Where something may come to light, so many scans in a row must show nothing new; at most so many
#: scans are made. Seconds between two scans: these, or those in doubt.
_QUIET_LOOKS, _MOST_LOOKS = 6, 16
_SECOND_LOOK = 0.005
_SECOND_LOOK_IN_DOUBT = 0.02


def is_gone(work: Work) -> bool:
    """Whether nothing of this logical host is alive. Where that cannot be known: no."""
    group = work.engine.group
    known: set[Process] = set()
    quiet = 0
    for look in range(_MOST_LOOKS):
        newest = processes.newest()
        if work.asking.list_processes() != [] or not group.is_empty():
            return False
        # At least two scans, and more while new processes come: an application that goes on by
        # way of its children can slip through one scan.
        proven = group.settles()
        may_come = set() if proven else _may_come_to_light(work)
        if may_come is None:
            return False
        work.starts_left_nothing = not may_come
        # A process that the scan before has shown tells by now whose its children are.
        stayed = {each.pid for each in may_come & known}
        news = any(each.ppid not in stayed for each in may_come - known)
        quiet = 0 if news else quiet + 1
        known = may_come
        # Where the group proves it, processes that others start on this node do not matter.
        if look > 0 and not may_come and (proven or processes.newest() == newest):
            break
        if quiet >= _QUIET_LOOKS:
            break
        if may_come or look == 0:
            time.sleep(_SECOND_LOOK_IN_DOUBT if may_come else _SECOND_LOOK)
    else:
        return False  # new ones came to the last
    if not group.is_empty():
        return False
    work.state.sessions.forget()
    group.forget()
    if work.resource.application.runs_as_processes:
        return True  # whatever the status command says
    return work.asking.assess().status is Status.STOPPED


def _may_come_to_light(work: Work) -> set[Process] | None:
    """Processes that may be the application's, or may start it anew; None where nobody knows.

    Nothing shows whose a process is while it executes a new program. What a start has made besides
    the product may be a shell that watches over the product.
    """
    try:
        started, unclear = work.engine.owner.started()
        return unclear.union(started)
    except OSError:
        return None
