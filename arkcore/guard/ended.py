"""What a guard answers that was told to end, by a signal or by another action of ours."""

from __future__ import annotations

from arkcore.base.call import Action
from arkcore.base.status import Outcome, Verdict
from arkcore.memory.intent import Wanted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from arkcore.memory.state import State
    from arkcore.worker.signals import Signals

_PREEMPTED = "Pre-empted by"


def who_ended_us(signals: Signals, states: Iterable[State]) -> str:
    """Which action pre-empted this process, noted in one of `states`; or which signal came."""
    by = next((each.preemption.by() for each in states if each.preemption.by()), "")
    return f"{_PREEMPTED} {by}" if by else f"Ended by {signals.name or 'a signal'}"


def verdict_when_ended(action: Action, reason: str, wanted: Wanted) -> Verdict:
    """The verdict of an action that was told to end; `wanted`: what the manager wants by now."""
    by_us = reason.startswith(_PREEMPTED)
    if action is Action.QUICK_CHECK:
        return Verdict(Outcome.SKIPPED if by_us else Outcome.UNDECIDED, reason)
    if action is Action.RECOVER and (by_us or wanted is Wanted.DOWN):
        # Somebody else of ours acts now: nothing has failed that would call for a failover.
        return Verdict(Outcome.SKIPPED, reason)
    return Verdict(Outcome.FAILED, f"{reason}.")
