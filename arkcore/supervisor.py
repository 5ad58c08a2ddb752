"""Has a worker do something, and is sure of its end: it reports, dies, or is late and is ended."""

from __future__ import annotations

import os
import select
import signal
import time

from arkcore.channel import Receiver, Report, report_of
from arkcore.command import Output, run
from arkcore.deadline import Deadline
from arkcore.signals import Ended, Signals
from arkcore.status import Outcome
from arkcore.worker import fork_worker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from arkcore.channel import Event, Sender

#: Seconds for a question to the machine or the manager (systemctl, ins_list).
QUESTION = 1.5


def supervise(
    body: Callable[[Sender], None],
    *,
    end: Deadline,
    tell: Callable[[Event], object],
    signals: Signals,
    prepare: Callable[[], None],
    doing: Callable[[], str],
) -> Report:
    """Run `body` in a worker until it reports, dies or is late; then be sure that it is dead.

    `tell` hears what it tells. `prepare` runs in it first. `doing` says what it was last at.
    `Ended` where a signal came that ends this process.
    """
    began = time.monotonic()
    pid, reading = fork_worker(body, prepare)
    receiver = Receiver(reading)
    report: Report | None = None
    try:
        while report is None and not receiver.at_end:
            report = _heard(receiver, tell)
            if signals.received or end.passed:
                break
            if report is None and not receiver.at_end:
                signals.wait(end.remaining(), reading)
    finally:
        status = _end_worker(pid, patience=0.2 if report else 0.0)
        report = report or _heard(receiver, tell)
        receiver.close()
    if signals.received:
        raise Ended
    if report is not None:
        return report
    if end.passed:
        at = f" while {doing()}" if doing() else ""
        return Report(Outcome.UNDECIDED, f"no end after {time.monotonic() - began:.1f} s{at}")
    return Report(Outcome.UNDECIDED, f"the plugin's process {_how_it_died(status)}")


def ask_command(argv: list[str], within: float = QUESTION) -> str:
    """What a command of the machine or the manager answers; "" where it does not in time.

    A child asks, for ending a late command means reading /proc, which can block.
    """

    def body(sender: Sender) -> None:
        output = Output.discarded()
        result = run(
            argv, mark="-:question", deadline=Deadline.after(within), output=output, grace=0.1
        )
        sender.report(Report(Outcome.WELL, "" if result.late else result.output))

    pid, reading = fork_worker(body, lambda: None)
    receiver = Receiver(reading)
    end = Deadline.after(within + 0.4)
    report: Report | None = None
    while report is None and not receiver.at_end and not end.passed:
        select.select([reading], [], [], end.remaining())
        report = _heard(receiver, lambda _: None)
    _end_worker(pid, patience=0.05)
    receiver.close()
    return report.reason if report else ""


def has_children() -> bool:
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _heard(receiver: Receiver, tell: Callable[[Event], object]) -> Report | None:
    """Pass on what the worker has told by now; its report, once that is among it."""
    report = None
    for event in receiver.events():
        report = report_of(event) if event.kind == event.REPORT else report
        tell(event)
    return report


def _end_worker(pid: int, patience: float) -> int:
    """Be sure that a worker is dead; `patience`: seconds to go by itself. Its wait status."""
    status = _awaited(pid, patience)
    if status is None:
        os.kill(pid, signal.SIGKILL)
        status = _awaited(pid, 1.0)
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
        return f"was ended by {signal.Signals(-code).name}"
    return f"ended with exit code {code} before it had answered"
