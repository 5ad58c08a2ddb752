"""For each timer, how long what it governs really took: from the scripts in the RAS log."""

from __future__ import annotations

import math
from collections import Counter, deque
from dataclasses import dataclass, field
from itertools import pairwise

from arkcore.base.call import Action
from arkcore.machine.channel import Step
from arkcore.ras.occasions import Occasion, Occasions
from arkcore.ras.records import Checks, ScriptTaken

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arkcore.ras.records import Run
    from arkcore.resources.timers import Timers


@dataclass
class Measured:
    """What one timer governs: how long it took when it went well, and how often it did not."""

    key: str
    #: How often it took so many seconds.
    times: Counter[float] = field(default_factory=Counter)
    #: How often it was used up.
    ran_out: int = 0

    @property
    def count(self) -> int:
        """How often it went well."""
        return self.times.total()

    @property
    def median(self) -> float:
        count = self.count
        return (self._rank((count + 1) // 2) + self._rank(count // 2 + 1)) / 2

    @property
    def p95(self) -> float:
        """The nearest rank: 95 of 100 took no longer."""
        return self._rank(math.ceil(0.95 * self.count))

    @property
    def worst(self) -> float:
        return max(self.times, default=0.0)

    def _rank(self, rank: int) -> float:
        """The time that is the `rank`th, the shortest being the first."""
        for seconds in sorted(self.times):
            rank -= self.times[seconds]
            if rank <= 0:
                return seconds
        return 0.0


class History:
    """The measurements of one resource, by timer. It keeps counts, not scripts."""

    def __init__(self, timers: Timers) -> None:
        self._timers = timers
        self._by_key: dict[str, Measured] = {}
        #: Scripts that came to their end; when the first began, and the last ended.
        self.scripts = 0
        self.began = 0.0
        self.ends = 0.0
        #: Recovers that found the application well after all.
        self.false_alarms = 0
        #: The most restarts that a `recover.window` held, and when those of the last one began.
        self.most_restarts = 0
        self._restarts: deque[float] = deque()
        #: What the undecided clock showed at most since it last began.
        self._undecided = 0.0
        #: How many of the starts that `restore.process` was measured by had which occasion.
        self.starts: Counter[Occasion] = Counter()
        self._occasions = Occasions()
        self._occasion = Occasion.UNKNOWN

    def of(self, key: str) -> Measured:
        return self._by_key.setdefault(key, Measured(key))

    def hear(self, run: Run) -> None:
        """Take a run into account; in the order of their ends."""
        self._occasion = self._occasions.hear(run) or Occasion.UNKNOWN
        if isinstance(run, Checks):
            self._span(run.began, run.ends, run.count)
            self.of("lifekeeper.quickcheck_run").times.update(run.times)
            self._is_decided()
        elif isinstance(run, ScriptTaken) and run.is_paired:
            self._span(run.began, run.ends, 1)
            if not run.skipped:
                _BY_ACTION[run.action](self, run)

    def _span(self, began: float, ends: float, scripts: int) -> None:
        self.began = min(began, self.began) if self.scripts else began
        self.ends = max(ends, self.ends)
        self.scripts += scripts

    def _restart(self, began: float) -> None:
        restarts = self._restarts
        restarts.append(began)
        while restarts[0] < began - self._timers["recover.window"]:
            restarts.popleft()
        self.most_restarts = max(self.most_restarts, len(restarts))

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
            self._start(script.seconds)
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
        self._restart(script.began)
        self._waits(script)
        stops = script.of(Step.STOP, Step.FORCE)
        if stops:
            well = stops[-1].well
            self._stops(script, stops[0].began, stops[-1].ends, well=well)
        starts = script.of(Step.START)
        for start in starts:
            if start.well:
                self._start(start.seconds)
            elif script.ran_out:
                self.of("restore.process").ran_out += 1
        if script.well:
            self._add("recover.total", script.seconds)
        elif starts and not starts[-1].well:
            self._add("recover.cleanup", script.ends - starts[-1].ends)

    def _start(self, seconds: float) -> None:
        self._add("restore.process", seconds)
        self.starts[self._occasion] += 1

    def _waits(self, script: ScriptTaken) -> None:
        """How long a start waited after a forced stop."""
        steps = script.of(Step.FORCE, Step.START)
        for first, then in pairwise(steps):
            if first.step is Step.FORCE and then.step is Step.START:
                self._add("force_stop_wait", then.began - first.ends)

    def _quick_check(self, script: ScriptTaken) -> None:
        ended_for_us = script.ran_out or "Ended by SIGALRM" in script.reason
        ended_for_us = ended_for_us or _late_within(script)
        self._add("lifekeeper.quickcheck_run", script.seconds, well=not ended_for_us)
        if script.undecided:
            self._undecided = max(self._undecided, script.undecided)
            if not script.well:
                self.of("quickcheck.process").ran_out += 1
                self._undecided = 0.0
        elif script.well:
            self._is_decided()
        else:
            self._undecided = 0.0

    def _is_decided(self) -> None:
        """A check went well: what was undecided before it took so long."""
        if self._undecided:
            self._add("quickcheck.process", self._undecided)
        self._undecided = 0.0

    def _add(self, key: str, seconds: float, *, well: bool = True) -> None:
        if seconds < 0:
            return
        if well:
            self.of(key).times[seconds] += 1
        else:
            self.of(key).ran_out += 1


def _late_within(script: ScriptTaken) -> bool:
    """Whether its status command was late within an undecided run."""
    return "no end after" in script.reason or "had not ended after" in script.reason


_BY_ACTION = {
    Action.RESTORE: History._restore,
    Action.REMOVE: History._remove,
    Action.RECOVER: History._recover,
    Action.QUICK_CHECK: History._quick_check,
}
