"""For each timer, how long what it governs really took: from the scripts in the RAS log."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass, field
from itertools import pairwise

from arkcore.base.call import Action
from arkcore.machine.channel import Step

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from arkcore.ras.durations import ScriptTaken
    from arkcore.resources.timers import Timers


@dataclass
class Measured:
    """What one timer governs: how long it took when it went well (seconds), and how often not."""

    key: str
    seconds: list[float] = field(default_factory=list)
    #: How often it was used up.
    ran_out: int = 0

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def p95(self) -> float:
        """The nearest rank: 95 of 100 took no longer."""
        ordered = sorted(self.seconds)
        return ordered[math.ceil(0.95 * len(ordered)) - 1]

    @property
    def worst(self) -> float:
        return max(self.seconds, default=0.0)


class History:
    """The measurements of one resource, by timer."""

    def __init__(self, scripts: Sequence[ScriptTaken], timers: Timers) -> None:
        self.scripts = scripts
        self._timers = timers
        self._by_key: dict[str, Measured] = {}
        #: Recovers that found the application well after all.
        self.false_alarms = 0
        for script in scripts:
            if script.skipped:
                continue
            if script.action is Action.RESTORE:
                self._restore(script)
            elif script.action is Action.REMOVE:
                self._remove(script)
            elif script.action is Action.RECOVER:
                self._recover(script)
        self._quick_checks([each for each in scripts if each.action is Action.QUICK_CHECK])

    def of(self, key: str) -> Measured:
        return self._by_key.setdefault(key, Measured(key))

    def restarts_in(self, window: float) -> int:
        """The most restarts that any `window` seconds hold."""
        began = sorted(
            script.began
            for script in self.scripts
            if script.action is Action.RECOVER and script.acted
        )
        return max(
            (sum(1 for each in began if first <= each <= first + window) for first in began),
            default=0,
        )

    # From scripts to timers.

    def _restore(self, script: ScriptTaken) -> None:
        if not script.acted:
            return
        self._waits(script)
        statuses, forces = script.of(Step.STATUS), script.of(Step.FORCE)
        if statuses and forces:
            asked = statuses[0].began - script.began
            self._add("restore.confirm", asked, well=asked < self._timers["restore.confirm"] - 1)
        if script.well:
            self._add("restore.process", script.seconds)
            return
        if script.ran_out:
            self.of("restore.process").ran_out += 1
        if script.failed_at is not None:
            cleaned = "cleanup failed" not in script.reason
            self._add("restore.cleanup", script.ends - script.failed_at, well=cleaned)

    def _remove(self, script: ScriptTaken) -> None:
        if not script.acted:
            return
        process = self._timers["remove.process"]
        self._stops(script, script.began, script.ends, well=script.well)
        if script.seconds > process + 1:
            self._add("remove.cleanup", script.seconds - process, well=script.well)

    def _stops(self, script: ScriptTaken, began: float, ends: float, *, well: bool) -> None:
        process, reserve = self._timers["remove.process"], self._timers["remove.force_reserve"]
        given = process - min(reserve, process / 2)
        # A stop that took all it was given, and was then forced, would have needed more.
        cut_short = any(each.forced and each.seconds >= given - 1 for each in script.of(Step.STOP))
        if cut_short or ends - began > process + 1:
            self.of("remove.process").ran_out += 1
        elif well:
            self._add("remove.process", ends - began)
        for force in script.of(Step.FORCE):
            self._add("remove.force_reserve", force.seconds, well=force.well)

    def _recover(self, script: ScriptTaken) -> None:
        statuses = script.of(Step.STATUS)
        if statuses:
            self._add("recover.process", statuses[0].ends - script.began)
        elif script.ran_out and not script.acted:
            self.of("recover.process").ran_out += 1
        if not script.acted:
            self.false_alarms += bool(script.well and statuses)
            return
        self._waits(script)
        stops = script.of(Step.STOP, Step.FORCE)
        if stops:
            well = stops[-1].well
            self._stops(script, stops[0].began, stops[-1].ends, well=well)
        starts = script.of(Step.START)
        for start in starts:
            if start.well:
                self._add("restore.process", start.seconds)
            elif script.ran_out:
                self.of("restore.process").ran_out += 1
        if script.well:
            self._add("recover.total", script.seconds)
        elif starts and not starts[-1].well:
            self._add("recover.cleanup", script.ends - starts[-1].ends)

    def _waits(self, script: ScriptTaken) -> None:
        """How long a start waited after a forced stop."""
        steps = script.of(Step.FORCE, Step.START)
        for first, then in pairwise(steps):
            if first.step is Step.FORCE and then.step is Step.START:
                self._add("force_stop_wait", then.began - first.ends)

    def _quick_checks(self, scripts: Sequence[ScriptTaken]) -> None:
        longest = 0.0
        for script in scripts:
            if script.skipped:
                continue
            ended_for_us = script.ran_out or "Ended by SIGALRM" in script.reason
            ended_for_us = ended_for_us or _late_within(script)
            self._add("lifekeeper.quickcheck_run", script.seconds, well=not ended_for_us)
            if script.undecided:
                longest = max(longest, script.undecided)
                if not script.well:
                    self.of("quickcheck.process").ran_out += 1
                    longest = 0.0
                continue
            if longest and script.well:
                self._add("quickcheck.process", longest)
            longest = 0.0

    def _add(self, key: str, seconds: float, *, well: bool = True) -> None:
        if seconds < 0:
            return
        if well:
            self.of(key).seconds.append(seconds)
        else:
            self.of(key).ran_out += 1


def _late_within(script: ScriptTaken) -> bool:
    """Whether its status command was late within an undecided run."""
    return "no end after" in script.reason or "had not ended after" in script.reason
