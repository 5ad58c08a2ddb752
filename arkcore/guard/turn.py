"""Taking one's turn: the lock of the resource, and what is done about the action at work."""

from __future__ import annotations

import errno

from arkcore.base import budget
from arkcore.base.bare_signal import signal
from arkcore.base.call import Action
from arkcore.base.deadline import Deadline
from arkcore.base.status import Outcome, Verdict
from arkcore.guard.precedence import Rule, rule
from arkcore.machine import processes
from arkcore.memory.files import boottime

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from arkcore.guard.case import Case
    from arkcore.guard.script import Script
    from arkcore.memory.lock import Holder
    from arkcore.memory.undecided import UndecidedClock
    from arkcore.resources.timers import Timers

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


class Turn:
    """One newcomer at the lock of one resource.

    `excuse`: why a failure must not be answered now, or "". `warning`: what the script will tell.
    """

    def __init__(
        self,
        case: Case,
        script: Script,
        timers: Timers,
        clock: UndecidedClock,
        excuse: Callable[[], str],
        warning: str,
    ) -> None:
        self._case = case
        self._lock = case.lock
        self._script = script
        self._timers = timers
        self._clock = clock
        self._excuse = excuse
        self.warning = warning

    def take(self, action: Action) -> Verdict | None:
        """Take the lock, as the table of two calls at once says; a verdict where it is not had."""
        case = self._case
        patience = Deadline.after(self._patience(action))
        if case.call.caller.ends is not None:
            patience = Deadline(min(patience.at, case.call.caller.ends.at - 1.0))
        asked: set[processes.Process] = set()
        # Within another resource's recover it is that recover which is at work here too.
        word = Action.RECOVER.word if case.is_nested else action.word
        while True:
            try:
                if self._lock.try_take(word, case.began):
                    self._tell_of_earlier_lock()
                    return None
            except OSError as error:
                return self._without_lock(action, error)
            holder = self._lock.holder()
            does = rule(holder.action, word) if holder else Rule.WAITS
            if does is Rule.SKIPS and case.is_nested:
                does = Rule.PREEMPTS
            if holder and does is Rule.SKIPS:
                return self._skip_behind(holder, action)
            if holder and does is Rule.PREEMPTS and holder.process not in asked:
                asked.add(holder.process)
                self._preempt(holder, word)
                continue
            if patience.passed:
                return self._give_up(holder, action)
            if case.listener and holder:
                case.listener("now", f"waiting for {holder.action} (pid {holder.process.pid})")
            case.pause(0.02)

    def _patience(self, action: Action) -> float:
        timers = self._timers
        longest = None
        if action is Action.RECOVER or self._case.is_nested:
            # What it waits for may take as long as the longest action may.
            longest = max(timers["restore.process"], timers["remove.process"])
        return budget.for_lock(action.word, timers[f"{action.word}.process"], longest)

    def _tell_of_earlier_lock(self) -> None:
        """Anybody could open the lock file of an earlier version: who holds it holds up nobody."""
        if self._lock.stranger_holds_earlier:
            told = (
                f"{self._lock.earlier_path}, the lock of an earlier version, is held by a process "
                f"that is no action of ours; it is passed over"
            )
            self.warning = f"{self.warning} {told}".strip()

    def _without_lock(self, action: Action, error: OSError) -> Verdict | None:
        """There can be no lock file. What the manager orders is done all the same.

        So is a check, for what is dead must be told; a recover waits for better times.
        """
        if error.errno not in _NO_PLACE or action is Action.RECOVER:
            raise error
        # Where /run cannot be written nobody else can take the lock either.
        self.warning = f"acting without a lock: {error}"
        return None

    def _give_up(self, holder: Holder | None, action: Action) -> Verdict:
        if holder is None:
            return self._behind_nobody(action)
        who = f"{holder.action} (pid {holder.process.pid})"
        outcome = Outcome.SKIPPED if action is Action.QUICK_CHECK else Outcome.FAILED
        return self._script.brief(action, outcome, f"{who} is still at work")

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
            return self._script.brief(action, Outcome.FAILED, reason)
        self._clock.observe()
        failed = self._clock.has_failed() and not self._excuse()
        outcome = Outcome.FAILED if failed else Outcome.UNDECIDED
        return self._script.brief(action, outcome, reason)

    def _preempt(self, holder: Holder, word: str) -> None:
        """Ask the holder to yield; one that does not within its time is stuck, and is killed."""
        self._case.state.preemption.note(holder.process.pid, word)
        processes.send(holder.process, signal.SIGTERM)
        processes.send(holder.process, signal.SIGCONT)
        yielded = Deadline.after(budget.for_pre_empted())
        while processes.still_lives(holder.process):
            if yielded.passed:
                processes.send(holder.process, signal.SIGKILL)
                return
            self._case.pause(0.01)

    def _skip_behind(self, holder: Holder, action: Action) -> Verdict:
        """Leave the matter to the action at work. A stuck quickCheck counts as an observation."""
        stuck = holder.action == Action.QUICK_CHECK.word and budget.is_stuck(
            boottime() - holder.since, self._case.call.caller.run_limit(self._timers)
        )
        if action is Action.QUICK_CHECK and stuck:
            self._clock.observe()
            if self._clock.has_failed() and not self._excuse():
                reason = f"the quickCheck before this one is stuck (pid {holder.process.pid})"
                return self._script.brief(action, Outcome.FAILED, reason)
        return self._script.brief(action, Outcome.SKIPPED, f"{holder.action} is at work")
