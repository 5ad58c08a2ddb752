"""Has a worker do something, and is sure of its end: it reports, dies, or is late and is ended."""

from __future__ import annotations

import os
import time

from arkcore.base import budget
from arkcore.base.bare_signal import name_of, signal
from arkcore.base.deadline import Deadline
from arkcore.base.status import Outcome, Verdict
from arkcore.machine import processes
from arkcore.machine.channel import Receiver, Sender, verdict_of
from arkcore.machine.python_stack import PythonStack
from arkcore.worker.signals import Ended
from arkcore.worker.worker import become_subreaper, fork_worker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from arkcore.machine.channel import Event
    from arkcore.worker.signals import Signals

#: Seconds that a worker has to go by itself when it has told its answer.
_PATIENCE = 0.2
#: Seconds for ending what a worker aside has made.
_LEFT = 1.0


def supervise(
    body: Callable[[Sender], None],
    *,
    end: Deadline,
    tell: Callable[[Event], object],
    signals: Signals,
    prepare: Callable[[], None],
    doing: Callable[[], str],
    record_late: Callable[[int, PythonStack, float], str],
) -> Verdict:
    """Run `body` in a worker until it reports, dies or is late; then be sure that it is dead.

    `tell` hears what it tells. `prepare` runs in it first. `doing` says what it was last at.
    `record_late` writes a black box of one that is late (its pid, its stack, seconds for it) and
    answers the box's path. `Ended` where a signal came that ends this process.
    """
    began = time.monotonic()
    # A part's own deadline is sooner: what has not reported by then hangs in the plugin.
    late = Deadline(end.at - budget.for_recording(end.remaining()))
    stack = PythonStack()

    def prepared() -> None:
        stack.offer()
        prepare()

    try:
        pid, reading = fork_worker(body, prepared)
    except OSError:
        stack.close()  # where descriptors are few, this one is needed to tell so
        raise
    receiver = Receiver(reading)
    report: Verdict | None = None
    try:
        while True:
            report = _heard(receiver, tell)
            if report is not None or receiver.at_end or signals.received:
                break
            if late.passed:
                # What it says from now on is no answer: being asked has disturbed it.
                spent = time.monotonic() - began
                box = record_late(pid, stack, end.remaining())
                report = _late(spent, doing(), box)
                break
            signals.wait(late.remaining(), reading)
    finally:
        stack.close()
        # A late one gets no time to go by itself, nor does one whose guard is told to end.
        patience = _PATIENCE if report is not None and not late.passed else 0.0
        status = end_worker(pid, patience)
        report = report or _heard(receiver, tell)
        receiver.close()
    if signals.received:
        raise Ended
    if report is not None:
        return report
    return Verdict(Outcome.UNDECIDED, f"the plugin's process {_how_it_died(status)}")


def supervise_aside(
    body: Callable[[Sender], None],
    *,
    end: Deadline,
    tell: Callable[[Event], object],
    signals: Signals,
    prepare: Callable[[], None],
    doing: Callable[[], str],
    record_late: Callable[[int, PythonStack, float], str],
) -> Verdict:
    """As :func:`supervise`, for what is no part of an action: what `body` makes ends with it.

    Nothing that follows would look for it: it bears no mark, and is no product's.
    """
    late_tree: set[processes.Process] = set()

    def clean_body(sender: Sender) -> None:
        become_subreaper()
        answer = _Answer(sender.descriptor)
        try:
            body(answer)
        finally:
            from arkcore.machine import ending

            made = lambda: processes.descendants({os.getpid()})  # noqa: E731
            ending.end(made, end.sooner(_LEFT), grace=_LEFT / 10)
        # Not before: whoever has reported gets no more time.
        for report in answer.held:
            sender.report(report)

    def record(pid: int, stack: PythonStack, within: float) -> str:
        box = record_late(pid, stack, within)
        late_tree.update(processes.descendants({pid}))
        return box

    try:
        return supervise(
            clean_body,
            end=end,
            tell=tell,
            signals=signals,
            prepare=prepare,
            doing=doing,
            record_late=record,
        )
    finally:
        kill(late_tree)


class _Answer(Sender):
    """A worker's end that holds its report back."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(descriptor)
        self.held: list[Verdict] = []

    def report(self, report: Verdict) -> None:
        report.reason = self.masked(report.reason)  # whoever sends it on knows no secret
        self.held = [report]


def kill(some: set[processes.Process]) -> None:
    """Send SIGKILL to each process, if it still is the one that was seen."""
    for each in some:
        processes.send(each, signal.SIGKILL)


def _late(spent: float, doing: str, box: str) -> Verdict:
    at = f" while {doing}" if doing else ""
    named = f"; black box {box}" if box else ""
    return Verdict(Outcome.UNDECIDED, f"no end after {spent:.1f} s{at}{named}")


def has_children() -> bool:
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _heard(receiver: Receiver, tell: Callable[[Event], object]) -> Verdict | None:
    """Pass on what the worker has told by now; its report, once that is among it."""
    report = None
    for event in receiver.events():
        report = verdict_of(event.texts) if event.kind == event.REPORT else report
        tell(event)
    return report


def end_worker(pid: int, patience: float) -> int:
    """Be sure that a worker is dead; `patience`: seconds to go by itself. Its wait status."""
    status = _awaited(pid, patience)
    if status is None:
        os.kill(pid, signal.SIGKILL)
        status = _awaited(pid, 0.3)
    # None: in an uninterruptible sleep. Its end is certain; when it comes is the kernel's matter.
    return status or 0


def _awaited(pid: int, seconds: float) -> int | None:
    patience = Deadline.after(seconds)
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return status
        if patience.passed:
            return None
        time.sleep(0.0003)


def _how_it_died(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        return f"was ended by {name_of(-code)}"
    return f"ended with exit code {code} before it had answered"
