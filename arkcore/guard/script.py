"""The lines of one script in the RAS log: its start, its one end, and what stands between."""

from __future__ import annotations

import os
import time

from arkcore.base.call import Action
from arkcore.base.status import Outcome, Status, Verdict
from arkcore.base.stderr import tell_journal
from arkcore.memory.open_script import OpenScript
from arkcore.ras.log import ScriptLog
from arkcore.ras.sink import RasSink
from arkcore.ras.sinks import Sinks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arkcore.base.deadline import Deadline
    from arkcore.guard.case import Case
    from arkcore.memory.verdict import VerdictRecord
    from arkcore.resources.resource import LogSettings, RasSettings


class Script:
    """The script of one resource. `only_changes`: a quickCheck that is as before is not told."""

    def __init__(
        self, case: Case, host: str, ras: RasSettings, log: LogSettings, *, only_changes: bool
    ) -> None:
        self._name = case.call.resource
        self._state = case.state
        self._open_script = OpenScript(case.paths, case.call.resource)
        self._only_changes = only_changes
        self._blackboxes = case.paths.blackboxes
        self._began = time.time()
        #: Whether the start line is written, and the end line is not.
        self._is_open = False
        self.log = ScriptLog(
            RasSink(case.paths.ras_log, group=log.group),
            Sinks(
                log,
                traces=case.call.caller.traces,
                ours=os.path.dirname(case.paths.ras_log),
            ),
            case.call.resource,
            host,
            full=ras.detail == "full",
            listener=case.listener,
        )

    def begin(self, action: Action, limit: Deadline | None) -> None:
        """Write the start line, and on disk that this script is open."""
        quiet = self._is_quiet(action)
        if quiet:
            self.log.hold()
        within = limit.remaining() if limit is not None else None
        self._open_script.begin(action.script, not quiet, within)
        self.log.line(f"{action.script} start.")
        self._is_open = True

    def go_on(self) -> None:
        """Its start line is written already, and that it is open."""
        self._is_open = True

    def end(self, action: Action, verdict: Verdict, last: VerdictRecord) -> Verdict:
        """Write the end line that an action which ran deserves; the verdict as it is remembered.

        `last`: the verdict before this one.
        """
        quiet = self._is_quiet(action)
        blind = action is Action.QUICK_CHECK and verdict.outcome is Outcome.INTERNAL
        if blind:
            verdict = self.blind(verdict.reason)
        else:
            self._end_line(action, verdict)
            self._state.blindness.forget()
        if quiet and not blind and last.outcome is verdict.outcome:
            self.log.drop()
        elif quiet:
            self.log.release()
        self._is_open = False
        self._open_script.end()
        self._state.verdict.note(action.word, verdict)
        return verdict

    def _is_quiet(self, action: Action) -> bool:
        return action is Action.QUICK_CHECK and self._only_changes

    def brief(self, action: Action, outcome: Outcome, reason: str) -> Verdict:
        """A script that ends before it could do anything: its pair."""
        verdict = Verdict(outcome, reason)
        if self._is_quiet(action) and outcome is Outcome.SKIPPED:
            last = self._state.verdict.read()
            if last.outcome is outcome or last.action == Action.QUICK_CHECK.word:
                return verdict
        self._start_line(action)
        return self._end_line(action, verdict)

    def failed(self, action: Action, problem: str) -> Verdict:
        """Nobody could be asked: the pair of a script that could not begin."""
        self._start_line(action)
        if action is Action.QUICK_CHECK:
            return self.blind(problem)
        self.log.line(f"{action.script} failed. {problem}", "error")
        return Verdict(Outcome.INTERNAL, problem)

    def completed(self, action: Action, reason: str) -> Verdict:
        """As :meth:`failed`, where it is known that nothing has to be done."""
        self._start_line(action)
        self.log.line(f"{action.script} completed. {reason}", "warning")
        return Verdict(Outcome.WELL, reason, Status.STOPPED)

    def broke(self, action: Action, reason: str) -> Verdict:
        """A fault of ours, told in full."""
        self.log.release()
        self.log.close_step(False, reason)
        self._start_line(action)
        self._open_script.end()
        if action is Action.QUICK_CHECK:
            return self.blind(f"internal error: {reason}")
        self.log.line(f"{action.script} failed. Internal error: {reason}", "error")
        return Verdict(Outcome.INTERNAL, reason)

    def blind(self, problem: str) -> Verdict:
        """A quickCheck that could ask nobody. Never a verdict about a healthy application."""
        self._state.blindness.note(problem)
        self.log.line(f"{Action.QUICK_CHECK.script} failed. BLIND: {problem}", "error")
        tell_journal("error", f"{self._name}: BLIND: {problem}")
        return Verdict(Outcome.INTERNAL, problem, Status.UNKNOWN)

    def tell_aborted(self) -> tuple[bool, bool]:
        """Close what an action that was killed left open: whether there was, and it had hung.

        Only a quickCheck that was overdue has hung; one that was not was killed to make way, as
        Pacemaker does before a stop.
        """
        left = self._open_script.left_open()
        if left is None:
            return False, False
        if left.told:
            moment = time.strftime("%Y/%m/%d %H:%M:%S", time.localtime(left.began))
            self.log.line(f"{left.script} aborted. It began {moment}.", "warning")
        self._open_script.end()
        return True, left.script == Action.QUICK_CHECK.script and left.overdue

    def _start_line(self, action: Action) -> None:
        if not self._is_open:
            self.log.line(f"{action.script} start.")

    def _end_line(self, action: Action, verdict: Verdict) -> Verdict:
        reason = f" {verdict.reason}" if verdict.reason else ""
        if verdict.outcome is Outcome.SKIPPED:
            self.log.line(f"{action.script} completed. Skipped: {verdict.reason}.")
        elif verdict.outcome is Outcome.UNDECIDED:
            self.log.line(f"{action.script} completed. Undecided:{reason}", "warning")
        elif verdict.outcome is Outcome.WELL:
            self.log.line(f"{action.script} completed.{reason}")
        else:
            self.log.line(f"{action.script} failed.{reason}", "error")
            self._keep_evidence(f"{action.script} failed.{reason}")
        return verdict

    def _keep_evidence(self, told: str) -> None:
        from arkcore.machine import blackbox

        blackbox.note_failure(self._blackboxes, self._name, self._began, told)
