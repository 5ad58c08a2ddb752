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
        # Looked at twice, and more often while there come new ones: what goes on by way of its
        # children can slip through one look.
        proven = group.settles()
        may_come = set() if proven else _may_come_to_light(work)
        if may_come is None:
            return False
        work.starts_left_nothing = not may_come
        # What was there before shows by now all that it ever will, and whose its children are.
        stayed = {each.pid for each in may_come & known}
        news = any(each.ppid not in stayed for each in may_come - known)
        quiet = 0 if news else quiet + 1
        known = may_come
        # Where the group proves it, whoever else begins on this node says nothing.
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
    work.state.forget_sessions()
    group.forget()
    if work.resource.application.runs_as_processes:
        return True  # whatever the status command says
    return work.asking.assess().status is Status.STOPPED


def _may_come_to_light(work: Work) -> set[Process] | None:
    """What no look has shown for its own, and may be, or may make some of it anew.

    For a moment, while a process executes a new program, nothing shows whose it is; and what a
    start has made besides the product may be a shell that watches over it. None: nobody knows.
    """
    try:
        started, unclear = work.engine.owner.started()
        return unclear.union(started)
    except OSError:
        return None
