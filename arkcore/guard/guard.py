"""The process that a manager calls: it takes the lock, keeps the time and answers.

It writes the script's pair and decides the outcome. It imports no plugin: every part of an action
that can hang, raise or exit runs in a forked worker (:mod:`arkcore.worker.worker`), which the guard
ends when its time is up.
"""

from __future__ import annotations

import errno
import os
import signal
import time
from functools import partial

from arkcore.actions import quick_check
from arkcore.actions.steps import Work
from arkcore.base import quickjson
from arkcore.base.call import Action, Call
from arkcore.base.deadline import Deadline
from arkcore.base.errors import ArkError, NodeError, PluginError
from arkcore.base.status import Fault, Outcome, Status, Verdict
from arkcore.base.stderr import complain, tell_journal
from arkcore.context.context import START, STATUS
from arkcore.guard.precedence import Rule, rule
from arkcore.machine import command, processes
from arkcore.machine.channel import Event, Report
from arkcore.machine.system import systemctl
from arkcore.memory import lock as locks
from arkcore.memory import private
from arkcore.memory.state import Maintenance, OpenScript, State, UndecidedClock, boottime
from arkcore.ras.log import ScriptLog
from arkcore.ras.sink import RasSink
from arkcore.ras.sinks import Sinks
from arkcore.resources import record
from arkcore.resources.resource import LogSettings, RasSettings, from_mapping, to_mapping
from arkcore.resources.timers import Timers
from arkcore.worker.signals import Ended, Signals
from arkcore.worker.supervisor import has_children, supervise, supervise_aside
from arkcore.worker.worker import do_part

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from arkcore.base.paths import Paths
    from arkcore.machine.channel import Sender
    from arkcore.machine.python_stack import PythonStack
    from arkcore.resources.resource import Resource

