"""How long an action may take, by the timers of the world."""

from __future__ import annotations

from rigs.torture.world import TIMERS

#: A pre-empted guard yields within this, and a stuck one is killed a second later.
_YIELD = 2.0
#: What is left to an action that has spent its whole timer on waiting for the lock.
_AT_LEAST = 1.0


def limit_of(action: str) -> float:
    """Seconds from the call to the exit that an action alone may take: process and cleanup."""
    if action == "quickcheck":
        return TIMERS["lifekeeper.quickcheck_run"]
    if action == "recover":
        return (
            TIMERS["recover.process"]
            + limit_of("remove")
            + TIMERS["restore.process"]
            + TIMERS["recover.cleanup"]
        )
    return TIMERS[f"{action}.process"] + TIMERS[f"{action}.cleanup"]


def longest_wait(action: str, other: str) -> float:
    """Seconds more that an action may take because another one is at work."""
    if action == "quickcheck":
        return 0.0  # it never waits
    if action == "recover":
        return max(limit_of(other), _YIELD + 1.0)  # its patience is longer than any action
    # Waiting counts against its own timer, and a little is left to it in any case.
    return _AT_LEAST if other in ("restore", "remove", "recover") else _YIELD + 1.0
