"""What the logs of both nodes tell of a hierarchy: how long its parts took, and when."""

from __future__ import annotations

import statistics
from collections import Counter, deque
from dataclasses import dataclass, field

from arkcore.base.call import Action
from arkcore.base.status import Outcome
from arkcore.cli.report.offsets import found_offsets, shift
from arkcore.ras.occasions import Occasion, Occasions
from arkcore.ras.records import Checks, ScriptTaken

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from arkcore.ras.reader import Reader
    from arkcore.ras.records import Run

#: So many scripts that acted or failed are kept, the last ones: memory does not grow with a log.
_SCRIPTS = 20_000
#: So many of them, the last ones, are compared to find how far the nodes' clocks are apart.
_COMPARED = 400
#: Seconds within which a failed check, the stops and the starts belong to one switch.
_TOGETHER = 3600.0
#: So many scripts before and after a start are searched for what belongs to it.
_NEAR = 500
#: Seconds within which a recover or a stop answers a failed check.
_ANSWERED = 300.0


@dataclass(frozen=True)
class Sample:
    """One duration that was measured: seconds, when it ended, and on what kind of start."""

    seconds: float
    at: float
    occasion: Occasion = Occasion.UNKNOWN


@dataclass
class Samples:
    """Durations of one thing, in the order of time."""

    found: list[Sample] = field(default_factory=list)
    #: Whether the occasion of a start says something about them.
    of_starts: bool = False

    @property
    def count(self) -> int:
        return len(self.found)

    @property
    def median(self) -> float | None:
        return statistics.median(each.seconds for each in self.found) if self.found else None

    @property
    def longest(self) -> float | None:
        return max((each.seconds for each in self.found), default=None)

    @property
    def first(self) -> float:
        return min(each.at for each in self.found)

    @property
    def last(self) -> float:
        return max(each.at for each in self.found)

    @property
    def occasions(self) -> Counter[Occasion]:
        return Counter(each.occasion for each in self.found)

    def add(self, seconds: float, at: float, occasion: Occasion = Occasion.UNKNOWN) -> None:
        if seconds >= 0:
            self.found.append(Sample(seconds, at, occasion))

    def after_failures(self) -> Samples:
        """Those after a failure; all of them where there is none."""
        found = [each for each in self.found if each.occasion is Occasion.FAILURE]
        return Samples(found or self.found, self.of_starts)


@dataclass
class Log:
    """One node's log, as far as it tells of the hierarchy. Seconds since the epoch."""

    node: str
    first: float
    last: float


@dataclass
class Measured:
    """What was measured of one resource and its hierarchy."""

    logs: list[Log] = field(default_factory=list)
    #: What was added to the nodes' times.
    offsets: Mapping[str, float] = field(default_factory=dict)
    #: Whether older scripts were left out, for there are too many.
    is_cut: bool = False
    #: Checks of the resource that failed.
    failed_checks: Samples = field(default_factory=Samples)
    #: From the end of such a check to the recover or the stop that answers it.
    reactions: Samples = field(default_factory=Samples)
    #: Recovers that restarted, and those that failed.
    recovered: Samples = field(default_factory=Samples)
    not_recovered: Samples = field(default_factory=Samples)
    #: From the end of the failed check to the end of the recover or the start here.
    local: Samples = field(default_factory=Samples)
    #: By resource: stops and starts that went well.
    removes: dict[str, Samples] = field(default_factory=dict)
    restores: dict[str, Samples] = field(default_factory=dict)
    #: Switches to the other node: what the manager took beside the stops and the starts.
    between: Samples = field(default_factory=lambda: Samples(of_starts=True))
    #: The same switches as a whole, from the failed check, else from the first stop.
    switches: Samples = field(default_factory=lambda: Samples(of_starts=True))
    #: The same for a stop and a start on one node, as Pacemaker restarts.
    between_here: Samples = field(default_factory=lambda: Samples(of_starts=True))

    @property
    def nodes(self) -> list[str]:
        return sorted({each.node for each in self.logs})


def measured(
    reader: Reader,
    resource: str,
    names: Sequence[str],
    given: Mapping[str, float],
    since: float = 0.0,
) -> Measured:
    """What the logs of `reader` tell of `resource` and its hierarchy `names`, lowest first.

    `given`: what is added to the times of a node. Else its clock is put right where a start is
    logged before the stop on the other node that it followed.
    """
    found = Measured()
    runs = _kept(reader, names, since, found)
    acted = [run for run in runs if isinstance(run, ScriptTaken) and run.acted]
    found.offsets = {**found_offsets(acted[-_COMPARED:]), **given}
    shift(runs, found.offsets)
    runs.sort(key=lambda run: run.ends)
    occasions = _occasions(runs, names)
    scripts = [run for run in runs if isinstance(run, ScriptTaken)]
    for name in names:
        found.removes[name] = Samples()
        found.restores[name] = Samples(of_starts=True)
    for script in scripts:
        if script.well and script.acted and script.is_paired:
            if script.action is Action.REMOVE:
                found.removes[script.resource].add(script.seconds, script.ends)
            elif script.action is Action.RESTORE and id(script) in occasions:
                occasion = occasions[id(script)]
                found.restores[script.resource].add(script.seconds, script.ends, occasion)
    _failures(found, [each for each in scripts if each.resource == resource])
    _switches(found, scripts, names, occasions)
    return found


