"""What a manager asks of the guard: which action, on which resource, under which rules."""

from __future__ import annotations

from enum import Enum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arkcore.timers import Timers


class Action(Enum):
    """The four actions: value, and the name of the script in the RAS log."""

    RESTORE = ("restore", "Restore")
    REMOVE = ("remove", "Remove")
    QUICK_CHECK = ("quickcheck", "QuickCheck")
    RECOVER = ("recover", "Recover")

    @property
    def word(self) -> str:
        return self.value[0]

    @property
    def script(self) -> str:
        return self.value[1]


class Caller:
    """The side that calls. A cluster manager's adapter, or a person's, says what differs."""

    #: Whether a restore or remove is the cluster manager's word, and so an intent.
    is_manager = True
    #: Seconds between two quickChecks, as far as is known.
    check_interval: float = 120.0

    def run_limit(self, timers: Timers) -> float | None:
        """Seconds one quickCheck may take; None: no limit but the timers."""
        return None

    def in_service(self, resource: str) -> bool | None:
        """Whether the manager holds the resource in service here; None: it cannot be told.

        Asked only before a failure would be answered.
        """
        return None


class Call:
    """One call."""

    __slots__ = ("action", "caller", "resource")

    def __init__(self, action: Action, resource: str, caller: Caller) -> None:
        self.action = action
        self.resource = resource
        self.caller = caller
