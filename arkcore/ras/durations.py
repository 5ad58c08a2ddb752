"""How long scripts and their steps took, from the lines of the RAS log.

The log has whole seconds, so a duration may be off by one. A script or step without an end, one
that another began over, and one that ended before it began (the clock was set back) tell nothing
and are left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from arkcore.base.call import Action
from arkcore.machine.channel import Step
from arkcore.ras.history import Moment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from arkcore.ras.reader import RasLine

#: No action takes longer: what seems to was the clock, or another script's line.
_LONGEST = 86400.0

_BY_SCRIPT = {action.script: action for action in Action}
_SCRIPT = re.compile(
    rf"(?P<script>{'|'.join(_BY_SCRIPT)}) (?P<what>start|completed|failed|aborted)\.(?P<rest>.*)"
)
_STEP_BEGINS = {step.began: step for step in Step}
_UNDECIDED = re.compile(r"undecided for (?P<seconds>\d{1,9}) s")
_SKIPPED = "Skipped:"
_NO_END = "no end after "


@dataclass
class StepTaken:
    """One step: when it began, how long it took, how it ended. Seconds."""

    step: Step
    began: float
    seconds: float = 0.0
    well: bool = False
    #: Whether it ended by going on to the forced stop.
    forced: bool = False

    @property
    def ends(self) -> float:
        return self.began + self.seconds


@dataclass
class ScriptTaken:
    """One script with its steps. Seconds, since the epoch where it is a time."""

    action: Action
    began: float
    seconds: float = 0.0
    #: "completed" or "failed".
    ended: str = ""
    reason: str = ""
    steps: list[StepTaken] = field(default_factory=list)
    #: When the first of its steps ended badly; None where none did.
    failed_at: float | None = None

    @property
    def well(self) -> bool:
        return self.ended == "completed"

    @property
    def skipped(self) -> bool:
        return self.reason.startswith(_SKIPPED)

    @property
    def undecided(self) -> float:
        """Seconds the undecided clock showed at its end; 0 where it does not say so."""
        found = _UNDECIDED.search(self.reason)
        return float(found["seconds"]) if found else 0.0

    @property
    def ran_out(self) -> bool:
        """Whether it failed because its time was over."""
        return not self.well and _NO_END in self.reason

    @property
    def ends(self) -> float:
        return self.began + self.seconds

    @property
    def acted(self) -> bool:
        """Whether it started or stopped anything."""
        return bool(self.of(Step.START, Step.STOP, Step.FORCE))

    def of(self, *steps: Step) -> list[StepTaken]:
        """Its steps of these kinds, in order."""
        return [each for each in self.steps if each.step in steps]


class Scripts:
    """Makes scripts of one resource's lines, as they come."""

    def __init__(self) -> None:
        #: Those that came to their end, in order of their ends.
        self.ended: list[ScriptTaken] = []
        self._open: dict[Action, ScriptTaken] = {}
        self._step: StepTaken | None = None

    def hear(self, message: str, at: float) -> None:
        found = _SCRIPT.fullmatch(message)
        if found is not None:
            self._script(_BY_SCRIPT[found["script"]], found["what"], found["rest"].strip(), at)
            return
        step = _STEP_BEGINS.get(message)
        if step is not None:
            self._end_step(at, well=True, forced=step is Step.FORCE)
            self._step = StepTaken(step, at)
            return
        for each in Step:
            if message.startswith((each.completed, each.failed)):
                self._end_step(at, well=message.startswith(each.completed))
                return

    def _script(self, action: Action, what: str, reason: str, at: float) -> None:
        if what == "start":
            self._open[action] = ScriptTaken(action, at)
            return
        script = self._open.pop(action, None)
        if script is None or what == "aborted":
            return
        # A quickCheck that is skipped says so within another script's pair.
        if not (action is Action.QUICK_CHECK and reason.startswith(_SKIPPED)):
            self._step = None
        script.seconds, script.ended, script.reason = at - script.began, what, reason
        if 0 <= script.seconds <= _LONGEST:
            self.ended.append(script)

    def _end_step(self, at: float, *, well: bool, forced: bool = False) -> None:
        step, self._step = self._step, None
        script = self._at_work()
        if script is not None and not well and script.failed_at is None:
            script.failed_at = at
        if step is None or script is None:
            return
        step.seconds, step.well, step.forced = at - step.began, well, forced
        if 0 <= step.seconds <= _LONGEST and script.began <= step.began:
            script.steps.append(step)

    def _at_work(self) -> ScriptTaken | None:
        """The script that steps belong to: a quickCheck's only where no other is open."""
        others = [each for key, each in self._open.items() if key is not Action.QUICK_CHECK]
        return others[-1] if others else self._open.get(Action.QUICK_CHECK)


def scripts_of(lines: Iterable[RasLine], resource: str) -> list[ScriptTaken]:
    """The scripts of one resource that came to their end, in order of their ends."""
    scripts, moment = Scripts(), Moment()
    for line in lines:
        if line.resource == resource:
            at = moment.of(line)
            if at is not None:
                scripts.hear(line.message, at)
    return scripts.ended
