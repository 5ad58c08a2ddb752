"""The words for what an application is doing and for how an action came out."""

from __future__ import annotations

from arkcore.base.choice import Choice


class Status(Choice):
    """What the application of one logical host is doing on this node."""

    RUNNING = "RUNNING"
    STARTING = "STARTING"
    STOPPING = "STOPPING"
    #: Some of it runs: a definite failure.
    PARTIAL = "PARTIAL"
    #: Nothing of it runs. True only when no process of the logical host is left either.
    STOPPED = "STOPPED"
    #: Nobody could say: no answer, a contradictory one, or an error while asking.
    UNKNOWN = "UNKNOWN"


class Outcome(Choice):
    """How an action came out; a manager turns it into its own exit code."""

    WELL = "well"
    FAILED = "failed"
    #: The application could not be judged, and the time for that is not used up.
    UNDECIDED = "undecided"
    #: Nothing was done, on purpose.
    SKIPPED = "skipped"
    #: The fault is ours (configuration, plugin, engine), not the application's.
    INTERNAL = "internal"


class Fault(Choice):
    """Who can mend what made a call :attr:`Outcome.INTERNAL`."""

    #: The resource's values are wrong, on every node alike.
    CONFIGURATION = "configuration"
    #: They do not go with what this node has.
    NODE = "node"
    #: The plugin is missing or broken here.
    PLUGIN = "plugin"
    #: The engine's own.
    ENGINE = "engine"


class StatusReport:
    """A plugin's answer to "what is it doing?": a status, and what was seen, in one line."""

    __slots__ = ("detail", "status")

    def __init__(self, status: Status, detail: str = "") -> None:
        self.status = status
        self.detail = detail

    def __repr__(self) -> str:
        return f"StatusReport({self.status.name}, {self.detail!r})"

    def __str__(self) -> str:
        return f"{self.status.value} ({self.detail})" if self.detail else self.status.value


class Verdict:
    """An outcome with its reason in one line.

    A worker tells its guard one for each part of an action, and the guard its manager one for all.
    """

    __slots__ = ("fault", "outcome", "reason", "status")

    def __init__(
        self,
        outcome: Outcome,
        reason: str = "",
        status: Status | None = None,
        *,
        fault: Fault = Fault.ENGINE,
    ) -> None:
        self.outcome = outcome
        self.reason = reason
        #: The last status seen, where one was seen.
        self.status = status
        #: Where nobody could be asked: whose it is.
        self.fault = fault

    @property
    def well(self) -> bool:
        return self.outcome is Outcome.WELL

    def __repr__(self) -> str:
        return f"Verdict({self.outcome.name}, {self.reason!r}, {self.status})"
