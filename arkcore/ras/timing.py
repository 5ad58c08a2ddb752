"""Which timer governed a script and each of its steps, and how much of it was used."""

from __future__ import annotations

from arkcore.base.call import Action
from arkcore.machine.channel import Step
from arkcore.ras.records import Used

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from arkcore.ras.records import ScriptTaken, StepTaken

#: A timer that is not known gives no share.
_NONE = 0.0


def give_timers(script: ScriptTaken, limits: Mapping[str, float]) -> None:
    """Set `used` of a script and its steps. `limits`: seconds by timer, inf where there is none."""

    def used(timer: str, seconds: float) -> Used:
        return Used(timer, limits.get(timer, _NONE), max(0.0, seconds))

    action = script.action
    if action is Action.QUICK_CHECK:
        if script.undecided:
            script.used = used("quickcheck.process", script.undecided)
        else:
            script.used = used("lifekeeper.quickcheck_run", script.seconds)
        return
    if action is Action.RESTORE:
        ends = script.ends if script.failed_at is None else script.failed_at
        script.used = used("restore.process", ends - script.began)
    elif action is Action.REMOVE:
        script.used = used("remove.process", script.seconds)
    else:
        script.used = used("recover.total", script.seconds)
    stop_began = None
    for step in script.steps:
        if step.step in (Step.STOP, Step.FORCE) and stop_began is None:
            stop_began = step.began
        timer, began = _governed(script, step, stop_began)
        if timer:
            step.used = used(timer, step.ends - began)


def _governed(script: ScriptTaken, step: StepTaken, stop_began: float | None) -> tuple[str, float]:
    """The timer of a step, and when it began to count; none for a status but a recover's first."""
    action, kind = script.action, step.step
    cleans_up = script.failed_at is not None and step.began >= script.failed_at
    if action is Action.REMOVE:
        return ("", 0.0) if kind is Step.STATUS else ("remove.process", script.began)
    if action is Action.RESTORE:
        if kind is Step.STATUS:
            return "", 0.0
        if cleans_up and kind is Step.FORCE:
            return "restore.cleanup", script.failed_at or 0.0
        return "restore.process", script.began
    if kind is Step.STATUS:
        first = step is next(iter(script.of(Step.STATUS)), None)
        return ("recover.process", script.began) if first else ("", 0.0)
    if kind is Step.START:
        return "restore.process", step.began
    if cleans_up and kind is Step.FORCE:
        return "recover.cleanup", script.failed_at or 0.0
    return "remove.process", stop_began or step.began
