"""Waits for a start to come to RUNNING, and knows when nothing will come of it any more.

Nothing will where the product has died, or has refused its start: it returned something else than
0, nothing of the start is at work, and the answer stays STOPPED.
"""

from __future__ import annotations

import time

from arkcore.actions.below import made_here, newcomers
from arkcore.base import retry
from arkcore.base.deadline import Deadline
from arkcore.base.status import Status
from arkcore.machine import ending

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from arkcore.actions.asking import Assessment
    from arkcore.actions.work import Work
    from arkcore.machine.command import CommandResult
    from arkcore.machine.processes import Process

#: A product is dead when no process of it was seen so often, over so many seconds.
_LOOKS = 3
_SECONDS = 5.0
_SECOND_LOOK = 0.02


def await_running(work: Work, found: Assessment) -> Assessment:
    """Ask until it is RUNNING, has died, or the deadline has come; the last answer.

    `found`: the first answer, which was another one than RUNNING.
    """
    work.now("waiting for RUNNING")
    death = _Death(work)
    death.told(found)

    def over() -> bool:
        nonlocal found
        found = work.asking.assess()
        if found.status is Status.RUNNING:
            return True
        how = death.told(found)
        if how:
            found.detail = f"{found.detail}; {how}" if found.detail else how
        return bool(how)

    # Only a death shortens the pause before the next question.
    retry.ask_until(over, work.deadline, sleep=lambda pause: _sleep_while_alive(work, pause))
    return found


def _sleep_while_alive(work: Work, seconds: float) -> None:
    """Sleep `seconds`; less where the application has processes now, and then none any more."""
    until = Deadline.after(seconds)
    alive = work.asking.list_processes()
    while alive and not until.passed:
        ending.sleep_until_death(alive, until.remaining())
        time.sleep(min(_SECOND_LOOK, until.remaining()))
        alive = work.asking.list_processes()
        if not alive:
            return
    time.sleep(until.remaining())


class _Death:
    """Tells from one answer after another whether the product has died since its start."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._seen: set[Process] = set()
        #: Whether all that were seen descend from this guard.
        self._all_ours = True
        self._looks, self._since = 0, 0.0

    def told(self, found: Assessment) -> str:
        """The reason why this start cannot come to RUNNING any more; "" where it still may."""
        ended = self._foreground_ended(found)
        if ended:
            return ended
        fresh = set(found.processes or ()) - self._seen
        self._all_ours = self._all_ours and made_here(self._work, fresh)
        self._seen |= fresh
        refused = found.status is Status.STOPPED and self._was_refused()
        known = self._work.resource.application.runs_as_processes or self._seen or refused
        if not known or found.processes != [] or _start_goes_on(self._work):
            self._looks = 0
            return ""
        if self._left_nothing():
            return "it has died: nothing that the start made lives"
        # Something else may have been asked to start it, and may not have done so yet.
        self._looks += 1
        self._since = self._since if self._looks > 1 else time.monotonic()
        if self._looks >= _LOOKS and time.monotonic() - self._since >= _SECONDS:
            if refused and not self._seen:
                return f"the start was refused: nothing of it for {_SECONDS:g} s"
            return f"it has died: no process for {_SECONDS:g} s"
        return ""

    def _foreground_ended(self, found: Assessment) -> str:
        """How the daemons that were started in the foreground have ended; "" where one lives."""
        daemons = self._work.engine.daemons
        if not daemons or found.processes != []:
            return ""
        ended = [result for each in daemons if (result := each.ended())]
        if len(ended) < len(daemons) or newcomers(self._work):
            return ""
        told = [": ".join([each.told(), *each.last_lines(2)]) for each in ended]
        return f"it has died: {'; '.join(told)}"

    def _was_refused(self) -> bool:
        decides = self._work.resource.application.start_code_decides
        return start_was_refused(decides, self._work.engine.step.results)

    def _left_nothing(self) -> bool:
        """Whether all that the start made is dead, and did not end well.

        What ends well may have handed over to a service manager, whose processes are not ours.
        """
        if not (self._seen and self._all_ours):
            return False
        if not any(ending.ended_badly(each) for each in self._seen):
            return False
        if newcomers(self._work):
            return False
        # Looked at twice: a process that forks and ends can be missed once.
        time.sleep(_SECOND_LOOK)
        return not newcomers(self._work) and self._work.asking.list_processes() == []


def start_was_refused(code_decides: bool, results: Sequence[CommandResult]) -> bool:
    """Whether the last command of the start has returned something else than 0.

    `code_decides`: what the application declares; False means that no code is a refusal.
    """
    return code_decides and bool(results) and results[-1].returncode not in (0, None)


def _start_goes_on(work: Work) -> bool:
    """Whether processes of the start command are still at work in the background."""
    return bool({*work.ctx.started_processes()} - work.engine.owner.spared)