def _kept(reader: Reader, names: Sequence[str], since: float, found: Measured) -> list[Run]:
    """The runs that tell of a failure, a stop or a start; or, one in a row, that it ran."""
    kept: deque[Run] = deque()
    logs: dict[str, Log] = {}
    last: dict[tuple[str, str], Run] = {}
    for run in reader.runs(since):
        if run.resource not in names or not isinstance(run, Checks | ScriptTaken):
            continue
        log = logs.setdefault(run.node, Log(run.node, run.began, run.ends))
        log.first, log.last = min(log.first, run.began), max(log.last, run.ends)
        key = (run.node, run.resource)
        # Of checks that went well, one tells as much as many.
        again = isinstance(run, Checks) and isinstance(last.get(key), Checks)
        if again or not _tells(run):
            continue
        last[key] = run
        kept.append(run)
        if len(kept) > _SCRIPTS:
            kept.popleft()
            found.is_cut = True
    found.logs = list(logs.values())
    return list(kept)


def _tells(run: Run) -> bool:
    if not isinstance(run, ScriptTaken):
        return True
    return run.action is not Action.QUICK_CHECK or run.outcome is Outcome.FAILED


def _occasions(runs: Iterable[Run], names: Sequence[str]) -> dict[int, Occasion]:
    """The occasion of each start, by the identity of its script."""
    hearing = {name: Occasions() for name in names}
    found = {}
    for run in runs:
        occasion = hearing[run.resource].hear(run)
        if occasion is not None:
            found[id(run)] = occasion
    return found


def _failures(found: Measured, scripts: Sequence[ScriptTaken]) -> None:
    """What followed each check that failed, of one resource; in the order of their ends."""
    failed: dict[str, ScriptTaken] = {}
    for script in scripts:
        if script.skipped or not script.is_paired:
            continue
        if script.action is Action.QUICK_CHECK:
            found.failed_checks.add(script.seconds, script.ends)
            failed.setdefault(script.node, script)
            continue
        check = failed.pop(script.node, None)
        answers = check is not None and 0 <= script.began - check.ends < _ANSWERED
        if check is not None and answers:
            found.reactions.add(script.began - check.ends, script.ends)
        if script.action is not Action.RECOVER:
            continue
        if not script.well:
            found.not_recovered.add(script.seconds, script.ends)
        elif script.acted:
            found.recovered.add(script.seconds, script.ends)
            if check is not None and answers:
                found.local.add(script.ends - check.ends, script.ends)


def _switches(
    found: Measured,
    scripts: Sequence[ScriptTaken],
    names: Sequence[str],
    occasions: Mapping[int, Occasion],
) -> None:
    """Each stop of the whole hierarchy that its start followed, there or elsewhere."""
    lowest = names[0]
    came = 0.0
    for position, start in enumerate(scripts):
        if start.resource != lowest or start.action is not Action.RESTORE:
            continue
        if id(start) not in occasions:
            continue
        near = scripts[max(0, position - _NEAR) : position + _NEAR]
        stops = _whole(near, names, Action.REMOVE, start.began - _TOGETHER, start.began)
        starts = _whole(near, names, Action.RESTORE, start.began, start.began + _TOGETHER)
        was_up, came = came, start.ends
        if stops is None or starts is None:
            continue
        sources, targets = {each.node for each in stops}, {each.node for each in starts}
        if len(sources) != 1 or len(targets) != 1:
            continue
        began, ends = min(each.began for each in stops), max(each.ends for each in starts)
        occasion = _gravest(occasions, starts)
        beside = ends - began - sum(each.seconds for each in (*stops, *starts))
        # Where a manager stops or starts several at once, nothing is left beside them.
        beside = max(0.0, beside)
        if sources == targets:
            found.between_here.add(beside, ends, occasion)
            continue
        found.between.add(beside, ends, occasion)
        lost = [
            each.ends
            for each in near
            if each.action is Action.QUICK_CHECK
            and each.node in sources
            and max(was_up, began - _TOGETHER) < each.ends <= began
        ]
        found.switches.add(ends - min([*lost, began]), ends, occasion)


def _whole(
    scripts: Sequence[ScriptTaken],
    names: Sequence[str],
    action: Action,
    since: float,
    until: float,
) -> list[ScriptTaken] | None:
    """The action of each resource between two times: the last stops, the first starts.

    None where a resource has none that went well.
    """
    found: dict[str, ScriptTaken] = {}
    for each in scripts:
        at = each.ends if action is Action.REMOVE else each.began
        if each.action is action and each.well and each.is_paired and since <= at <= until:
            if action is Action.REMOVE or each.resource not in found:
                found[each.resource] = each
    return list(found.values()) if set(found) == set(names) else None


def _gravest(occasions: Mapping[int, Occasion], starts: Sequence[ScriptTaken]) -> Occasion:
    """The occasion of a switch: after a failure, where one of its starts is."""
    found = [occasions[id(each)] for each in starts if id(each) in occasions]
    order = (Occasion.FAILURE, Occasion.UNKNOWN, Occasion.PERSON, Occasion.PLANNED)
    return min(found, key=order.index, default=Occasion.UNKNOWN)
