"""Makes scripts of the lines of one resource on one node, as they come."""

from __future__ import annotations

import re
from dataclasses import replace

from arkcore.base.call import Action
from arkcore.machine.channel import Step
from arkcore.ras.line import black_box_in
from arkcore.ras.records import CommandTold, Remark, ScriptTaken, StepTaken

#: No action takes longer: what seems to was the clock, or another script's line.
LONGEST = 86400.0
#: So many lines, and so many remarks, of one script are kept.
_KEPT = 300

_BY_SCRIPT = {action.script: action for action in Action}
_SCRIPT = re.compile(
    rf"(?P<script>{'|'.join(_BY_SCRIPT)}) (?P<what>start|completed|failed|aborted)\.(?P<rest>.*)"
)
_STEP_BEGINS = {step.began: step for step in Step}
_SKIPPED = "Skipped:"
_MAINTENANCE = "In maintenance"
#: A command line begins with its absolute path; a shell's quotes may come before it.
_COMMAND = ("/", "'/")


class Scripts:
    """The scripts of one resource: those that are over, and those that are still open."""

    def __init__(
        self, node: str = "", resource: str = "", logical_host: str = "", *, keeps: bool = True
    ) -> None:
        """`keeps`: whether a script's lines, commands and remarks are kept with it."""
        self._node = node
        self.resource = resource
        self.logical_host = logical_host
        self._keeps = keeps
        #: Those that are over, and remarks between them, in order of their ends.
        self.ended: list[ScriptTaken | Remark] = []
        self._open: dict[Action, ScriptTaken] = {}
        self._step: StepTaken | None = None

    @property
    def is_idle(self) -> bool:
        """Whether no script is open."""
        return not self._open

    def hear(self, message: str, at: float, text: str = "") -> None:
        """Take one line: its message, its time, and the line as it stands in the log."""
        found = _SCRIPT.fullmatch(message)
        if found is not None:
            self._script(
                _BY_SCRIPT[found["script"]], found["what"], found["rest"].strip(), at, text
            )
            return
        script = self.at_work()
        if script is not None:
            self._keep(script, message, text)
        step = _STEP_BEGINS.get(message)
        if step is not None:
            self._end_step(at, well=True, forced=step is Step.FORCE)
            self._step = StepTaken(step, at)
            return
        for each in Step:
            for end in (each.completed, each.failed):
                if message.startswith(end):
                    reason = message[len(end) :].strip()
                    self._end_step(at, well=end == each.completed, reason=reason)
                    return
        self._told(script, message, at)

    def close(self, at: float) -> None:
        """The log is over, at `at`: what is open has no end, or is still at work."""
        while self._open:
            script = self.at_work()
            assert script is not None
            del self._open[script.action]
            passed = max(0.0, at - script.began)
            script.at_work = passed <= LONGEST
            script.seconds = passed if script.at_work else 0.0
            self._take_step(script)
            self.ended.append(script)

    def at_work(self) -> ScriptTaken | None:
        """The script that steps belong to: a quickCheck's only where no other is open."""
        others = [each for key, each in self._open.items() if key is not Action.QUICK_CHECK]
        return others[-1] if others else self._open.get(Action.QUICK_CHECK)

    def look(self) -> ScriptTaken | None:
        """A copy of the script at work, with the step that is open now as its last."""
        script = self.at_work()
        if script is None:
            return None
        step = self._step
        steps = [*script.steps, step] if step is not None else list(script.steps)
        return replace(script, steps=steps, at_work=True)

    # Scripts.

    def _script(self, action: Action, what: str, reason: str, at: float, text: str) -> None:
        if what == "start":
            self._begin(action, at, text)
            return
        script = self._open.pop(action, None)
        if script is None:
            script = self._made(action, at)
            script.started = False
        self._keep(script, reason, text)
        # A quickCheck that is skipped says so within another script's pair.
        if not (action is Action.QUICK_CHECK and reason.startswith(_SKIPPED)):
            self._take_step(script)
        script.seconds, script.ended, script.reason = at - script.began, what, reason
        if not 0 <= script.seconds <= LONGEST:
            # The clock was set in between, or its end belongs to another: this tells no duration.
            script.seconds, script.started = 0.0, False
        self.ended.append(script)

    def _begin(self, action: Action, at: float, text: str) -> None:
        lost = self._open.pop(action, None)
        if lost is not None:
            self._take_step(lost)
            self.ended.append(lost)
        script = self._open[action] = self._made(action, at)
        self._keep(script, "", text)

    def _made(self, action: Action, at: float) -> ScriptTaken:
        return ScriptTaken(
            action, at, node=self._node, resource=self.resource, logical_host=self.logical_host
        )

    def _keep(self, script: ScriptTaken, message: str, text: str) -> None:
        box = black_box_in(message)
        if box and box not in script.black_boxes:
            script.black_boxes.append(box)
        if not self._keeps or not text:
            return
        if len(script.lines) < _KEPT:
            script.lines.append(text)
        else:
            script.more_lines += 1

    # Steps, and what stands in them.

    def _take_step(self, script: ScriptTaken) -> None:
        """Leave the open step, which has no end, with its script."""
        step, self._step = self._step, None
        if step is not None and script.began <= step.began:
            script.steps.append(step)

    def _end_step(self, at: float, *, well: bool, forced: bool = False, reason: str = "") -> None:
        step, self._step = self._step, None
        script = self.at_work()
        if script is not None and not well and script.failed_at is None:
            script.failed_at = at
        if step is None or script is None:
            return
        step.seconds, step.well, step.forced = at - step.began, well, forced
        step.reason, step.ended = reason, True
        if 0 <= step.seconds <= LONGEST and script.began <= step.began:
            script.steps.append(step)

    def _told(self, script: ScriptTaken | None, message: str, at: float) -> None:
        """A command line, or a remark."""
        if script is None:
            self.ended.append(Remark(self._node, self.resource, self.logical_host, at, message))
            return
        if message.startswith(_MAINTENANCE):
            script.in_maintenance = True
        if not self._keeps:
            return
        step = self._step
        if step is not None and step.step is not Step.STATUS and message.startswith(_COMMAND):
            if len(step.commands) < _KEPT:
                step.commands.append(CommandTold(message, at))
            return
        # Explanations come right before the end of their step, or before the next one begins.
        notes = script.notes if step is None else step.notes
        if len(notes) < _KEPT:
            notes.append(message)
