"""Asks resources for their status without acting.

No lock is taken, no clock moves, no RAS line and no state is written.
"""

from __future__ import annotations

import json
import os
from functools import partial

from arkcore import processes
from arkcore.cli.aside import Aside, end_what_is_left
from arkcore.deadline import Deadline
from arkcore.guard import ask
from arkcore.state import State
from arkcore.status import Outcome, Status, StatusReport
from arkcore.worker import do_part

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from arkcore.channel import Report, Sender
    from arkcore.paths import Paths
    from arkcore.resource import Resource

#: What a late command is given to end before its asker is ended too.
_ENDING = 2.0


class _Memory(State):
    """What is remembered, for one who only looks: nothing is added to it."""

    def _write(self, name: str, /, **value: Any) -> None:
        pass

    def _forget(self, name: str) -> None:
        pass


def look_at(
    paths: Paths, resources: Sequence[Resource], within: float
) -> dict[str, StatusReport | str]:
    """The status of each now, all asked at once; a text where nobody could be asked.

    A status command that has no answer `within` seconds is ended; its resource is UNKNOWN.
    """
    deadline = Deadline.after(within)
    asking = {
        resource.name: Aside(partial(_ask, paths, resource, deadline)) for resource in resources
    }
    end = Deadline(deadline.at + _ENDING)
    found = {name: _told(aside.wait(end)) for name, aside in asking.items()}
    if asking:
        end_what_is_left()
    return found


def _ask(paths: Paths, resource: Resource, deadline: Deadline, sender: Sender) -> None:
    state = _Memory(paths, resource.name)
    do_part(sender, ask, resource, state, deadline, direct=False, observed=lambda _: None)


def _told(report: Report) -> StatusReport | str:
    if report.outcome is Outcome.INTERNAL:
        return report.reason
    return StatusReport(report.status or Status.UNKNOWN, report.reason)


class AtWork:
    """The action that holds a resource's lock: its word, its guard, since when (boot time)."""

    def __init__(self, action: str, pid: int, since: float) -> None:
        self.action = action
        self.pid = pid
        self.since = since


def action_at_work(state: State) -> AtWork | None:
    """The action at work on a resource. Read from the lock's text; the lock is left alone."""
    try:
        with open(os.path.join(state.directory, "lock"), "rb") as file:
            action, pid, start, since = json.loads(file.read(4096))
        process = processes.look(int(pid))
        if process is None or process.start != int(start):
            return None
        return AtWork(str(action), process.pid, float(since))
    except (OSError, ValueError, TypeError):
        return None
