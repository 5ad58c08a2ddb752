"""The resources of this node that require this one: stopped before a restart, started after it."""

from __future__ import annotations

from arkcore.base import budget
from arkcore.base.call import Action
from arkcore.base.status import Outcome, Status
from arkcore.base.stderr import complain
from arkcore.guard.asking import ask_status
from arkcore.guard.workers import soon
from arkcore.machine.channel import Event
from arkcore.memory.intent import Wanted
from arkcore.memory.state import State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from arkcore.base.deadline import Deadline
    from arkcore.base.status import Verdict
    from arkcore.guard.case import Case
    from arkcore.guard.run import ActionRun
    from arkcore.guard.workers import Workers
    from arkcore.machine.channel import Sender

    class Dependent(Protocol):
        """The guard of a resource that requires this one."""

        @property
        def case(self) -> Case: ...

        @property
        def run(self) -> ActionRun: ...

        def take(self, action: Action) -> Verdict | None: ...

        def act(self, action: Action) -> Verdict: ...

        def release(self) -> None: ...


class Dependents:
    """What stops and starts them. `limit`: of this recover. `make`: the guard of one, by name."""

    def __init__(
        self,
        case: Case,
        workers: Workers,
        limit: Deadline | None,
        make: Callable[[str], Dependent],
    ) -> None:
        self._case = case
        self._workers = workers
        self._limit = limit
        self._make = make
        self._stopped: list[Dependent] = []

    @property
    def stopped(self) -> list[Dependent]:
        """Those that were stopped, in that order."""
        return self._stopped

    @property
    def states(self) -> list[State]:
        """What is remembered of those that were stopped."""
        return [each.case.state for each in self._stopped]

    def stop(self) -> str:
        """Stop those that run or are wanted; what went wrong, or ""."""
        for name in self._names():
            if State(self._case.paths, name).intent.wanted is Wanted.DOWN:
                continue
            dependent = self._make(name)
            verdict = dependent.take(Action.REMOVE)
            if verdict is None and _is_up(dependent):
                self._stopped.append(dependent)
                verdict = dependent.act(Action.REMOVE)
            dependent.release()
            if verdict is not None and verdict.outcome is not Outcome.WELL:
                return f"{name}, which requires this, cannot be stopped: {verdict.reason}"
        return ""

    def start(self) -> str:
        """Start again what was stopped; what went wrong, or ""."""
        for dependent in reversed(self._stopped):
            # Free meanwhile, so that a remove need not wait; it may have come.
            verdict = dependent.take(Action.RESTORE)
            if verdict is None and not _is_left_alone(dependent):
                verdict = dependent.act(Action.RESTORE)
            dependent.release()
            if verdict is not None and verdict.outcome is not Outcome.WELL:
                name = dependent.case.call.resource
                return f"{name}, which requires this, cannot be started: {verdict.reason}"
        return ""

    def release(self) -> None:
        """Let go of all their locks."""
        for dependent in self._stopped:
            dependent.release()
        self._stopped = []

    def _names(self) -> list[str]:
        """The resources that require this one. A worker reads their files."""
        case = self._case
        told: list[str] = []

        def body(sender: Sender) -> None:
            from arkcore.resources.requirements import dependents

            for name in dependents(case.paths, case.call.resource):
                sender.send(Event.RESOURCE, name)
            sender.report(Verdict(Outcome.WELL))

        def hear(event: Event) -> None:
            if event.kind == Event.RESOURCE:
                told.extend(event.texts)

        report = self._workers.do_aside(body, soon(budget.LOADING, self._limit), hear)
        if not report.well:
            complain(f"{case.call.resource}: its dependents cannot be told: {report.reason}")
        return told


def _is_up(dependent: Dependent) -> bool:
    """Whether it runs, or the manager wants it to and nobody has taken it out of service."""
    run = dependent.run
    runs = run.part(ask_status, within=10.0).status is not Status.STOPPED
    return runs or (run.state.intent.wanted is Wanted.UP and not run.in_maintenance)


def _is_left_alone(dependent: Dependent) -> bool:
    """Whether it was taken out of service while it was stopped."""
    return dependent.run.state.intent.wanted is Wanted.DOWN or dependent.run.is_shutting_down()
