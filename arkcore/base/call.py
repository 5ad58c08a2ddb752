"""What a manager asks of the guard: which action, on which resource, under which rules."""

from __future__ import annotations

from arkcore.base.choice import Choice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from arkcore.base.deadline import Deadline
    from arkcore.resources.parameters import Parameters
    from arkcore.resources.timers import Timers


class Action(Choice):
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
    #: When the call was made, in CLOCK_MONOTONIC seconds, and all timers began; None: now.
    called_at: float | None = None
    #: When the manager ends this call, whatever the action; None: it sets no such time.
    ends: Deadline | None = None
    #: Whether a quickCheck itself is the manager's word that the resource is wanted up here.
    checks_only_what_is_wanted = False
    #: Whether it restarts by a remove and a restore of its own, and never calls recover.
    restarts_by_itself = False
    #: Whether every hook call is told on stderr, as ARK_TRACE asks.
    traces = False

    def run_limit(self, timers: Timers) -> float | None:
        """Seconds one quickCheck may take; None: no limit but the timers."""
        return None

    def in_service(self, resource: str) -> bool | None:
        """Whether the manager holds the resource in service here; None: it cannot be told.

        Asked only before a failure would be answered.
        """
        return None

    def manages(self, resource: str) -> bool | None:
        """Whether the manager has a resource of that name; None: it cannot be told."""
        return None

    def shortfall(self, action: Action, timers: Timers) -> str:
        """In which way the manager's own settings leave `timers` too little time; "" in none."""
        return ""


class Call:
    """One call. `parameters`: the resource's values as its manager holds them; None: its file's."""

    __slots__ = ("action", "caller", "parameters", "resource")

    def __init__(
        self,
        action: Action,
        resource: str,
        caller: Caller,
        parameters: Parameters | None = None,
    ) -> None:
        self.action = action
        self.resource = resource
        self.caller = caller
        self.parameters = parameters


def traces(environment: Mapping[str, str]) -> bool:
    """Whether ARK_TRACE asks for every hook call to be told."""
    return environment.get("ARK_TRACE", "0") not in ("", "0")
