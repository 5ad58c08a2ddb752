"""One action on one loaded resource: what its flow is offered, from the start line to the end."""

from __future__ import annotations

import os
import time

from arkcore.actions import quick_check
from arkcore.base import budget
from arkcore.base.call import Action
from arkcore.base.deadline import Deadline
from arkcore.base.status import Outcome, Status, Verdict
from arkcore.context.context import START, STATUS
from arkcore.guard.ended import verdict_when_ended, who_ended_us
from arkcore.guard.script import Script
from arkcore.guard.turn import Turn
from arkcore.machine import output, processes
from arkcore.machine.descent import become_subreaper, has_children
from arkcore.machine.system import systemctl
from arkcore.memory.intent import Wanted
from arkcore.memory.state import State
from arkcore.memory.undecided import UndecidedClock
from arkcore.worker.part import Part, do_part
from arkcore.worker.signals import Ended

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Protocol

    from arkcore.actions.work import Work
    from arkcore.guard.case import Case
    from arkcore.guard.leftovers import Leftovers
    from arkcore.guard.workers import Workers
    from arkcore.machine.channel import Sender
    from arkcore.memory.commands import Commands
    from arkcore.resources.resource import Resource

    class Dependents(Protocol):
        """The resources that require this one (:mod:`arkcore.guard.dependents`)."""

        @property
        def stopped(self) -> Sequence[object]: ...

        @property
        def states(self) -> list[State]: ...

        def stop(self) -> str: ...

        def start(self) -> str: ...

        def release(self) -> None: ...


#: What is told where the manager's word could not be written.
_UNKEPT = {
    Action.RESTORE: (
        "It could not be written down that the cluster manager wants this resource up; "
        "make room where the line on stderr says"
    ),
    Action.REMOVE: (
        "It could not be written down that the cluster manager wants this resource down; a recover "
        "that follows may start it again. Make room where the line on stderr says"
    ),
}


