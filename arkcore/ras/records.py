"""What the RAS log tells, as records: commands, steps, scripts, rows of checks, remarks.

A *run* is what `ark log` shows as one: a script, a row of quickChecks that all went well, or a
remark that stands in no script. Times are seconds since the epoch; the log has whole seconds, so a
duration may be off by one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from arkcore.base.call import Action
from arkcore.base.status import Outcome
from arkcore.machine.channel import Step

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

#: What went well with more than this share of its timer used is a near miss.
NEAR = 0.8

_UNDECIDED = re.compile(r"undecided for (?P<seconds>\d{1,9}) s")
_NO_END = "no end after "
#: How the reason of an end begins, and the outcome that it tells.
_OUTCOMES = {
    ("completed", "Skipped:"): Outcome.SKIPPED,
    ("completed", "Undecided:"): Outcome.UNDECIDED,
    ("failed", "BLIND:"): Outcome.INTERNAL,
    ("failed", "Internal error:"): Outcome.INTERNAL,
}


@dataclass(slots=True)
class Used:
    """What a timer gave, and what was taken of it. Seconds."""

    timer: str = ""
    limit: float = 0.0
    seconds: float = 0.0

    @property
    def share(self) -> float | None:
        """How much of the timer was used; None where there is no timer."""
        return self.seconds / self.limit if 0 < self.limit < float("inf") else None

    @property
    def is_near(self) -> bool:
        return (self.share or 0.0) > NEAR


@dataclass(slots=True)
class CommandTold:
    """A command that started, stopped or forced: its command line, and when it was begun."""

    line: str
    at: float


@dataclass(slots=True)
class StepTaken:
    """One step of a script."""

    step: Step
    began: float
    seconds: float = 0.0
    well: bool = False
    #: Whether it ended by going on to the forced stop.
    forced: bool = False
    #: Whether the log holds its end.
    ended: bool = False
    #: What its last line says besides: a status, or why it failed.
    reason: str = ""
    commands: list[CommandTold] = field(default_factory=list)
    #: Explanations: how commands ended, and the last lines that the product wrote (`| …`).
    notes: list[str] = field(default_factory=list)
    used: Used = field(default_factory=Used)

    @property
    def ends(self) -> float:
        return self.began + self.seconds

    @property
    def failed(self) -> bool:
        return self.ended and not self.well

    @property
    def is_near(self) -> bool:
        return self.well and not self.forced and self.used.is_near


@dataclass(slots=True)
class ScriptTaken:
    """One script with its steps."""

    action: Action
    began: float
    seconds: float = 0.0
    #: "completed", "failed" or "aborted"; "" where the log holds no end.
    ended: str = ""
    reason: str = ""
    steps: list[StepTaken] = field(default_factory=list)
    #: When the first of its steps ended badly; None where none did.
    failed_at: float | None = None
    node: str = ""
    resource: str = ""
    logical_host: str = ""
    #: Whether the log holds its start.
    started: bool = True
    #: Whether it is still at work, as far as the log tells.
    at_work: bool = False
    #: Remarks outside of steps.
    notes: list[str] = field(default_factory=list)
    black_boxes: list[str] = field(default_factory=list)
    used: Used = field(default_factory=Used)
    #: Its lines as they stand in the log, as far as they are kept.
    lines: list[str] = field(default_factory=list)
    #: How many lines more it has.
    more_lines: int = 0
    #: Whether a line says that maintenance is on: then a person acts, not the cluster manager.
    in_maintenance: bool = False

    @property
    def is_paired(self) -> bool:
        """Whether the log holds both its start and its end."""
        return self.started and self.ended in ("completed", "failed")

    @property
    def well(self) -> bool:
        return self.ended == "completed"

    @property
    def outcome(self) -> Outcome | None:
        """None where it was aborted, or the log holds no end of it."""
        if self.ended not in ("completed", "failed"):
            return None
        for (ended, beginning), outcome in _OUTCOMES.items():
            if ended == self.ended and self.reason.startswith(beginning):
                return outcome
        return Outcome.WELL if self.ended == "completed" else Outcome.FAILED

    @property
    def went_badly(self) -> bool:
        return self.ended in ("failed", "aborted")

    @property
    def skipped(self) -> bool:
        return self.reason.startswith("Skipped:")

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

    @property
    def is_near(self) -> bool:
        """Whether it went well, and it or a step of it used nearly all of a timer."""
        return self.well and (self.used.is_near or any(step.is_near for step in self.steps))

    def of(self, *steps: Step) -> list[StepTaken]:
        """Its steps of these kinds, in order."""
        return [each for each in self.steps if each.step in steps]


@dataclass(slots=True)
class Checks:
    """QuickChecks of one resource in a row that went well, with nothing of it in between."""

    node: str
    resource: str
    logical_host: str
    began: float
    ends: float
    #: How many of them took so many seconds.
    times: dict[float, int] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return sum(self.times.values())

    @property
    def slowest(self) -> float:
        return max(self.times, default=0.0)


@dataclass(slots=True)
class Remark:
    """A line that stands in no script, such as that a maintenance begins."""

    node: str
    resource: str
    logical_host: str
    began: float
    message: str

    @property
    def ends(self) -> float:
        return self.began


Run: TypeAlias = ScriptTaken | Checks | Remark
