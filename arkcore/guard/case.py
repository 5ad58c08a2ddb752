"""One call at this node: what every room of the guard is handed."""

from __future__ import annotations

import os
import time

from arkcore.base.deadline import Deadline
from arkcore.base.status import Fault
from arkcore.machine import processes
from arkcore.memory import private
from arkcore.memory.files import boottime
from arkcore.memory.lock import ResourceLock
from arkcore.memory.maintenance import Maintenance
from arkcore.memory.state import State
from arkcore.worker.signals import Ended

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from arkcore.base.call import Call
    from arkcore.base.paths import Paths
    from arkcore.worker.signals import Signals


class Case:
    """What is asked, of which resource, since when, and what this node remembers of it.

    `listener` is told of everything as it happens: a kind ("line" or "now") and a text. `limit`:
    ends every part, be it the manager's or that of `outer`, the recover within which this is done.
    """

    def __init__(
        self,
        call: Call,
        paths: Paths,
        signals: Signals,
        *,
        listener: Callable[[str, str], None] | None = None,
        limit: Deadline | None = None,
        outer: Case | None = None,
    ) -> None:
        self.call = call
        self.paths = paths
        self.signals = signals
        self.listener = listener
        private.secure(paths, call.resource)
        self.state = State(paths, call.resource)
        self.maintenance = Maintenance(paths, call.resource)
        self.limit = limit or call.caller.ends
        #: Whether it acts within another resource's recover, and so is no word of the manager's.
        self.is_nested = outer is not None
        # Timers count from the manager's call: what loading has taken is no time of its own.
        called_at = None if outer else call.caller.called_at
        #: When it began, in CLOCK_MONOTONIC seconds, and in seconds since boot.
        self.began_at = time.monotonic() if called_at is None else called_at
        self.began = boottime() - (time.monotonic() - self.began_at)
        self.me = processes.look(os.getpid())
        self.lock = ResourceLock(self.state.directory)
        #: All locks that this process may hold: a worker must hold none of them.
        self.locks: list[ResourceLock] = outer.locks if outer else []
        self.locks.append(self.lock)
        #: Who is to blame when nobody could be asked.
        self.fault = Fault.ENGINE

    @property
    def by_manager(self) -> bool:
        """Whether the cluster manager calls, not a person, nor another resource's recover."""
        return self.call.caller.is_manager and not self.is_nested

    def pause(self, seconds: float) -> None:
        """Wait. `Ended` where a signal told this process to end."""
        self.signals.wait(seconds)
        if self.signals.received:
            raise Ended
