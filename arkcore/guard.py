"""The process that a manager calls: it takes the lock, keeps the time and answers.

It writes the script's pair and decides the outcome. It imports no plugin: every part of an action
that can hang, raise or exit runs in a forked worker (:mod:`arkcore.worker`), which the guard ends
when its time is up.
"""

from __future__ import annotations

import signal
import time
from functools import partial

from arkcore import lock as locks
from arkcore import processes, record
from arkcore.actions import quick_check
from arkcore.actions.steps import Work
from arkcore.call import Action, Call
from arkcore.channel import Report
from arkcore.deadline import Deadline
from arkcore.errors import ArkError
from arkcore.machine import systemctl
from arkcore.precedence import Rule, rule
from arkcore.ras.log import ScriptLog
from arkcore.ras.sink import RasSink
from arkcore.ras.sinks import Sinks
from arkcore.resource import LogSettings, RasSettings
from arkcore.signals import Ended, Signals
from arkcore.state import Maintenance, OpenScript, State, UndecidedClock, boottime
from arkcore.status import Outcome, Status, Verdict
from arkcore.stderr import complain
from arkcore.supervisor import ask_command, has_children, supervise
from arkcore.timers import Timers
from arkcore.worker import do_part

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from arkcore.channel import Event, Sender
    from arkcore.paths import Paths
    from arkcore.resource import Resource

#: A pre-empted guard yields within this many seconds; one that does not is stuck, and is killed.
_YIELD = 2.0
#: Of a cleanup timer, at most so much goes to ending a late worker's command.
_ENDING = 5.0
_OBSERVERS = 5.0
_LOADING = 20.0


