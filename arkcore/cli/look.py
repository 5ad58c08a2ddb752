"""Asks resources for their status without acting.

No lock is taken, no clock moves, no RAS line and no state is written.
"""

from __future__ import annotations

from functools import partial

from arkcore.base.deadline import Deadline
from arkcore.base.status import StatusReport, Verdict
from arkcore.guard.asking import ask_status
from arkcore.memory.state import State
from arkcore.worker.aside import Aside, end_what_is_left
from arkcore.worker.part import Part, do_part
from arkcore.worker.several import Turn, in_turn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from arkcore.base.paths import Paths
    from arkcore.machine.channel import Sender
    from arkcore.resources.resource import Resource

#: What a late command is given to end before its asker is ended too.
_ENDING = 2.0


def look_at(
    paths: Paths, resources: Sequence[Resource], within: float
) -> dict[str, StatusReport | str]:
    """The status of each now, many asked at once; a text where nobody could be asked.

    A status command that has no answer `within` seconds is ended; its resource is UNKNOWN.
    """
    asked = {resource.name: resource for resource in resources}
    found: dict[str, StatusReport | str] = {}

    def begin(name: str) -> Turn:
        deadline = Deadline.after(within)
        aside = Aside(partial(_ask, paths, asked[name], deadline))
        return Turn(name, aside, Deadline(deadline.at + _ENDING))

    def over(turn: Turn) -> None:
        found[turn.name] = _told(turn.aside.wait(turn.end))

    try:
        in_turn(asked, begin, over)
    finally:
        # Also where a person does not wait for the answer: nothing is left behind.
        if asked:
            end_what_is_left()
    return found


def _ask(paths: Paths, resource: Resource, deadline: Deadline, sender: Sender) -> None:
    state = State(paths, resource.name, read_only=True)
    do_part(sender, Part(ask_status, resource, state, deadline))


def _told(report: Verdict) -> StatusReport | str:
    return StatusReport(report.status, report.reason) if report.status else report.reason
