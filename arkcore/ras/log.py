"""The log of one script: its pair, its steps' pairs, and what is told between them."""

from __future__ import annotations

import time

from arkcore.machine.channel import Event, Step
from arkcore.ras.format import format_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from arkcore.base.status import Verdict
    from arkcore.ras.sink import RasSink
    from arkcore.ras.sinks import Sinks

_STEPS = {step.value[0]: step for step in Step}
_TOLD_BY_DEFAULT = ("warning", "error")


class ScriptLog:
    """Turns what happens into RAS lines, and keeps the pairs whole.

    `listener` is told of everything as it happens: a kind ("line" or "now") and a text.
    """

    def __init__(
        self,
        sink: RasSink,
        sinks: Sinks,
        resource: str,
        logical_host: str,
        *,
        full: bool,
        listener: Callable[[str, str], None] | None = None,
    ) -> None:
        self._sink = sink
        self._sinks = sinks
        self._resource = resource
        self._logical_host = logical_host
        self._full = full
        self._listener = listener
        self._open: Step | None = None
        self._held: list[bytes] | None = None
        self.activity = ""

    # Holding back, for a quickCheck that is told only when its verdict changes.

    def hold(self) -> None:
        self._held = []

    def release(self) -> None:
        held, self._held = self._held, None
        for line in held or ():
            self._sink.write(line)

    def drop(self) -> None:
        self._held = None

    # Lines.

    def line(self, message: str, level: str = "info", at: float | None = None) -> None:
        moment = time.time() if at is None else at
        line = format_line(self._resource, self._logical_host, message, moment)
        if self._held is not None:
            self._held.append(line)
        else:
            self._sink.write(line)
        self._sinks.tell(level, self._resource, self._logical_host, message)
        if self._listener:
            self._listener("line", message)

    # What a worker tells.

    def take(self, event: Event) -> None:
        text = event.texts[-1] if event.texts else ""
        if event.kind in (Event.NOW, Event.LATE):
            self.activity = text
            if self._listener:
                self._listener("now", text)
            if event.kind == Event.LATE:
                self._sinks.prepare("warning")
        elif event.kind == Event.TRACE:
            self.trace(event)
        elif event.kind == Event.COMMAND:
            self.line(text, at=event.at)
        elif event.kind == Event.REMARK and len(event.texts) == 2:
            self._remark(event.texts[0], text)
        elif event.kind in (Event.BEGAN, Event.COMPLETED, Event.FAILED) and event.texts:
            step = _STEPS.get(event.texts[0])
            if step is not None:
                self._step(event, step, text if len(event.texts) > 1 else "")

    def trace(self, event: Event) -> None:
        """Tell a hook call, where it was asked for; it is no line of the RAS log."""
        if event.kind == Event.TRACE and event.texts:
            self._sinks.trace(self._resource, self._logical_host, event.texts[0], event.at)

    def _remark(self, level: str, text: str) -> None:
        if self._full or level in _TOLD_BY_DEFAULT:
            self.line(text, level)
        else:
            self._sinks.tell(level, self._resource, self._logical_host, text)

    def _step(self, event: Event, step: Step, text: str) -> None:
        if event.kind == Event.BEGAN:
            self._open = step
            self.line(step.began, at=event.at)
            return
        self._open = None
        if event.kind == Event.COMPLETED:
            self.line(f"{step.completed} {text}".rstrip())
        else:
            self.line(f"{step.failed} {text}".rstrip(), "error")

    def close_step(self, well: bool, reason: str) -> None:
        """Close the step that its worker left open, if there is one."""
        step, self._open = self._open, None
        if step is None:
            return
        if well:
            self.line(step.completed)
        else:
            self.line(f"{step.failed} {reason}".rstrip(), "error")

    def close_step_as(self, report: Verdict) -> None:
        self.close_step(report.well, report.reason)