class Guard:
    """One call, from the question to the verdict. Also the flow's `Run`."""

    def __init__(
        self,
        call: Call,
        paths: Paths,
        signals: Signals,
        *,
        listener: Callable[[str, str], None] | None = None,
        limit: Deadline | None = None,
        nested: bool = False,
    ) -> None:
        self.call = call
        self.paths = paths
        self.state = State(paths, call.resource)
        self.resource: Resource = None  # type: ignore[assignment]
        self.clock: UndecidedClock = None  # type: ignore[assignment]
        self._signals = signals
        self._listener = listener
        #: Ends every part: the run's limit, or a cap on the whole action.
        self._limit = limit
        #: Whether it acts within another resource's recover, and so is no word of the manager's.
        self._nested = nested
        self._began = boottime()
        self._began_at = time.monotonic()
        self._lock = locks.ResourceLock(self.state.directory)
        self._maintenance = Maintenance(paths, call.resource)
        self._open_script = OpenScript(paths, call.resource)
        self._log: ScriptLog = None  # type: ignore[assignment]
        self._limited_by_default = False
        self._warning = ""
        self._stopped_dependents: list[Guard] = []

    # From the call to the verdict.

    def perform(self) -> Verdict:
        """Do what the call asks. Never raises; every trouble has its verdict."""
        action = self.call.action
        intent = self._declare_intent(action)
        try:
            verdict = self._load() or self._take_lock(action) or self._act(action)
        except Ended:
            verdict = self._ended(action)
        except Exception as error:  # ours, and never the application's fault
            verdict = self._internal(action, f"{type(error).__name__}: {error}")
        finally:
            self._lock.release()
        if action is Action.REMOVE and verdict.outcome is not Outcome.WELL and intent is not None:
            self.state.wanted = intent
        return verdict

    def _declare_intent(self, action: Action) -> str | None:
        """Write what the manager wants, before the lock; what it wanted before, for a remove."""
        if not self.call.caller.is_manager:
            return None
        before = self.state.wanted
        if action is Action.RESTORE:
            self.state.wanted = "up"
        elif action is Action.REMOVE:
            self.state.wanted = "down"
            return before
        return None

    # Loading.

    def _load(self) -> Verdict | None:
        """The resource, from its record or validated anew; a verdict where it is unusable."""
        problem = ""
        if self._limit is None and self.call.action is Action.QUICK_CHECK:
            # Loading counts too; the resource's own timers, once known, set it anew.
            limit = self.call.caller.run_limit(Timers({}))
            self._limit = None if limit is None else Deadline(self._began_at + limit)
            self._limited_by_default = True
        resource = record.load(self.paths, self.call.resource)
        if resource is None:
            resource, problem = self._validated()
        if resource is None:
            return self._unusable(problem)
        self._use(resource)
        return None

    def _use(self, resource: Resource) -> None:
        self.resource = resource
        self._log = self._script_log(resource.logical_host, resource.ras, resource.log)
        interval = self.call.caller.check_interval
        self.clock = UndecidedClock(
            self.state, resource.timers["quickcheck.process"], max(360.0, 3 * interval)
        )
        if self._limited_by_default:
            limit = self.run_limit
            self._limit = None if limit is None else Deadline(self._began_at + limit)
        if self._limit is None and self.call.action is Action.RECOVER:
            total = resource.timers["recover.total"]
            self._limit = Deadline.after(total) if total < float("inf") else None

    def _script_log(self, host: str, ras: RasSettings, log: LogSettings) -> ScriptLog:
        return ScriptLog(
            RasSink(self.paths.ras_log),
            Sinks(log),
            self.call.resource,
            host,
            full=ras.detail == "full",
            listener=self._listener,
        )

    def _validated(self) -> tuple[Resource | None, str]:
        """Have a worker validate and record the resource; it, or what is wrong."""
        name = self.call.resource

        def body(sender: Sender) -> None:
            from arkcore.resource_file import validate_and_record

            try:
                validate_and_record(self.paths, name)
                sender.report(Report(Outcome.WELL))
            except ArkError as error:
                sender.report(Report(Outcome.INTERNAL, str(error)))

        end = Deadline.after(_LOADING)
        if self._limit is not None:
            end = Deadline(min(end.at, self._limit.at - _ENDING / 2))
        report = self._worker(body, end, lambda _: None)
        if not report.well:
            return None, report.reason
        resource = record.load(self.paths, name)
        if resource is not None:
            return resource, ""
        return None, f"{self.paths.record(name)}: the record cannot be written"

    def _unusable(self, problem: str) -> Verdict | None:
        """Nobody can be asked. Never a verdict about a healthy application."""
        action = self.call.action
        known = record.last_known_good(self.paths, self.call.resource)
        if action is Action.REMOVE and known is not None:
            self._use(known)
            self._warning = f"{problem}; the recorded copy serves"
            return None
        ras = known.ras if known else RasSettings()
        log = known.log if known else LogSettings()
        self._log = self._script_log(known.logical_host if known else "-", ras, log)
        self._log.line(f"{action.script} start.")
        if action is Action.REMOVE and not self.state.ever_restored():
            from arkcore.actions.remove import never_restored

            reason = never_restored(problem)
            self._log.line(f"{action.script} completed. {reason}", "warning")
            return Verdict(Outcome.WELL, reason, Status.STOPPED)
        if action is Action.QUICK_CHECK:
            return self._blind(problem)
        self._log.line(f"{action.script} failed. {problem}", "error")
        return Verdict(Outcome.INTERNAL, problem)

    def _blind(self, problem: str) -> Verdict:
        self.state.note_blind(problem)
        self._log.line(f"{Action.QUICK_CHECK.script} failed. BLIND: {problem}", "error")
        try:
            import syslog

            syslog.openlog("ark", syslog.LOG_PID, syslog.LOG_LOCAL6)
            syslog.syslog(syslog.LOG_ERR, f"{self.call.resource}: BLIND: {problem}")
        except (ImportError, OSError):
            pass
        return Verdict(Outcome.INTERNAL, problem, Status.UNKNOWN)

    # The lock.

    def _take_lock(self, action: Action) -> Verdict | None:
        """Take the resource's lock, as the table of two calls at once says."""
        patience = Deadline.after(self._patience(action))
        asked: set[processes.Process] = set()
        while True:
            try:
                if self._lock.try_take(action.word, self._began):
                    return None
            except OSError as error:
                # Not to act would be worse: without /run nobody else can hold the lock either.
                complain(f"{self.call.resource}: acting without a lock: {error}")
                return None
            holder = self._lock.holder()
            does = rule(holder.action, action.word) if holder else Rule.WAITS
            if holder and does is Rule.SKIPS:
                return self._skip_behind(holder, action)
            if holder and does is Rule.PREEMPTS and holder.process not in asked:
                asked.add(holder.process)
                self._preempt(holder, action)
                continue
            if patience.passed:
                who = f"{holder.action} (pid {holder.process.pid})" if holder else "another action"
                return self._brief(action, Outcome.FAILED, f"{who} is still at work")
            if self._listener and holder:
                self._listener("now", f"waiting for {holder.action} (pid {holder.process.pid})")
            self._pause(0.02)

    def _patience(self, action: Action) -> float:
        timers = self.resource.timers
        if action is Action.RECOVER:
            # What it waits for may take as long as the longest action may.
            return max(timers["restore.process"], timers["remove.process"]) + 5
        return timers[f"{action.word}.process"]

    def _preempt(self, holder: locks.Holder, action: Action) -> None:
        """Ask the holder to yield; one that does not within its time is stuck, and is killed."""
        self.state.note_preemption(holder.process.pid, action.word)
        processes.send(holder.process, signal.SIGTERM)
        processes.send(holder.process, signal.SIGCONT)
        yielded = Deadline.after(_YIELD + 1.0)
        while processes.still_lives(holder.process):
            if yielded.passed:
                processes.send(holder.process, signal.SIGKILL)
                return
            self._pause(0.01)

    def _skip_behind(self, holder: locks.Holder, action: Action) -> Verdict:
        """Leave the matter to the action at work. A stuck quickCheck counts as an observation."""
        limit = self.run_limit
        age = boottime() - holder.since
        stuck = holder.action == Action.QUICK_CHECK.word and limit is not None and age > limit + 2
        if action is Action.QUICK_CHECK and stuck:
            self.clock.observe()
            if self.clock.has_failed() and not self.excuse():
                reason = f"the quickCheck before this one is stuck (pid {holder.process.pid})"
                return self._brief(action, Outcome.FAILED, reason)
        return self._brief(action, Outcome.SKIPPED, f"{holder.action} is at work")

    def _brief(self, action: Action, outcome: Outcome, reason: str) -> Verdict:
        """A script that ends before it could do anything: its pair."""
        self._log.line(f"{action.script} start.")
        return self._end_line(action, Verdict(outcome, reason))

    def _pause(self, seconds: float) -> None:
        self._signals.wait(seconds)
        if self._signals.received:
            raise Ended

    # Acting.

    def _act(self, action: Action) -> Verdict:
        quiet = action is Action.QUICK_CHECK and self.resource.ras.quickcheck == "changes"
        self._tell_aborted()
        if quiet:
            self._log.hold()
        self._open_script.begin(action.script, told=not quiet)
        self._log.line(f"{action.script} start.")
        if self._warning:
            self._log.line(self._warning, "warning")
        if action is not Action.QUICK_CHECK:
            self.clock.reset()
        last = self.state.verdict()
        try:
            verdict = _flow(action)(self)
            self._sweep(action, verdict)
        except Ended:
            verdict = self._yield(action)
        finally:
            self._release_dependents()
        if action is Action.QUICK_CHECK and verdict.outcome is Outcome.INTERNAL:
            verdict = self._blind(verdict.reason)
        else:
            self._end_line(action, verdict)
            self.state.clear_blind()
        if quiet and last.get("outcome") == verdict.outcome.value:
            self._log.drop()
        elif quiet:
            self._log.release()
        self._open_script.end()
        status = verdict.status.value if verdict.status else ""
        self.state.note_verdict(action.word, verdict.outcome.value, status, verdict.reason)
        self._observe(action, verdict)
        return verdict

    def _end_line(self, action: Action, verdict: Verdict) -> Verdict:
        reason = f" {verdict.reason}" if verdict.reason else ""
        if verdict.outcome is Outcome.SKIPPED:
            self._log.line(f"{action.script} completed. Skipped: {verdict.reason}.")
        elif verdict.outcome is Outcome.UNDECIDED:
            self._log.line(f"{action.script} completed. Undecided:{reason}", "warning")
        elif verdict.outcome is Outcome.WELL:
            self._log.line(f"{action.script} completed.{reason}")
        else:
            self._log.line(f"{action.script} failed.{reason}", "error")
        return verdict

    def _tell_aborted(self) -> None:
        """Close what an action that was killed left open: its line, and its commands."""
        left = self._open_script.left_open()
        if left:
            script, began = left
            moment = time.strftime("%Y/%m/%d %H:%M:%S", time.localtime(began))
            self._log.line(f"{script} aborted. It began {moment}.", "warning")
        unfinished = any(
            kind in ("start", "status") for kind, _, _ in self.state.commands().values()
        )
        if left or unfinished:
            self.part(end_leftovers, within=5.0)

    def _sweep(self, action: Action, verdict: Verdict) -> None:
        """End what commands have left running below this guard, unless it is the product."""
        if has_children() and verdict.outcome is not Outcome.INTERNAL:
            well = verdict.outcome is Outcome.WELL and action is not Action.REMOVE
            started = bool(self._stopped_dependents) or (well and action is not Action.QUICK_CHECK)
            self.part(end_leftovers if started else end_all_leftovers, within=3.0)

    def _yield(self, action: Action) -> Verdict:
        """Told to end: leave no command behind, quickly, and say why."""
        by, name = self.state.preempted_by(), self._signals.name
        reason = f"Pre-empted by {by}" if by else f"Ended by {name}"
        self._signals.mute()
        started = bool(self._stopped_dependents)  # their daemons are this guard's children
        self._log.close_step(False, reason)
        self.part(hurry_leftovers if started else hurry_all_leftovers, within=_YIELD * 0.75)
        if action is Action.QUICK_CHECK:
            if by:
                return Verdict(Outcome.SKIPPED, reason)
            return Verdict(Outcome.UNDECIDED, f"{reason}.")
        if action is Action.RECOVER and self.state.wanted == "down":
            return Verdict(Outcome.SKIPPED, reason)
        return Verdict(Outcome.FAILED, f"{reason}.")

    def _ended(self, action: Action) -> Verdict:
        """Told to end while waiting for the lock, or before the resource was known."""
        if self._log is None:
            self._log = self._script_log("-", RasSettings(), LogSettings())
        by = self.state.preempted_by()
        reason = f"Pre-empted by {by}" if by else f"Ended by {self._signals.name}"
        harmless = action in (Action.QUICK_CHECK,) or (
            action is Action.RECOVER and self.state.wanted == "down"
        )
        return self._brief(action, Outcome.SKIPPED if harmless else Outcome.FAILED, reason)

    def _internal(self, action: Action, reason: str) -> Verdict:
        complain(f"{self.call.resource}: {action.word}: {reason}")
        if self._log is not None:
            self._log.close_step(False, reason)
            self._log.line(f"{action.script} failed. Internal error: {reason}", "error")
            self._open_script.end()
        return Verdict(Outcome.INTERNAL, reason)

    # What a flow asks of its run.

    @property
    def run_limit(self) -> float | None:
        return self.call.caller.run_limit(self.resource.timers)

    @property
    def by_manager(self) -> bool:
        return self.call.caller.is_manager and not self._nested

    def within(self, seconds: float) -> Deadline:
        return Deadline(max(self._began_at + seconds, time.monotonic() + 1.0))

    @property
    def in_maintenance(self) -> bool:
        return self._maintenance.active()

    def part(
        self,
        work: Callable[[Work], Report],
        *,
        within: float | Deadline,
        cleanup: float = 0.0,
        step_stays_open: bool = False,
        resource: Resource | None = None,
    ) -> Report:
        deadline = Deadline.after(within) if isinstance(within, int | float) else within
        end = Deadline(deadline.at + min(cleanup / 2, _ENDING))
        if self._limit is not None:
            end = Deadline(min(end.at, self._limit.at - min(0.3, cleanup / 2)))
            deadline = Deadline(min(deadline.at, self._limit.at - min(cleanup / 2, _ENDING)))
        subject = resource or self.resource
        # Another resource is only looked at: its lock is not held here.
        state = self.state if resource is None else State(self.paths, subject.name, read_only=True)
        checking = work is quick_check.check and not subject.observers

        def observed(asking: bool) -> None:
            if work is quick_check.check:
                # Waiting for a node-wide lock is no observation of this application.
                self.clock.observe() if asking else self.clock.withdraw()

        def body(sender: Sender) -> None:
            do_part(sender, work, subject, state, deadline, direct=checking, observed=observed)

        tell = self._log.take if resource is None else (lambda _: None)
        report = self._worker(body, end, tell)
        if not step_stays_open and resource is None:
            self._log.close_step(False, report.reason)
        return report

    def _worker(
        self, body: Callable[[Sender], None], end: Deadline, tell: Callable[[Event], object]
    ) -> Report:
        return supervise(
            body,
            end=end,
            tell=tell,
            signals=self._signals,
            prepare=self._leave_to_guard,
            doing=lambda: self._log.activity if self._log is not None else "",
        )

    def _leave_to_guard(self) -> None:
        self._lock.leave_to_parent()
        for guard in self._stopped_dependents:
            guard._lock.leave_to_parent()

    def close_step(self, report: Report) -> None:
        self._log.close_step_as(report)

    def status_of(self, resource: str, within: float) -> tuple[Status, str]:
        other = self._other(resource)
        if other is None:
            return Status.UNKNOWN, "its resource file is unusable"
        report = self.part(ask, within=within, cleanup=2.0, resource=other)
        return report.status or Status.UNKNOWN, report.reason

    def _other(self, name: str) -> Resource | None:
        resource = record.load(self.paths, name)
        if resource is None:
            guard = Guard(
                self._call_for(name), self.paths, self._signals, limit=self._limit, nested=True
            )
            resource, _ = guard._validated()
        return resource

    def excuse(self) -> str:
        if self.state.wanted == "down":
            return "wanted = down"
        if self.in_maintenance:
            return self._maintenance.describe()
        if self._shutting_down():
            return "the system is shutting down"
        if self.call.caller.in_service(self.call.resource) is False:
            return "not in service here"
        return ""

    def _shutting_down(self) -> bool:
        program = systemctl()
        if not program:
            return False
        return ask_command([program, "is-system-running"]).strip() == "stopping"

    # Dependents: the resources of this node that require this one.

    def stop_dependents(self) -> str:
        from arkcore.resource_file import dependents

        for name in dependents(self.paths, self.call.resource):
            state = State(self.paths, name)
            if state.wanted == "down":
                continue
            guard = Guard(
                self._call_for(name),
                self.paths,
                self._signals,
                listener=self._listener and partial(_tell_for, self._listener, name),
                limit=self._limit,
                nested=True,
            )
            trouble = guard._load() or guard._take_lock(Action.REMOVE)
            if trouble:
                guard._lock.release()
                return f"{name}, which requires this, cannot be stopped: {trouble.reason}"
            runs = guard.part(ask, within=10.0).status is not Status.STOPPED
            if not runs and state.wanted != "up":
                guard._lock.release()
                continue
            self._stopped_dependents.append(guard)
            verdict = guard._act(Action.REMOVE)
            if verdict.outcome is not Outcome.WELL:
                return f"{name}, which requires this, cannot be stopped: {verdict.reason}"
        return ""

    def start_dependents(self) -> str:
        for guard in reversed(self._stopped_dependents):
            verdict = guard._act(Action.RESTORE)
            if verdict.outcome is not Outcome.WELL:
                name = guard.call.resource
                return f"{name}, which requires this, cannot be started: {verdict.reason}"
        return ""

    def _call_for(self, resource: str) -> Call:
        return Call(self.call.action, resource, self.call.caller)

    def _release_dependents(self) -> None:
        for guard in self._stopped_dependents:
            guard._lock.release()
        self._stopped_dependents = []

    # Observers.

    def _observe(self, action: Action, verdict: Verdict) -> None:
        """Tell the observers, in a child of their own; what becomes of them changes nothing."""
        names = self.resource.observers
        if not names:
            return
        host, name = self.resource.logical_host, self.call.resource

        def body(sender: Sender) -> None:
            from arkcore.observers import tell_observers

            tell_observers(names, name, host, action.word, verdict)
            sender.report(Report(Outcome.WELL))

        try:
            self._worker(body, Deadline.after(_OBSERVERS), lambda _: None)
        except Ended:
            pass


def _tell_for(listener: Callable[[str, str], None], name: str, kind: str, text: str) -> None:
    """Tell a listener what another resource's script says, and whose it is."""
    listener(kind, f"{name}: {text}")


def _flow(action: Action) -> Callable[[Guard], Verdict]:
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


# Parts that are not of one action alone.


def ask(work: Work) -> Report:
    """In a worker: the status, once."""
    found = work.assess()
    return Report(Outcome.WELL, found.detail, found.status)


def end_leftovers(work: Work) -> Report:
    return work.end_leftovers()


def end_all_leftovers(work: Work) -> Report:
    return work.end_leftovers(adopted=True)


def hurry_leftovers(work: Work) -> Report:
    return work.end_leftovers(grace=0.3)


def hurry_all_leftovers(work: Work) -> Report:
    return work.end_leftovers(adopted=True, grace=0.3)
