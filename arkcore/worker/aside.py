"""Work that is no part of an action, done in a worker of its own: what it makes ends with it.

It may hang, raise, exit or crash, because it imports a plugin. Whatever becomes of it, whoever
asked for it goes on and tells.
"""

from __future__ import annotations

import os
import select
import time

from arkcore.base import quickjson
from arkcore.base.bare_signal import signal
from arkcore.base.deadline import Deadline
from arkcore.base.errors import ArkError, PluginError
from arkcore.base.status import Fault, Outcome, Verdict
from arkcore.machine import ending, processes
from arkcore.machine.channel import Event, Sender
from arkcore.machine.descent import become_subreaper
from arkcore.machine.whole_output import LARGEST
from arkcore.worker.supervisor import supervise
from arkcore.worker.worker import Worker, lost, lost_by

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from arkcore.machine.child import Death
    from arkcore.machine.python_stack import PythonStack
    from arkcore.worker.signals import Signals

#: Seconds to import a plugin and read what it declares.
LOADING = 20.0
#: Seconds that a worker has to go by itself when it has reported, or tells nothing more.
_PATIENCE = 0.5
#: Seconds for which one that was killed is awaited.
_DYING = 1.0
#: Seconds for ending what a worker has made.
_LEFT = 1.0

#: The kind of the events that hold an answer, as JSON in pieces.
ANSWER = "answer"

#: Where the workers aside are heard. No other worker inherits one of them.
_heard: set[int] = set()


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


class Aside:
    """A worker that runs `body`, while its caller does other things.

    `hear` is told what it complains of.
    """

    def __init__(
        self, body: Callable[[Sender], None], hear: Callable[[str], object] = lambda _: None
    ) -> None:
        # What it leaves behind must come to us, so that it can be ended.
        become_subreaper()
        self._worker = Worker(body, _set_apart)
        #: Readable when it has told something, or is gone.
        self.descriptor = self._worker.descriptor
        _heard.add(self.descriptor)
        self._began = time.monotonic()
        self._hear = hear
        self._pieces: list[str] = []
        self._size = 0
        #: What it has told by :func:`send_answer`, once it is awaited.
        self.answer: Any = None
        self._over = False

    def wait(self, end: Deadline) -> Verdict:
        """Its verdict; one that says how it died, or that it was late and was ended at `end`."""
        worker = self._worker
        poll = select.poll()
        poll.register(worker.descriptor, select.POLLIN)
        worker.hear(self._take)
        while not self._is_through and not end.passed:
            poll.poll(end.remaining() * 1000 + 1)
            worker.hear(self._take)
        late = not self._is_through
        seconds = time.monotonic() - self._began
        death = self._end(0.0 if late else _PATIENCE)
        if self._size > LARGEST:
            why = f"the plugin's process answered more than {LARGEST} bytes"
            return Verdict(Outcome.INTERNAL, why, fault=Fault.PLUGIN)
        if worker.verdict is not None:
            return self._arrived(worker.verdict)
        return lost(f"no answer within {seconds:.1f} s") if late else lost_by(death)

    def _arrived(self, verdict: Verdict) -> Verdict:
        """`verdict`, where the answer that goes with it can be read."""
        if not self._pieces:
            return verdict
        try:
            self.answer = quickjson.loads("".join(self._pieces).encode())
        except (ValueError, RecursionError):
            why = "its answer did not arrive whole"
            return Verdict(Outcome.INTERNAL, why, fault=Fault.PLUGIN)
        return verdict

    def has_told(self) -> bool:
        """Whether it will tell nothing more: it has reported, or is gone. Never waits."""
        self._worker.hear(self._take)
        return self._is_through

    @property
    def _is_through(self) -> bool:
        gone = self._worker.is_gone or self._size > LARGEST
        return gone or self._worker.verdict is not None

    def give_up(self) -> None:
        """End it, where it is still at work: nobody wants its answer any more."""
        if not self._over:
            self._end(0.0)

    def _take(self, event: Event) -> None:
        if event.kind == ANSWER and self._size <= LARGEST:
            self._pieces += event.texts
            self._size += sum(map(len, event.texts))
        elif event.kind == Event.REMARK and event.texts:
            self._hear(event.texts[-1])

    def _end(self, patience: float) -> Death:
        self._over = True
        _heard.discard(self.descriptor)
        self._worker.close()
        return self._worker.child.end(patience, _DYING)


class Question:
    """What `work` returns (as JSON would have it), being found aside from now on."""

    def __init__(
        self, work: Callable[[], Any], hear: Callable[[str], object] = lambda _: None
    ) -> None:
        def body(sender: Sender) -> None:
            try:
                send_answer(sender, work())
            except ArkError as error:
                sender.report(Verdict(Outcome.FAILED, str(error)))
            except BaseException as error:  # a plugin's exit() is no end of the command
                sender.report(Verdict(Outcome.INTERNAL, f"{type(error).__name__}: {error}"))
            else:
                sender.report(Verdict(Outcome.WELL))

        self.aside = Aside(body, hear)

    def answer(self, end: Deadline) -> Any:
        """The answer, where it comes by `end`.

        The `ArkError` that `work` raises, or `PluginError` for any other end of it.
        """
        report = self.aside.wait(end)
        if report.well:
            return self.aside.answer
        if report.outcome is Outcome.FAILED:
            raise ArkError(report.reason)
        raise PluginError(report.reason)


def answer_of(
    work: Callable[[], Any],
    within: float = LOADING,
    hear: Callable[[str], object] = lambda _: None,
) -> Any:
    """What `work` returns, found aside. Errors as :meth:`Question.answer`."""
    return Question(work, hear).answer(Deadline.after(within))


def send_answer(sender: Sender, answer: Any) -> None:
    """Tell `answer`, which JSON can hold, from within a process aside."""
    sender.hand_over(ANSWER, quickjson.dumps(answer))


def end_what_is_left() -> None:
    """End what the processes aside have left running: a command that outlived its asker."""
    me = os.getpid()
    ending.end(lambda: processes.descendants({me}), Deadline.after(1.0), grace=0.2)


def _set_apart() -> None:
    """Leave the caller's terminal: a plugin neither writes to it nor types into it."""
    os.setsid()
    while _heard:
        os.close(_heard.pop())
    quiet = os.open("/dev/null", os.O_RDWR)
    os.dup2(quiet, 2)
    os.close(quiet)
