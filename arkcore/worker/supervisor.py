"""Has a worker do something, and is sure of its end: it reports, dies, or is late and is ended."""

from __future__ import annotations

import time

from arkcore.base import budget
from arkcore.base.deadline import Deadline
from arkcore.machine.python_stack import PythonStack
from arkcore.worker.signals import Ended
from arkcore.worker.worker import Worker, lost, lost_by

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from arkcore.base.status import Verdict
    from arkcore.machine.channel import Event, Sender
    from arkcore.worker.signals import Signals

#: Seconds that a worker has to go by itself when it has told its answer, or tells nothing more.
_PATIENCE = 0.2


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
        worker = Worker(body, prepared)
    except OSError:
        stack.close()  # where descriptors are few, this one is needed to tell so
        raise
    verdict: Verdict | None = None
    try:
        while True:
            worker.hear(tell)
            if worker.verdict is not None or worker.is_gone or signals.received:
                break
            if late.passed:
                # What it says from now on is no answer: being asked has disturbed it.
                spent = time.monotonic() - began
                box = record_late(worker.child.pid, stack, end.remaining())
                verdict = _late(spent, doing(), box)
                break
            signals.wait(late.remaining(), worker.descriptor)
    finally:
        stack.close()
        # A late one gets no time to go by itself, nor does one whose guard is told to end.
        goes = worker.verdict is not None or (worker.is_gone and not signals.received)
        death = worker.child.end(_PATIENCE if goes and not late.passed else 0.0)
        if verdict is None and worker.verdict is None:
            worker.hear(tell)
        worker.close()
    if signals.received:
        raise Ended
    return verdict or worker.verdict or lost_by(death)


def _late(spent: float, doing: str, box: str) -> Verdict:
    at = f" while {doing}" if doing else ""
    named = f"; black box {box}" if box else ""
    return lost(f"no end after {spent:.1f} s{at}{named}")