class ActionRun:
    """What acts on a loaded resource. Also the `Run` of its flow (:mod:`arkcore.actions.run`).

    `warning`: told after the start line. `dependents`: makes what stops and starts the resources
    that require this one.
    """

    def __init__(
        self,
        case: Case,
        resource: Resource,
        workers: Workers,
        dependents: Callable[[ActionRun], Dependents],
        warning: str = "",
    ) -> None:
        self.case = case
        self.resource = resource
        #: Whether the healthy path has begun this action, and what it was answered.
        self.is_begun = False
        self.answer: Verdict | None = None
        self.state = case.state
        self.workers = workers
        self._make_dependents = dependents
        self._dependents: Dependents | None = None
        caller, action = case.call.caller, case.call.action
        # What is to be stopped is stopped, also where a password cannot be had.
        resource.may_lack_secrets = action is Action.REMOVE
        shortfall = ""
        if action in (Action.RESTORE, Action.REMOVE) and caller.ends is not None:
            shortfall = caller.shortfall(action, resource.timers)
            resource.timers = resource.timers.cut(action.word, caller.ends.at - case.began_at)
        self.warning = f"{warning}. {shortfall}" if warning and shortfall else warning or shortfall
        self.script = Script(
            case,
            resource.logical_host,
            resource.ras,
            resource.log,
            only_changes=resource.ras.quickcheck == "changes",
        )
        workers.log, workers.settings = self.script.log, resource.log
        gap = UndecidedClock.gap_for(caller.check_interval)
        self.clock = self.state.undecided_clock(resource.timers["quickcheck.process"], gap)
        self.limit = case.limit or self._limit_of(action)
        #: Whether what the manager wants could be written down.
        self.intent_is_kept = True
        #: Whether the quickCheck before was killed when its time was up.
        self._check_hung = False
        #: What was below this process before the action began: the caller's, or a dependent's.
        self._strangers: set[processes.Process] = set()
        #: The marks of the commands that actions before this one have left open.
        self._earlier: set[str] = set()

    def _limit_of(self, action: Action) -> Deadline | None:
        """When the whole action is ended, where its manager sets no such time for the call."""
        if action is Action.QUICK_CHECK and self.run_limit is not None:
            return Deadline(self.case.began_at + self.run_limit)
        total = self.resource.timers["recover.total"]
        if action is Action.RECOVER and total < float("inf"):
            return Deadline.after(total)
        return None

    # From the lock to the verdict.

    def take_turn(self, action: Action) -> Verdict | None:
        """Take the resource's lock; a verdict where it is not had."""
        timers = self.resource.timers
        turn = Turn(self.case, self.script, timers, self.clock, self.excuse, self.warning)
        verdict = turn.take(action)
        self.warning = turn.warning
        return verdict

    def act(self, action: Action) -> Verdict:
        """Do an action, with the lock held, and write its script's pair."""
        self._prepare(action)
        if not self.is_begun:
            self.script.begin(action, self.limit)
        self._tell_warnings(action)
        if action is not Action.QUICK_CHECK:
            from arkcore.context.start_group import step_out

            step_out()
            self.clock.reset()
        last = self.state.verdict.read()
        try:
            if self.is_begun:
                self.case.pause(0.0)  # told to end meanwhile: nothing more is asked
            verdict = _flow(action)(self)
            self.sweep(action, verdict)
        except Ended:
            verdict = self._yield(action)
        finally:
            if self._dependents is not None:
                self._dependents.release()
        if action is Action.RECOVER and verdict.outcome is Outcome.FAILED:
            if self.case.signals.muted:
                # A dependent's script was told to end, and with it this one.
                verdict = Verdict(Outcome.SKIPPED, self._who_ended_us(), verdict.status)
        return self.script.end(action, verdict, last)

    def _prepare(self, action: Action) -> None:
        case, state = self.case, self.state
        state.intent.forget_dead_remove(processes.is_alive)
        if action is Action.QUICK_CHECK and case.call.caller.checks_only_what_is_wanted:
            if state.intent.wanted is not Wanted.UP:
                state.intent.want(Wanted.UP)
        if not self.is_begun:  # else all was well, and what is below now came of this check
            self._strangers = processes.descendants({os.getpid()}) if has_children() else set()
            left_open, self._check_hung = self.script.tell_aborted()
            earlier = state.commands.all()
            self._earlier = {each.mark for each in earlier}
            if left_open or {each.kind for each in earlier} & {START, STATUS}:
                self._leftovers().end_aborted(action)
        ended = case.maintenance.tell_ended()
        if ended:
            self.script.log.line(ended, "warning")
        output.trim_kept(case.paths.start_output(case.call.resource))

    def _tell_warnings(self, action: Action) -> None:
        log = self.script.log
        if self.warning:
            log.line(self.warning, "warning")
        if not self.intent_is_kept:
            log.line(_UNKEPT[action], "warning")
        if self.in_maintenance:
            log.line(self.case.maintenance.goes_on(), "warning")

    def sweep(self, action: Action, verdict: Verdict) -> None:
        """End what commands have left running below this guard, unless it is the product."""
        if not has_children():
            _forget_what_is_over(self.state.commands, self._earlier)
            return
        self._leftovers().sweep(action, verdict, started=self._has_stopped_dependents)

    def _leftovers(self) -> Leftovers:
        from arkcore.guard.leftovers import Leftovers

        return Leftovers(self.case, self.resource.timers, self.part, self._strangers)

    @property
    def _has_stopped_dependents(self) -> bool:
        return self._dependents is not None and bool(self._dependents.stopped)

    def _yield(self, action: Action) -> Verdict:
        """Told to end: leave no command behind, quickly, and say why."""
        reason = self._who_ended_us()
        self.case.signals.mute()
        self.script.log.close_step(False, reason)
        self._leftovers().end(action, budget.for_yielding(), started=self._has_stopped_dependents)
        return verdict_when_ended(action, reason, self.state.intent.wanted)

    def _who_ended_us(self) -> str:
        others = self._dependents.states if self._dependents is not None else []
        return who_ended_us(self.case.signals, [self.state, *others])

    # What a flow asks of its run.

    @property
    def run_limit(self) -> float | None:
        if self.is_begun and self.limit is not None:
            return self.limit.remaining()  # the healthy path has used up the rest
        return self.case.call.caller.run_limit(self.resource.timers)

    @property
    def by_manager(self) -> bool:
        return self.case.by_manager

    @property
    def follows_failure(self) -> bool:
        if not self.by_manager or not self.case.call.caller.restarts_by_itself:
            return False
        last = self.state.verdict.read()
        failed = (Action.QUICK_CHECK.word, Outcome.FAILED)
        return self._check_hung or (last.action, last.outcome) == failed

    @property
    def in_maintenance(self) -> bool:
        return self.case.maintenance.active()

    def within(self, seconds: float) -> Deadline:
        return Deadline(budget.of_timer(self.case.began_at, seconds, time.monotonic()))

    def part(
        self,
        work: Callable[[Work], Verdict],
        *,
        within: float | Deadline,
        cleanup: float = 0.0,
        step_stays_open: bool = False,
    ) -> Verdict:
        deadline, end = self._time_of_part(within, cleanup)
        part = Part(work, self.resource, self.state, deadline, end)
        part.is_quick = work is quick_check.check
        part.strangers = self._strangers
        part.traced = is_traced(self.case, self.resource)

        def observed(asking: bool) -> None:
            # Waiting for a node-wide lock is no observation of this application.
            self.clock.observe() if asking else self.clock.withdraw()

        if part.is_quick:
            part.observed = observed
        report = self.workers.do(_body(part), end, self.script.log.take)
        if report.outcome is Outcome.INTERNAL:
            self.case.fault = report.fault
        if not step_stays_open:
            self.script.log.close_step(False, report.reason)
        return report

    def ask(
        self,
        work: Callable[[Work], Verdict],
        resource: Resource,
        *,
        within: float | Deadline,
        aside: bool = False,
    ) -> Verdict:
        """Have a worker look at `resource`, which may be another one: its lock is not held here.

        Of its part only the trace is told, for its steps are none of this script. `aside`: no
        sweep follows, and no command but the part's own may be ended.
        """
        deadline, end = self._time_of_part(within, 2.0)
        state = State(self.case.paths, resource.name, read_only=True)
        part = Part(work, resource, state, deadline, end)
        part.notes = self.state
        part.traced = is_traced(self.case, resource)
        do = self.workers.do_aside if aside else self.workers.do
        report = do(_body(part), end, self.script.log.trace)
        if report.outcome is Outcome.INTERNAL:
            self.case.fault = report.fault
        return report

    def _time_of_part(self, within: float | Deadline, cleanup: float) -> tuple[Deadline, Deadline]:
        now = time.monotonic()
        at = within.at if isinstance(within, Deadline) else now + within
        limit = self.limit.at if self.limit is not None else None
        deadline, end = budget.of_part(now, at, cleanup, limit)
        return Deadline(deadline), Deadline(end)

    def close_step(self, report: Verdict) -> None:
        self.script.log.close_step_as(report)

    def status_of(self, resource: str, within: float) -> tuple[Status, str]:
        from arkcore.guard.asking import ask_status, other_resource

        found = other_resource(self.case, self.limit, resource)
        if found is None:
            return Status.UNKNOWN, "its resource file is unusable"
        report = self.ask(ask_status, found, within=within)
        return report.status or Status.UNKNOWN, report.reason

    def excuse(self) -> str:
        case = self.case
        if self.state.intent.wanted is Wanted.DOWN:
            return "wanted = down"
        if self.in_maintenance:
            return case.maintenance.describe()
        if self.is_shutting_down():
            return "the system is shutting down"
        case.pause(0.0)  # told to end meanwhile: then nothing but that is answered
        if case.call.caller.in_service(case.call.resource) is False:
            return "not in service here"
        case.pause(0.0)
        return ""

    def is_shutting_down(self) -> bool:
        """Whether the operating system is going down; no where that cannot be told."""
        program = systemctl()
        if not program:
            return False
        from arkcore.worker.question import ask_command

        # systemctl returns 1 for each state but "running".
        return ask_command([program, "is-system-running"]).output.strip() == "stopping"

    def stop_dependents(self) -> str:
        self._dependents = self._make_dependents(self)
        return self._dependents.stop()

    def start_dependents(self) -> str:
        return self._dependents.start() if self._dependents is not None else ""


def _forget_what_is_over(commands: Commands, earlier: set[str]) -> None:
    """Nothing lives below this guard: of the commands it began, starts alone can matter.

    `earlier`: the marks of those that actions before this one have left open.
    """
    open_now = commands.all()
    over = [each.mark for each in open_now if each.kind == STATUS]
    stops = [each.mark for each in open_now if each.kind not in (STATUS, START)]
    if stops and become_subreaper():
        over += set(stops) - earlier
    commands.forget(over)


def is_traced(case: Case, resource: Resource) -> bool:
    """Whether every hook call of `resource` is told."""
    return bool(resource.log.trace) or case.call.caller.traces


def _body(part: Part) -> Callable[[Sender], None]:
    return lambda sender: do_part(sender, part)


def _flow(action: Action) -> Callable[[ActionRun], Verdict]:
    """The flow of an action. The others are not loaded: a healthy check pays for each module."""
    if action is Action.QUICK_CHECK:
        return quick_check.flow
    if action is Action.RESTORE:
        from arkcore.actions import restore

        return restore.flow
    if action is Action.REMOVE:
        from arkcore.actions import remove

        return remove.flow
    from arkcore.actions import recover

    return recover.flow
