"""What is shown of a period: lanes of runs, times without service, and failovers."""

from __future__ import annotations

from dataclasses import dataclass, field

from arkcore.base.call import Action
from arkcore.base.status import Outcome
from arkcore.machine.channel import Step
from arkcore.ras.records import ScriptTaken

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from arkcore.ras.records import Run, Used


@dataclass(frozen=True)
class Gap:
    """A time without service of one resource. `ends`: None where the log tells no end."""

    resource: str
    began: float
    ends: float | None


@dataclass(frozen=True)
class Failover:
    """A resource was given up on one node, and started on another."""

    resource: str
    source: str
    target: str
    left: float
    came: float


@dataclass
class TimerUse:
    """A timer of one resource against reality. Seconds."""

    resource: str
    timer: str
    limit: float
    worst: float = 0.0
    times: int = 0

    @property
    def share(self) -> float:
        return self.worst / self.limit if self.limit else 0.0


@dataclass
class Lane:
    """The runs of one resource on one node."""

    node: str
    resource: str
    logical_host: str
    runs: list[Run] = field(default_factory=list)


@dataclass
class History:
    """A period, oldest first."""

    began: float
    ends: float
    runs: list[Run]
    lanes: list[Lane]
    gaps: list[Gap]
    failovers: list[Failover]
    timers: list[TimerUse]

    @property
    def scripts(self) -> list[ScriptTaken]:
        return [run for run in self.runs if isinstance(run, ScriptTaken)]

    @property
    def failed(self) -> list[ScriptTaken]:
        return [script for script in self.scripts if script.went_badly]


def history_of(runs: Sequence[Run], began: float, ends: float) -> History:
    """The history of the runs between `began` and `ends`."""
    ordered = sorted(runs, key=lambda run: run.began)
    scripts = [run for run in ordered if isinstance(run, ScriptTaken)]
    lanes: dict[tuple[str, str], Lane] = {}
    for run in ordered:
        key = (run.node, run.resource)
        lanes.setdefault(key, Lane(*key, run.logical_host)).runs.append(run)
    return History(
        began,
        ends,
        ordered,
        [lanes[key] for key in sorted(lanes)],
        gaps_of(scripts),
        failovers_of(scripts),
        timers_of(ordered),
    )


def gaps_of(scripts: Sequence[ScriptTaken]) -> list[Gap]:
    """From a check that failed, or a stop, to the end of the start that went well."""
    down: dict[str, float] = {}
    gaps = []
    for script in sorted(scripts, key=lambda script: script.ends):
        lost = _lost_at(script)
        if lost is not None:
            down.setdefault(script.resource, lost)
        back = _back_at(script)
        if back is not None and script.resource in down:
            gaps.append(Gap(script.resource, down.pop(script.resource), back))
    gaps += [Gap(resource, began, None) for resource, began in down.items()]
    return sorted(gaps, key=lambda gap: gap.began)


def _lost_at(script: ScriptTaken) -> float | None:
    if script.action is Action.QUICK_CHECK:
        return script.ends if script.outcome is Outcome.FAILED else None
    stops = script.of(Step.STOP, Step.FORCE)
    return stops[0].began if stops else None


def _back_at(script: ScriptTaken) -> float | None:
    starts = [step for step in script.of(Step.START) if step.well]
    return starts[-1].ends if script.well and starts else None


def failovers_of(scripts: Sequence[ScriptTaken]) -> list[Failover]:
    """Each start on a node that follows a stop, or a failure, on another."""
    found = []
    last: dict[str, ScriptTaken] = {}
    for script in scripts:
        before = last.get(script.resource)
        starts = script.action is Action.RESTORE and script.acted
        if starts and before is not None and before.node != script.node:
            found.append(
                Failover(script.resource, before.node, script.node, before.ends, script.began)
            )
        if script.acted or script.went_badly:
            last[script.resource] = script
    return found


def timers_of(runs: Sequence[Run]) -> list[TimerUse]:
    """Each timer that governed something, with the most that was used of it."""
    found: dict[tuple[str, str], TimerUse] = {}
    for run in runs:
        if not isinstance(run, ScriptTaken):
            continue
        most: dict[str, Used] = {}
        for used in (run.used, *(step.used for step in run.steps if step.ended)):
            if used.share is not None and used.seconds >= most.get(used.timer, used).seconds:
                most[used.timer] = used
        for timer, used in most.items():
            key = (run.resource, timer)
            use = found.setdefault(key, TimerUse(run.resource, timer, used.limit))
            use.worst = max(use.worst, used.seconds)
            use.times += 1
    return [found[key] for key in sorted(found)]