#: A pre-empted guard yields within this many seconds; one that does not is stuck, and is killed.
_YIELD = 2.0
#: Of a cleanup timer, at most so much goes to ending a late worker's command.
_ENDING = 5.0
#: Seconds at most for ending what commands have left behind when all else is done.
_SWEEP = 3.0
_OBSERVERS = 5.0
#: A look may take this long, where its caller sets no limit.
_LOOKING = 18.0
_LOADING = 20.0
_PREEMPTED = "Pre-empted by"
#: There is no place for a lock file: full, read-only, failing, or something else stands there.
_NO_PLACE = (
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EROFS,
    errno.EACCES,
    errno.EIO,
    errno.ELOOP,
    errno.ENOTDIR,
    errno.EISDIR,
)
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
        outer: Guard | None = None,
    ) -> None:
        self.call = call
        self.paths = paths
        private.secure(paths, call.resource)
        self.state = State(paths, call.resource)
        self.resource: Resource = None  # type: ignore[assignment]
        self.clock: UndecidedClock = None  # type: ignore[assignment]
        self._signals = signals
        self._listener = listener
        #: Ends every part: the run's limit, or a cap on the whole action.
        self._limit = limit or call.caller.ends
        #: Whether it acts within another resource's recover, and so is no word of the manager's.
        self._nested = outer is not None
        self._outer = outer
        # Timers count from the manager's call: what loading has taken is no time of its own.
        called_at = call.caller.called_at if outer is None else None
        self._began_at = time.monotonic() if called_at is None else called_at
        self._began = boottime() - (time.monotonic() - self._began_at)
        self._me = processes.look(os.getpid())
        self._lock = locks.ResourceLock(self.state.directory)
        self._maintenance = Maintenance(paths, call.resource)
        self._open_script = OpenScript(paths, call.resource)
        self._log: ScriptLog = None  # type: ignore[assignment]
        self._limited_by_default = False
        self._warning = ""
        #: Whether what the manager wants could be written down.
        self._intent_is_kept = True
        #: Whose the last thing was that nobody could be asked for.
        self._fault = Fault.ENGINE
        #: Whether the quickCheck before was killed when its time was up.
        self._check_hung = False
        #: Whether the script's start line is written, and its end line is not.
        self._script_open = False
        #: What was below this process before the action began: the caller's, or a dependent's.
        self._strangers: set[processes.Process] = set()
        self._stopped_dependents: list[Guard] = []
        #: What was wanted before this restore said "up".
        self._wanted_before = ""

    # From the call to the verdict.

    def perform(self) -> Verdict:
        """Do what the call asks. Never raises; every trouble has its verdict."""
        action = self.call.action
        verdict = Verdict(Outcome.INTERNAL)
        try:
            self._declare_intent(action)
            verdict = self._load() or self._take_lock(action) or self.act(action)
        except Ended:
            verdict = self._ended(action)
        except Exception as error:  # ours, and never the application's fault
            verdict = self._internal(action, f"{type(error).__name__}: {error}")
        finally:
            if action is Action.REMOVE and self.by_manager and self._me is not None:
                # Before the lock is free: whoever waits for it must not see what is not so.
                well = verdict.outcome is Outcome.WELL
                self.state.settle_remove(self._me, well=well)
            elif action is Action.RESTORE and self.by_manager and self.resource is None:
                # Refused before it could begin: the remove that follows has nothing of it to stop.
                self.state.withdraw_up(self._wanted_before)
            self.release()
        verdict.fault = self._fault
        self._observe(action, verdict)
        return verdict

    def _declare_intent(self, action: Action) -> None:
        """Write what the manager wants, before the lock is taken."""
        if not self.by_manager:
            return
        if action is Action.RESTORE:
            self._wanted_before = self.state.wanted
            self._intent_is_kept = self.state.want("up")
        elif action is Action.REMOVE and self._me is not None:
            self._intent_is_kept = self.state.want_down(self._me)

    # Loading.

    def _load(self) -> Verdict | None:
        """The resource, from its record or validated anew; a verdict where it is unusable."""
        problem = ""
        resource = record.load(self.paths, self.call.resource, self.call.parameters)
        if resource is None:
            self._limit_loading()
            resource, problem = self._validated()
        if resource is None:
            return self._unusable(problem)
        self._use(resource)
        return None

    def _limit_loading(self) -> None:
        """Loading counts as well; the resource's own timers, once known, set the limit anew."""
        if self._limit is None and self.call.action is Action.QUICK_CHECK:
            known = record.last_known_good(self.paths, self.call.resource)
            limit = self.call.caller.run_limit(known.timers if known else Timers({}))
            self._limit = None if limit is None else Deadline(self._began_at + limit)
            self._limited_by_default = True

    def _use(self, resource: Resource) -> None:
        self.resource = resource
        action, ends = self.call.action, self.call.caller.ends
        # What is to be stopped is stopped, also where a password cannot be had.
        resource.may_lack_secrets = action is Action.REMOVE
        if action in (Action.RESTORE, Action.REMOVE) and ends is not None:
            self._warning = self.call.caller.shortfall(action, resource.timers)
            resource.timers = resource.timers.cut(action.word, ends.at - self._began_at)
        self._log = self._script_log(resource.logical_host, resource.ras, resource.log)
        interval = self.call.caller.check_interval
        self.clock = UndecidedClock(
            self.state, resource.timers["quickcheck.process"], UndecidedClock.gap_for(interval)
        )
        unlimited = self._limit is None or self._limited_by_default
        if unlimited and self.call.action is Action.QUICK_CHECK:
            limit = self.run_limit
            self._limit = None if limit is None else Deadline(self._began_at + limit)
        if self._limit is None and self.call.action is Action.RECOVER:
            total = resource.timers["recover.total"]
            self._limit = Deadline.after(total) if total < float("inf") else None

    def _script_log(self, host: str, ras: RasSettings, log: LogSettings) -> ScriptLog:
        return ScriptLog(
            RasSink(self.paths.ras_log, group=log.group),
            Sinks(log, traces=self.call.caller.traces),
            self.call.resource,
            host,
            full=ras.detail == "full",
            listener=self._listener,
        )

    def _validated(
        self,
        *,
        essentials: bool = False,
        manages: Callable[[str], bool | None] | None = None,
    ) -> tuple[Resource | None, str]:
        """Have a worker validate and record the resource; it, or what is wrong.

        `essentials`: only what it takes to look at it and to stop it, and nothing is recorded.
        `manages`: as the caller's own.
        """
        name, parameters = self.call.resource, self.call.parameters
        manages = manages or self.call.caller.manages
        told: list[str] = []

        def body(sender: Sender) -> None:
            from arkcore.resources.resource_file import validate_and_record, validate_essentials

            validate = validate_essentials if essentials else validate_and_record
            try:
                resource = validate(self.paths, name, parameters, manages)
                sender.hand_over(Event.RESOURCE, quickjson.dumps(to_mapping(resource)))
                sender.report(Report(Outcome.WELL))
            except ArkError as error:
                sender.report(Report(Outcome.INTERNAL, str(error), fault=fault_of(error)))

        def hear(event: Event) -> None:
            if event.kind == Event.RESOURCE:
                told.extend(event.texts)
            elif event.kind == Event.REMARK:
                complain(event.texts[-1])

        end = Deadline.after(_LOADING)
        if self._limit is not None:
            end = Deadline(min(end.at, self._limit.at - _ENDING / 2))
        report = self._worker(body, end, hear, supervise_aside)
        if not report.well:
            self._fault = report.fault
            return None, report.reason
        try:
            # Handed over as it was validated: a record that cannot be written costs time, no more.
            resource = from_mapping(quickjson.loads("".join(told).encode()))
            resource.given = parameters
            return resource, ""
        except (IndexError, KeyError, TypeError, ValueError) as error:
            where = parameters.where(name) if parameters else self.paths.resource_file(name)
            return None, f"{where}: its values did not arrive whole ({error})"

    def _unusable(self, problem: str) -> Verdict | None:
        """Nobody can be asked. Never a verdict about a healthy application."""
        action = self.call.action
        known = record.last_known_good(self.paths, self.call.resource)
        if action is Action.REMOVE and known is not None:
            known.given = self.call.parameters
            self._use(known)
            serves = f"{problem}; the recorded copy serves"
            self._warning = f"{serves}. {self._warning}" if self._warning else serves
            return None
        if action is Action.REMOVE and self._can_be_stopped():
            self._warning = f"{problem}; it is stopped all the same"
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

    def _essentials(self, manages: Callable[[str], bool | None]) -> Resource | None:
        """What can be looked at and stopped, where the rest of its values is wrong."""
        if self._fault not in (Fault.CONFIGURATION, Fault.NODE):
            return None  # no plugin is there that could be asked
        fault = self._fault
        resource, _ = self._validated(essentials=True, manages=manages)
        self._fault = fault
        return resource

    def _can_be_stopped(self) -> bool:
        """Whether there is something to stop of what was never recorded here, and who can do it.

        What another resource of the same logical host may be running is not stopped.
        """
        resource = self._essentials(self.call.caller.manages)
        if resource is None:
            return False
        self._use(resource)
        if self.state.ever_restored():
            return True
        from arkcore.actions.probe import lives

        seen = self.part(
            lives, within=_LOOKING, cleanup=2.0, resource=resource, supervised=supervise_aside
        )
        return seen.well

    def _blind(self, problem: str) -> Verdict:
        self.state.note_blind(problem)
        self._log.line(f"{Action.QUICK_CHECK.script} failed. BLIND: {problem}", "error")
        tell_journal("error", f"{self.call.resource}: BLIND: {problem}")
        return Verdict(Outcome.INTERNAL, problem, Status.UNKNOWN)

    # The lock.

    def _take_lock(self, action: Action) -> Verdict | None:
        """Take the resource's lock, as the table of two calls at once says."""
        patience = Deadline.after(self._patience(action))
        if self.call.caller.ends is not None:
            patience = Deadline(min(patience.at, self.call.caller.ends.at - 1.0))
        asked: set[processes.Process] = set()
        # Within another resource's recover it is that recover which is at work here too.
        word = Action.RECOVER.word if self._nested else action.word
        while True:
            try:
                if self._lock.try_take(word, self._began):
                    self._tell_of_earlier_lock()
                    return None
            except OSError as error:
                return self._without_lock(action, error)
            holder = self._lock.holder()
            does = rule(holder.action, word) if holder else Rule.WAITS
            if does is Rule.SKIPS and self._nested:
                does = Rule.PREEMPTS
            if holder and does is Rule.SKIPS:
                return self._skip_behind(holder, action)
            if holder and does is Rule.PREEMPTS and holder.process not in asked:
                asked.add(holder.process)
                self._preempt(holder, word)
                continue
            if patience.passed and holder is None:
                return self._behind_nobody(action)
            if patience.passed and holder:
                who = f"{holder.action} (pid {holder.process.pid})"
                check = action is Action.QUICK_CHECK
                outcome = Outcome.SKIPPED if check else Outcome.FAILED
                return self._brief(action, outcome, f"{who} is still at work")
            if self._listener and holder:
                self._listener("now", f"waiting for {holder.action} (pid {holder.process.pid})")
            self._pause(0.02)

    def _without_lock(self, action: Action, error: OSError) -> Verdict | None:
        """There can be no lock file. What the manager orders is done all the same.

        So is a check, for what is dead must be told; a recover waits for better times.
        """
        if error.errno not in _NO_PLACE or action is Action.RECOVER:
            raise error
        # Where /run cannot be written nobody else can take the lock either.
        self._warning = f"acting without a lock: {error}"
        return None

    def _behind_nobody(self, action: Action) -> Verdict:
        """The lock is held, and no living action of ours has written that it holds it.

        Nobody else can open its file, so that it is a process which an action of ours has left. It
        may still be at work: no second action may begin. A check that is held up has seen nothing,
        and so much counts on the undecided clock.
        """
        reason = (
            f"{self._lock.path} is held, and no action that lives holds it; "
            f"end the process that has it open (fuser -v {self._lock.path})"
        )
        if action is not Action.QUICK_CHECK:
            return self._brief(action, Outcome.FAILED, reason)
        self.clock.observe()
        failed = self.clock.has_failed() and not self.excuse()
        return self._brief(action, Outcome.FAILED if failed else Outcome.UNDECIDED, reason)

    def _tell_of_earlier_lock(self) -> None:
        """Anybody could open the lock file of an earlier version: who holds it holds up nobody."""
        if self._lock.stranger_holds_earlier:
            told = (
                f"{self._lock.earlier_path}, the lock of an earlier version, is held by a process "
                f"that is no action of ours; it is passed over"
            )
            self._warning = f"{self._warning} {told}".strip()

    def _patience(self, action: Action) -> float:
        timers = self.resource.timers
        if action is Action.QUICK_CHECK:
            return 1.0  # whoever holds the lock without a word about himself has just begun
        if action is Action.RECOVER or self._nested:
            # What it waits for may take as long as the longest action may.
            return max(timers["restore.process"], timers["remove.process"]) + 5
        return timers[f"{action.word}.process"]

    def _preempt(self, holder: locks.Holder, word: str) -> None:
        """Ask the holder to yield; one that does not within its time is stuck, and is killed."""
        self.state.note_preemption(holder.process.pid, word)
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
        verdict = Verdict(outcome, reason)
        changed = self.state.verdict().get("outcome") != outcome.value
        if action is Action.QUICK_CHECK and outcome is Outcome.SKIPPED:
            if self.resource is not None and self.resource.ras.quickcheck == "changes":
                if not changed or self.state.verdict().get("action") == Action.QUICK_CHECK.word:
                    return verdict
        if not self._script_open:
            self._log.line(f"{action.script} start.")
        return self._end_line(action, verdict)

    def _pause(self, seconds: float) -> None:
        self._signals.wait(seconds)
        if self._signals.received:
            raise Ended

    # Acting.

    def act(self, action: Action) -> Verdict:
        """Do an action, with the lock held, and write its script's pair."""
        quiet = action is Action.QUICK_CHECK and self.resource.ras.quickcheck == "changes"
        self.state.forget_dead_remove(_lives)
        if action is Action.QUICK_CHECK and self.call.caller.checks_only_what_is_wanted:
            if self.state.wanted != "up":
                self.state.wanted = "up"
        self._strangers = processes.descendants({os.getpid()}) if has_children() else set()
        self._tell_aborted(action)
        self._tell_maintenance_over()
        command.trim_kept(self.paths.start_output(self.call.resource))
        if quiet:
            self._log.hold()
        within = self._limit.remaining() if self._limit is not None else None
        self._open_script.begin(action.script, not quiet, within)
        self._log.line(f"{action.script} start.")
        self._script_open = True
        if self._warning:
            self._log.line(self._warning, "warning")
        if not self._intent_is_kept:
            self._log.line(_UNKEPT[action], "warning")
        if self.in_maintenance:
            self._log.line(self._maintenance.goes_on(), "warning")
        if action is not Action.QUICK_CHECK:
            from arkcore.context.start_group import step_out

            step_out()
            self.clock.reset()
        last = self.state.verdict()
        try:
            verdict = _flow(action)(self)
            self._sweep(action, verdict)
        except Ended:
            verdict = self._yield(action)
        finally:
            self._release_dependents()
        if action is Action.RECOVER and verdict.outcome is Outcome.FAILED and self._signals.muted:
            # A dependent's script was told to end, and with it this one.
            verdict = Verdict(Outcome.SKIPPED, self._who_ended_us(), verdict.status)
        blind = action is Action.QUICK_CHECK and verdict.outcome is Outcome.INTERNAL
        if blind:
            verdict = self._blind(verdict.reason)
        else:
            self._end_line(action, verdict)
            self.state.clear_blind()
        if quiet and not blind and last.get("outcome") == verdict.outcome.value:
            self._log.drop()
        elif quiet:
            self._log.release()
        self._script_open = False
        self._open_script.end()
        status = verdict.status.value if verdict.status else ""
        self.state.note_verdict(action.word, verdict.outcome.value, status, verdict.reason)
        return verdict

    def release(self) -> None:
        self._lock.release()

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

    def _tell_aborted(self, action: Action) -> None:
        """Close what an action that was killed left open: its line, and its commands."""
        left = self._open_script.left_open()
        if left:
            if left.told:
                moment = time.strftime("%Y/%m/%d %H:%M:%S", time.localtime(left.began))
                self._log.line(f"{left.script} aborted. It began {moment}.", "warning")
            # One that was not overdue was killed to make way: Pacemaker does so before a stop.
            self._check_hung = left.script == Action.QUICK_CHECK.script and left.overdue
            self._open_script.end()
        kinds = {kind for kind, _, _ in self.state.commands().values()}
        if left or kinds & {START, STATUS}:
            timer = self.resource.timers[f"{action.word}.process"]
            self.part(end_leftovers, within=min(5.0, timer / 4))

    def _tell_maintenance_over(self) -> None:
        """Tell, once, of a maintenance that ended by itself since the last action."""
        ended = self._maintenance.ended()
        if ended and self.state.note_maintenance_over(ended[0]):
            self._log.line(ended[1], "warning")

    def _sweep(self, action: Action, verdict: Verdict) -> None:
        """End what commands have left running below this guard, unless it is the product."""
        if not has_children():
            self.state.forget_commands_of(STATUS)
            return
        if verdict.outcome is Outcome.INTERNAL:
            return
        well_started = (
            action in (Action.RESTORE, Action.RECOVER) and verdict.outcome is Outcome.WELL
        )
        if well_started and self._only_the_product_is_below():
            self.state.forget_commands(list(self.state.commands()))
            return
        timers = self.resource.timers
        all_in_all = timers[f"{action.word}.process"] + timers[f"{action.word}.cleanup"]
        left = self._began_at + all_in_all - time.monotonic()
        self._end_leftovers(action, verdict.outcome is Outcome.WELL, max(0.3, min(_SWEEP, left)))

    def _only_the_product_is_below(self) -> bool:
        """Whether all that has come below this guard was recorded as the product, when RUNNING."""
        recorded = self.state.remembered_processes()
        below = processes.descendants({os.getpid()}) - self._strangers
        return all((each.pid, each.start) in recorded for each in below)

    def _end_leftovers(self, action: Action, well: bool, within: float) -> None:
        if action in (Action.QUICK_CHECK, Action.REMOVE):
            self.part(hurry_all_leftovers, within=within)
            return
        # A product that this guard has started, or a dependent's, is its child as well.
        started = well or bool(self._stopped_dependents)
        report = self.part(hurry_leftovers if started else hurry_failed_start, within=within)
        if report.outcome is Outcome.UNDECIDED:
            self.part(hurry_without_plugin, within=within)

    def _yield(self, action: Action) -> Verdict:
        """Told to end: leave no command behind, quickly, and say why."""
        reason = self._who_ended_us()
        self._signals.mute()
        self._log.close_step(False, reason)
        self._end_leftovers(action, False, _YIELD * 0.6)
        return self._verdict_when_ended(action, reason)

    def _ended(self, action: Action) -> Verdict:
        """Told to end while waiting for the lock, or before the resource was known."""
        if self._log is None:
            self._log = self._script_log("-", RasSettings(), LogSettings())
        verdict = self._verdict_when_ended(action, self._who_ended_us())
        return self._brief(action, verdict.outcome, verdict.reason)

    def _verdict_when_ended(self, action: Action, reason: str) -> Verdict:
        if action is Action.QUICK_CHECK:
            by_us = reason.startswith(_PREEMPTED)
            return Verdict(Outcome.SKIPPED if by_us else Outcome.UNDECIDED, reason)
        if action is Action.RECOVER and (
            reason.startswith(_PREEMPTED) or self.state.wanted == "down"
        ):
            # Somebody else of ours acts now: nothing has failed that would call for a failover.
            return Verdict(Outcome.SKIPPED, reason)
        return Verdict(Outcome.FAILED, f"{reason}.")

    def _who_ended_us(self) -> str:
        states = [self.state, *(guard.state for guard in self._stopped_dependents)]
        by = next((state.preempted_by() for state in states if state.preempted_by()), "")
        return f"{_PREEMPTED} {by}" if by else f"Ended by {self._signals.name or 'a signal'}"

    def _internal(self, action: Action, reason: str) -> Verdict:
        """A fault of ours, told in full, and held against nobody."""
        complain(f"{self.call.resource}: {action.word}: {reason}")
        self._fault = Fault.ENGINE
        if self._log is None:
            self._log = self._script_log("-", RasSettings(), LogSettings())
        self._log.release()
        self._log.close_step(False, reason)
        if not self._script_open:
            self._log.line(f"{action.script} start.")
        self._open_script.end()
        if action is Action.QUICK_CHECK:
            if self.clock is not None:
                self.clock.withdraw()
            return self._blind(f"internal error: {reason}")
        self._log.line(f"{action.script} failed. Internal error: {reason}", "error")
        return Verdict(Outcome.INTERNAL, reason)

    # What a flow asks of its run.

    @property
    def run_limit(self) -> float | None:
        return self.call.caller.run_limit(self.resource.timers)

    @property
    def by_manager(self) -> bool:
        return self.call.caller.is_manager and not self._nested

    @property
    def follows_failure(self) -> bool:
        if not self.by_manager or not self.call.caller.restarts_by_itself:
            return False
        last = self.state.verdict()
        failed = (Action.QUICK_CHECK.word, Outcome.FAILED.value)
        return self._check_hung or (last.get("action"), last.get("outcome")) == failed

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
        supervised: Callable[..., Report] = supervise,
    ) -> Report:
        deadline = Deadline.after(within) if isinstance(within, int | float) else within
        end = Deadline(deadline.at + min(cleanup / 2, _ENDING))
        if self._limit is not None:
            end = Deadline(min(end.at, self._limit.at - min(0.3, cleanup / 2)))
            deadline = Deadline(min(deadline.at, self._limit.at - min(cleanup / 2, _ENDING)))
        # A worker has to tell what it could not do before it is late itself.
        deadline = Deadline(min(deadline.at, end.at - min(0.4, end.remaining() / 4)))
        subject = resource or self.resource
        # Another resource is only looked at: its lock is not held here.
        state = self.state if resource is None else State(self.paths, subject.name, read_only=True)

        def observed(asking: bool) -> None:
            if work is quick_check.check:
                # Waiting for a node-wide lock is no observation of this application.
                self.clock.observe() if asking else self.clock.withdraw()

        def body(sender: Sender) -> None:
            do_part(
                sender,
                work,
                subject,
                state,
                deadline,
                quick=work is quick_check.check,
                observed=observed,
                notes=self.state,
                strangers=self._strangers if resource is None else None,
                end=end,
                traced=bool(subject.log.trace) or self.call.caller.traces,
            )

        # Of another resource's part only the trace is told, for its steps are none of this script.
        tell = self._log.take if resource is None else self._log.trace
        report = self._worker(body, end, tell, supervised)
        if report.outcome is Outcome.INTERNAL:
            self._fault = report.fault
        if not step_stays_open and resource is None:
            self._log.close_step(False, report.reason)
        return report

    def _worker(
        self,
        body: Callable[[Sender], None],
        end: Deadline,
        tell: Callable[[Event], object],
        have_done: Callable[..., Report] = supervise,
    ) -> Report:
        return have_done(
            body,
            end=end,
            tell=tell,
            signals=self._signals,
            prepare=self._leave_to_guard,
            doing=lambda: self._log.activity if self._log is not None else "",
            record_late=self._record_late,
        )

    def _record_late(self, pid: int, stack: PythonStack, within: float) -> str:
        from arkcore.machine import blackbox

        group = self.resource.log.group if self.resource is not None else ""
        where = self.paths.blackboxes
        return blackbox.record_worker(where, self.call.resource, pid, stack, within, group)

    def _leave_to_guard(self) -> None:
        self._lock.leave_to_parent()
        if self._outer is not None:
            self._outer._leave_to_guard()
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
        call = Call(
            self.call.action, name, self.call.caller, record.parameters_here(self.paths, name)
        )
        resource = record.load(self.paths, name, call.parameters)
        if resource is None:
            guard = Guard(call, self.paths, self._signals, limit=self._limit, outer=self)
            resource, _ = guard._validated()
        return resource

    def excuse(self) -> str:
        if self.state.wanted == "down":
            return "wanted = down"
        if self.in_maintenance:
            return self._maintenance.describe()
        if self._shutting_down():
            return "the system is shutting down"
        self._pause(0.0)  # told to end meanwhile: then nothing but that is answered
        if self.call.caller.in_service(self.call.resource) is False:
            return "not in service here"
        self._pause(0.0)
        return ""

    def _shutting_down(self) -> bool:
        program = systemctl()
        if not program:
            return False
        from arkcore.worker.question import ask_command

        # systemctl returns 1 for each state but "running".
        return ask_command([program, "is-system-running"]).output.strip() == "stopping"

    # Dependents: the resources of this node that require this one.

    def stop_dependents(self) -> str:
        for name in self._dependents():
            if State(self.paths, name).wanted == "down":
                continue
            guard = self._guard_for(name)
            verdict = guard.take(Action.REMOVE)
            if verdict is None and guard.is_up():
                self._stopped_dependents.append(guard)
                verdict = guard.act(Action.REMOVE)
            guard.release()
            if verdict is not None and verdict.outcome is not Outcome.WELL:
                return f"{name}, which requires this, cannot be stopped: {verdict.reason}"
        return ""

    def _dependents(self) -> list[str]:
        """The resources that require this one. A worker reads their files."""
        told: list[str] = []

        def body(sender: Sender) -> None:
            from arkcore.resources.resource_file import dependents

            for name in dependents(self.paths, self.call.resource):
                sender.send(Event.RESOURCE, name)
            sender.report(Report(Outcome.WELL))

        def hear(event: Event) -> None:
            if event.kind == Event.RESOURCE:
                told.extend(event.texts)

        end = Deadline.after(_LOADING)
        if self._limit is not None:
            end = Deadline(min(end.at, self._limit.at))
        report = self._worker(body, end, hear, supervise_aside)
        if not report.well:
            complain(f"{self.call.resource}: its dependents cannot be told: {report.reason}")
        return told

    def start_dependents(self) -> str:
        for guard in reversed(self._stopped_dependents):
            # Free meanwhile, so that a remove need not wait; it may have come.
            verdict = guard.take(Action.RESTORE)
            if verdict is None and not guard.is_left_alone():
                verdict = guard.act(Action.RESTORE)
            guard.release()
            if verdict is not None and verdict.outcome is not Outcome.WELL:
                name = guard.call.resource
                return f"{name}, which requires this, cannot be started: {verdict.reason}"
        return ""

    def take(self, action: Action) -> Verdict | None:
        """Load, where that is not done, and take the lock; a verdict where that cannot be."""
        loaded = None if self.resource is not None else self._load()
        return loaded or self._take_lock(action)

    def is_up(self) -> bool:
        """Whether it runs, or the manager wants it to and nobody has taken it out of service."""
        runs = self.part(ask, within=10.0).status is not Status.STOPPED
        return runs or (self.state.wanted == "up" and not self.in_maintenance)

    def is_left_alone(self) -> bool:
        """Whether it was taken out of service while it was stopped."""
        return self.state.wanted == "down" or self._shutting_down()

    def _guard_for(self, name: str) -> Guard:
        # As a remove, for which the recorded copy of a broken file serves.
        return Guard(
            Call(Action.REMOVE, name, self.call.caller, record.parameters_here(self.paths, name)),
            self.paths,
            self._signals,
            listener=self._listener and partial(_tell_for, self._listener, name),
            limit=self._limit,
            outer=self,
        )

    def _release_dependents(self) -> None:
        for guard in self._stopped_dependents:
            guard.release()
        self._stopped_dependents = []

    # Looking, without acting.

    def look(self) -> Verdict:
        """How the resource is here, for a manager that knows nothing of this node yet.

        No lock, clock, maintenance or log is asked, and nothing is written but the record. The
        status is STOPPED where nothing of it lives, also where nobody can be asked.
        """
        from arkcore.actions.probe import look, outlived

        try:
            resource = record.load(self.paths, self.call.resource, self.call.parameters)
            problem = ""
            if resource is None:
                resource, problem = self._validated()
            if resource is None:
                known = record.last_known_good(self.paths, self.call.resource)
                # Another resource of the same logical host hides nothing unless it is there.
                resource = self._essentials(self._manages_for_certain) or known
            if resource is not None:
                self._use(resource)
                end = self._limit or Deadline.after(_LOOKING)
                # No action's sweep follows, and no command but its own may be ended.
                report = self.part(
                    look, within=end, cleanup=2.0, resource=resource, supervised=supervise_aside
                )
                if report.outcome is not Outcome.INTERNAL:
                    return Verdict(report.outcome, report.reason or problem, report.status)
                problem = report.reason
            from arkcore.context.start_group import living

            alive = {pid for pid, start in self.state.remembered_processes() if _lives(pid, start)}
            alive |= {each.pid for each in living(self.state)}
            verdict = outlived(problem, sorted(alive))
            verdict.fault = self._fault
            return verdict
        except Ended:
            reason = self._who_ended_us()
        except Exception as error:  # ours: nobody knows what runs
            reason = f"internal error: {type(error).__name__}: {error}"
            complain(f"{self.call.resource}: {reason}")
        return Verdict(Outcome.INTERNAL, reason, Status.UNKNOWN)

    def _manages_for_certain(self, name: str) -> bool:
        return self.call.caller.manages(name) is True

    # Observers.

    def _observe(self, action: Action, verdict: Verdict) -> None:
        """Tell the observers, in a child of their own; what becomes of them changes nothing."""
        if self.resource is None or not self.resource.observers or self._signals.muted:
            return
        names = self.resource.observers
        traced = bool(self.resource.log.trace) or self.call.caller.traces
        host, name = self.resource.logical_host, self.call.resource

        def body(sender: Sender) -> None:
            from arkcore.guard.observers import tell_observers

            trace = (lambda text: sender.send(Event.TRACE, text)) if traced else None
            tell_observers(names, name, host, action.word, verdict, trace)
            sender.report(Report(Outcome.WELL))

        try:
            end = Deadline.after(_OBSERVERS)
            if self._limit is not None:
                end = Deadline(min(end.at, self._limit.at))
            report = self._worker(body, end, self._log.trace, supervise_aside)
            if not report.well:
                complain(f"{name}: observers: {report.reason}")
        except Ended:
            pass


def fault_of(error: ArkError) -> Fault:
    """Whose it is that a resource is unusable."""
    if isinstance(error, NodeError):
        return Fault.NODE
    return Fault.PLUGIN if isinstance(error, PluginError) else Fault.CONFIGURATION


def _lives(pid: int, start: int) -> bool:
    process = processes.look(pid)
    return process is not None and process.start == start


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


def hurry_leftovers(work: Work) -> Report:
    return work.end_leftovers(hurry=True)


def hurry_failed_start(work: Work) -> Report:
    return work.end_leftovers(adopted=True, hurry=True)


def hurry_all_leftovers(work: Work) -> Report:
    return work.end_leftovers(adopted=True, ask_plugin=False, hurry=True)


def hurry_without_plugin(work: Work) -> Report:
    return work.end_leftovers(ask_plugin=False, hurry=True)
