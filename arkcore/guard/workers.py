"""Has workers do things for one call: what they must not hold, and where black boxes go."""

from __future__ import annotations

import time

from arkcore.base import budget
from arkcore.base.deadline import Deadline
from arkcore.worker.supervisor import supervise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from arkcore.base.status import Verdict
    from arkcore.guard.case import Case
    from arkcore.machine.channel import Event, Sender
    from arkcore.machine.python_stack import PythonStack
    from arkcore.ras.log import ScriptLog
    from arkcore.resources.resource import LogSettings


class Workers:
    """The workers of one call. `log` and `settings` are known once the resource is loaded."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self.log: ScriptLog | None = None
        #: Who may read a black box, and how long it is kept.
        self.settings: LogSettings | None = None

    def do(
        self, body: Callable[[Sender], None], end: Deadline, tell: Callable[[Event], object]
    ) -> Verdict:
        """Run `body` in a worker until `end`; what it leaves is looked for by the action."""
        return self._supervised(supervise, body, end, tell)

    def do_aside(
        self, body: Callable[[Sender], None], end: Deadline, tell: Callable[[Event], object]
    ) -> Verdict:
        """As :meth:`do`, for what is no part of an action: what `body` makes ends with it."""
        from arkcore.worker.aside import supervise_aside

        return self._supervised(supervise_aside, body, end, tell)

    def _supervised(
        self,
        have_done: Callable[..., Verdict],
        body: Callable[[Sender], None],
        end: Deadline,
        tell: Callable[[Event], object],
    ) -> Verdict:
        return have_done(
            body,
            end=end,
            tell=tell,
            signals=self._case.signals,
            prepare=self._leave_locks_to_guard,
            doing=lambda: self.log.activity if self.log is not None else "",
            record_late=self._record_late,
        )

    def _leave_locks_to_guard(self) -> None:
        for each in self._case.locks:
            each.leave_to_parent()

    def _record_late(self, pid: int, stack: PythonStack, within: float) -> str:
        from arkcore.machine import blackbox

        where, name = self._case.paths.blackboxes, self._case.call.resource
        log = self.settings
        if log is None:
            return blackbox.record_worker(where, name, pid, stack, within)
        keeping = blackbox.Keeping(log.blackboxes, log.blackbox_days, log.incident_days)
        return blackbox.record_worker(where, name, pid, stack, within, log.group, keeping)


def soon(seconds: float, limit: Deadline | None) -> Deadline:
    """`seconds` from now, or the limit."""
    return Deadline(budget.no_later(time.monotonic(), seconds, limit.at if limit else None))
