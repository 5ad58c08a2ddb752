"""Finds where an incident began: the script that failed first, its step, or the node that was lost.

A node that dies writes nothing of it. What shows its death is the other node's log: a start of what
ran on the first node, where no log tells of a stop.
"""

from __future__ import annotations

from dataclasses import dataclass

from arkcore.base.call import Action

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from arkcore.ras.records import ScriptTaken, StepTaken

#: Seconds. Failures of one logical host that follow one another sooner are one incident.
_APART = 900.0
#: So many scripts that came next are told.
_NEXT = 6
_STARTS = (Action.RESTORE, Action.RECOVER)


@dataclass(frozen=True)
class Incident:
    """A script that failed, its step that did, and the scripts that came next.

    `taken_over`: where the node of `script` was lost, the start on another node that shows it;
    `script` is then the last that is known of that node, and went well.
    """

    script: ScriptTaken
    step: StepTaken | None
    then: tuple[ScriptTaken, ...]
    taken_over: ScriptTaken | None = None

    @property
    def began(self) -> float:
        return (self.taken_over or self.script).began


def incident_of(scripts: Sequence[ScriptTaken], at: float, resource: str) -> Incident | None:
    """The last incident that began before `at`; None where nothing failed.

    `scripts`: those that failed, were aborted, or acted, in the order of their beginnings.
    """
    found = [
        each
        for each in _troubles(scripts)
        if each.began <= at and resource in ("", each.script.resource)
    ]
    # A check that was killed is no failure of what it checked: whoever stops it ends its checks.
    found = [each for each in found if not _is_killed_check(each)] or found
    if not found:
        return None
    chain = [found[-1]]
    for each in reversed(found[:-1]):
        if each.script.logical_host != chain[0].script.logical_host:
            continue
        if chain[0].began - _ends(each) > _APART or _came_back(each, chain[0].began, scripts):
            break
        chain.insert(0, each)
    cause = min(enumerate(chain), key=lambda each: (_rank(each[1]), each[0]))[1]
    ends = _ends(cause)
    then = [
        script
        for script in scripts
        if script is not cause.script
        and script.ends >= ends
        and script.began - ends <= _APART
        and not script.skipped
    ]
    return Incident(cause.script, cause.step, tuple(then[:_NEXT]), cause.taken_over)


def _troubles(scripts: Sequence[ScriptTaken]) -> list[Incident]:
    """Each script that went badly, was cut short, or had to stop by force; and each lost node."""
    found = [
        Incident(each, _failed_step(each), ())
        for each in scripts
        if each.went_badly or _is_cut(each, scripts) or any(step.forced for step in each.steps)
    ]
    found += _lost(scripts)
    return sorted(found, key=lambda each: each.began)


def _failed_step(script: ScriptTaken) -> StepTaken | None:
    """The first step that did not do what it was for."""
    failed = (step for step in script.steps if step.failed or step.forced or not step.ended)
    return next(failed, None)


def _is_cut(script: ScriptTaken, scripts: Iterable[ScriptTaken]) -> bool:
    """Whether a script has no end, and is not at work either: others acted on its resource since.

    A check without an end tells nothing of what it checked.
    """
    if script.ended or script.action is Action.QUICK_CHECK:
        return False
    if not script.at_work:
        return True
    return any(
        each.action in _STARTS
        and each.resource == script.resource
        and each.node != script.node
        and each.began > script.began
        for each in scripts
    )


def _is_killed_check(trouble: Incident) -> bool:
    script = trouble.script
    return script.action is Action.QUICK_CHECK and script.ended == "aborted"


def _lost(scripts: Iterable[ScriptTaken]) -> list[Incident]:
    """The nodes on which something ran that another node then started, without a stop before."""
    by_node: dict[tuple[str, str], list[ScriptTaken]] = {}
    for script in scripts:
        if not (script.action is Action.QUICK_CHECK and script.ended != "failed"):
            by_node.setdefault((script.resource, script.node), []).append(script)
    found = []
    for (resource, node), here in by_node.items():
        for script, after in zip(here, [*here[1:], None], strict=True):
            if script.action not in _STARTS or not script.well:
                continue
            # A stop, or a failure, whatever its time: the clocks of two nodes may differ.
            if after is not None and not (after.action is Action.RESTORE and after.acted):
                continue
            until = float("inf") if after is None else after.began
            elsewhere = (
                each
                for (name, other), there in by_node.items()
                if name == resource and other != node
                for each in there
                if each.action is Action.RESTORE and script.ends < each.began < until
            )
            taken_over = min(elsewhere, key=lambda each: each.began, default=None)
            if taken_over is not None:
                found.append(Incident(script, None, (), taken_over))
    return found


def _came_back(trouble: Incident, before: float, scripts: Iterable[ScriptTaken]) -> bool:
    """Whether its resource ran again before that time: what came then is another incident."""
    ends = _ends(trouble)
    return any(
        each.action in _STARTS
        and each.well
        and each.acted
        and each.resource == trouble.script.resource
        and each.began >= ends
        and each.ends <= before
        for each in scripts
    )


def _ends(trouble: Incident) -> float:
    return trouble.taken_over.began if trouble.taken_over else trouble.script.ends


def _rank(trouble: Incident) -> int:
    """What says most of an incident comes first; of equals, the earlier one."""
    script = trouble.script
    is_bad = script.went_badly or not script.ended
    if trouble.taken_over is None and is_bad and script.action in _STARTS:
        # A check finds the failure. Why it does not run again, the start says that failed then.
        return 0 if trouble.step is not None else 1
    if _is_killed_check(trouble):
        return 4
    # A stop that fails after a check that failed comes of the same. One by force that went well
    # ended no service.
    return 2 if is_bad or trouble.taken_over is not None else 3
