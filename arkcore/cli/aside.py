"""Work that may hang, raise, exit or crash, because it imports a plugin: done aside, in a fork.

Whatever becomes of it, the command goes on and tells.
"""

from __future__ import annotations

import json
import os
import select
import signal
import time

from arkcore.base.deadline import Deadline
from arkcore.base.errors import ArkError, PluginError
from arkcore.base.status import Outcome, Verdict
from arkcore.machine import ending, processes
from arkcore.machine.channel import Event, Receiver, verdict_of
from arkcore.worker.worker import become_subreaper, fork_worker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from arkcore.machine.channel import Sender

#: Seconds to import a plugin and read what it declares.
LOADING = 20.0

_ANSWER = "answer"


class Aside:
    """A forked process that runs `body`. What it prints is nobody's matter."""

    def __init__(self, body: Callable[[Sender], None]) -> None:
        # What it leaves behind must come to us, so that it can be ended.
        become_subreaper()
        self._pid, reading = fork_worker(body, _set_apart)
        self._receiver = Receiver(reading)
        self._began = time.monotonic()
        self._pieces: list[str] = []
        self._over = False

    def wait(self, end: Deadline) -> Verdict:
        """Its report; one that says how it died, or that it was late and was ended at `end`."""
        report = self._heard()
        poll = select.poll()
        poll.register(self._receiver.descriptor, select.POLLIN)
        while report is None and not self._receiver.at_end and not end.passed:
            poll.poll(end.remaining() * 1000 + 1)
            report = self._heard()
        late = report is None and not self._receiver.at_end
        status = self._end(0.0 if late else 0.5)
        if report is not None:
            return report
        if late:
            seconds = time.monotonic() - self._began
            return Verdict(Outcome.UNDECIDED, f"no answer within {seconds:.1f} s")
        return Verdict(Outcome.INTERNAL, f"the plugin's process {_how_it_ended(status)}")

    def give_up(self) -> None:
        """End it, where it is still at work: nobody wants its answer any more."""
        if not self._over:
            self._end(0.0)

    @property
    def answer(self) -> Any:
        return json.loads("".join(self._pieces))

    def _heard(self) -> Verdict | None:
        report = None
        for event in self._receiver.events():
            if event.kind == _ANSWER:
                self._pieces += event.texts
            elif event.kind == Event.REPORT:
                report = verdict_of(event.texts)
        return report

    def _end(self, patience: float) -> int:
        self._over = True
        self._receiver.close()
        return self._reap(patience)

    def _reap(self, patience: float) -> int:
        end = Deadline.after(patience)
        while True:
            done, status = os.waitpid(self._pid, os.WNOHANG)
            if done:
                return status
            if end.passed:
                break
            time.sleep(0.002)
        os.kill(self._pid, signal.SIGKILL)
        # Not awaited for ever: it may be in an uninterruptible sleep.
        end = Deadline.after(1.0)
        while not end.passed:
            done, status = os.waitpid(self._pid, os.WNOHANG)
            if done:
                return status
            time.sleep(0.002)
        return 0


class Question:
    """What `work` returns (as JSON would have it), being found aside from now on."""

    def __init__(self, work: Callable[[], Any]) -> None:
        def body(sender: Sender) -> None:
            try:
                send_answer(sender, work())
            except ArkError as error:
                sender.report(Verdict(Outcome.FAILED, str(error)))
            except BaseException as error:  # a plugin's exit() is no end of the command
                sender.report(Verdict(Outcome.INTERNAL, f"{type(error).__name__}: {error}"))
            else:
                sender.report(Verdict(Outcome.WELL))

        self._aside = Aside(body)

    def answer(self, end: Deadline) -> Any:
        """The answer, where it comes by `end`.

        The `ArkError` that `work` raises, or `PluginError` for any other end of it.
        """
        report = self._aside.wait(end)
        if report.well:
            return self._aside.answer
        if report.outcome is Outcome.FAILED:
            raise ArkError(report.reason)
        raise PluginError(report.reason)


def answer_of(work: Callable[[], Any], within: float = LOADING) -> Any:
    """What `work` returns, found aside. Errors as :meth:`Question.answer`."""
    return Question(work).answer(Deadline.after(within))


def send_answer(sender: Sender, answer: Any) -> None:
    """Tell `answer`, which JSON can hold, from within a process aside."""
    sender.hand_over(_ANSWER, json.dumps(answer))


def end_what_is_left() -> None:
    """End what the processes aside have left running: a command that outlived its asker."""
    me = os.getpid()
    ending.end(lambda: processes.descendants({me}), Deadline.after(1.0), grace=0.2)


def _set_apart() -> None:
    """Leave the caller's terminal: a plugin neither writes to it nor types into it."""
    os.setsid()
    quiet = os.open("/dev/null", os.O_RDWR)
    os.dup2(quiet, 2)
    os.close(quiet)


def _how_it_ended(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"ended with exit code {code} before it had answered"
