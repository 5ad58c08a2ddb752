"""What the guard offers to a flow, and the few names that flows share."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from arkcore.actions.work import Work
    from arkcore.base.deadline import Deadline
    from arkcore.base.status import Status, Verdict
    from arkcore.memory.state import State
    from arkcore.memory.undecided import UndecidedClock
    from arkcore.resources.resource import Resource

    class Run(Protocol):
        """One call of one action, as its flow sees it."""

        @property
        def resource(self) -> Resource: ...

        @property
        def state(self) -> State: ...

        @property
        def clock(self) -> UndecidedClock: ...

        @property
        def run_limit(self) -> float | None:
            """Seconds the manager gives one run of a quickCheck; None where it sets no limit."""

        @property
        def answer(self) -> Verdict | None:
            """What a quickCheck was answered before its flow began; None where it is to ask."""

        @property
        def by_manager(self) -> bool:
            """Whether the cluster manager calls, not a person."""

        @property
        def in_maintenance(self) -> bool: ...

        @property
        def follows_failure(self) -> bool:
            """Whether a failed check came before this remove by a manager that restarts by itself.

            What restarts here then is the manager, and this is the first half of it.
            """

        def within(self, seconds: float) -> Deadline:
            """`seconds` after the call began, waiting for the lock included; at least 1 s ahead."""

        def part(
            self,
            work: Callable[[Work], Verdict],
            *,
            within: float | Deadline,
            cleanup: float = 0.0,
            step_stays_open: bool = False,
        ) -> Verdict:
            """Have `work` done by a worker, `within` seconds; what is late is ended.

            `cleanup`: seconds of which a part may go to ending what is late. `step_stays_open`:
            a step that the worker could not close is left for :meth:`close_step`.
            """

        def close_step(self, report: Verdict) -> None:
            """Close the step that a lost worker left open, if there is one, as `report` says."""

        def status_of(self, resource: str, within: float) -> tuple[Status, str]:
            """The status of another resource of this node, and what was seen."""

        def excuse(self) -> str:
            """Why a failure must not be answered now, or ""; asked only before one would be."""

        def stop_dependents(self) -> str:
            """Stop the resources that require this one and run; what went wrong, or ""."""

        def start_dependents(self) -> str:
            """Start again what :meth:`stop_dependents` stopped; what went wrong, or ""."""
