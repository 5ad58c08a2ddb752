"""Questions to the machine and to the cluster manager (systemctl, ins_list, crm_resource).

An answer comes whole, or it is told why there is none: half an answer is never taken for one. A
child asks, because ending a late command means to read /proc, which can block.
"""

from __future__ import annotations

import os
import select

from arkcore.base.bare_signal import signal
from arkcore.base.choice import Choice
from arkcore.base.deadline import Deadline
from arkcore.machine import processes
from arkcore.machine.command import run
from arkcore.machine.whole_output import WholeOutput, too_large
from arkcore.worker.signals import Signals
from arkcore.worker.worker import Worker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from arkcore.machine.channel import Event, Sender
    from arkcore.machine.command import CommandResult

#: Seconds for a question to the machine or the manager.
QUESTION = 1.5
#: Seconds that the child may need beyond the command's time, to end the command.
_ENDING = 0.4
#: Seconds that the child has to go by itself when it has told its answer.
_PATIENCE = 0.05
#: Seconds between two looks whether this process was told to end.
_LOOK = 0.05
#: What the child tells: how the command ended (a name of `How`), its return code, what there is to
#: say about it.
_ENDED = "ended"


class How(Choice):
    """How a question came out."""

    #: The command returned 0.
    ANSWERED = "answered"
    #: The command returned another code. Its output is whole.
    FAILED = "failed"
    #: A signal ended the command, or its asker: what it had said by then may be half an answer.
    DIED = "died"
    #: The command did not end within its time.
    LATE = "late"
    #: The command wrote more than an answer may have.
    TOO_LARGE = "too large"
    #: The command could not be run.
    NOT_RUN = "not run"
    #: This process was told to end meanwhile.
    TOLD_TO_END = "told to end"


class Answer:
    """What a command answered, or why there is no answer."""

    __slots__ = ("errors", "how", "output", "returncode", "why")

    def __init__(
        self,
        how: How,
        why: str = "",
        *,
        returncode: int | None = None,
        output: str = "",
        errors: str = "",
    ) -> None:
        self.how = how
        #: How the question came out, in one line; "" where the command returned 0.
        self.why = why
        #: The code that the command returned; None where it did not end by itself.
        self.returncode = returncode
        #: All of its standard output; "" where that is not known whole.
        self.output = output
        #: The end of its standard error; "" where its standard output is not known whole.
        self.errors = errors

    @property
    def ok(self) -> bool:
        """Whether the command returned 0, and its output is whole."""
        return self.how is How.ANSWERED

    @property
    def whole(self) -> bool:
        """Whether the command ended by itself, with whatever code, and its output is whole."""
        return self.how in (How.ANSWERED, How.FAILED)

    def __repr__(self) -> str:
        return f"Answer({self.how.name}, {self.why!r}, {len(self.output)} characters)"


def ask_command(
    argv: list[str], within: float = QUESTION, env: Mapping[str, str | None] | None = None
) -> Answer:
    """Ask a command of the machine or the manager. Never raises for what the command does.

    `within`: seconds for the command; `env`: variables beyond those of a clean environment. A
    process that is told to end waits no longer.
    """
    output = WholeOutput.discarded()

    def body(sender: Sender) -> None:
        deadline = Deadline.after(within)
        # A mark of its own: a late question is ended with all that bears its mark, and another
        # asker's question must not be among that.
        mark = f"-:{os.urandom(16).hex()}"
        result = run(argv, mark=mark, deadline=deadline, output=output, env=env, grace=0.1)
        how, code = _how(result, output), result.returncode
        sender.send(_ENDED, how.name, "" if code is None else str(code), _why(how, result, within))

    try:
        answer = _awaited(body, Deadline.after(within + _ENDING), argv, within)
        if not answer.whole:
            return answer
        text = output.text()
        if text is None:
            return Answer(How.TOO_LARGE, too_large(argv[0]))
        answer.output, answer.errors = text, output.end_of_errors()
        return answer
    finally:
        output.close()


def _awaited(
    body: Callable[[Sender], None], end: Deadline, argv: list[str], within: float
) -> Answer:
    """What the child tells about the command. The command's output is not read here."""
    name = os.path.basename(argv[0])
    try:
        worker = Worker(body, lambda: None)
    except OSError as error:
        return Answer(How.NOT_RUN, f"{argv[0]} cannot be run: {error.strerror}")
    answer: Answer | None = None

    def hear(event: Event) -> None:
        nonlocal answer
        if event.kind == _ENDED:
            how, code, why = event.texts
            answer = Answer(How[how], why, returncode=int(code) if code else None)

    before = Signals.told_to_end
    told_to_end = False
    try:
        while answer is None and not worker.is_gone and not end.passed:
            # Whoever has told this process to end does not wait for long.
            told_to_end = Signals.told_to_end and not before
            if told_to_end:
                break
            select.select([worker.descriptor], [], [], min(_LOOK, end.remaining()))
            worker.hear(hear)
        late = answer is None and not worker.is_gone
    finally:
        # Also where a person's ^C ends the wait.
        left = processes.descendants({worker.child.pid}) if answer is None else set()
        death = worker.child.end(0.0 if answer is None else _PATIENCE)
        for each in left:
            processes.send(each, signal.SIGKILL)
        worker.close()
    if answer is not None:
        return answer
    if told_to_end:
        return Answer(How.TOLD_TO_END, f"{name} was not awaited: this process was told to end")
    if late:
        return Answer(How.LATE, _late(argv, within))
    return Answer(How.DIED, f"the process that asked {name} {death.told()}")


def _how(result: CommandResult, output: WholeOutput) -> How:
    if result.error:
        return How.NOT_RUN
    if result.late:
        return How.LATE
    if output.too_large:
        return How.TOO_LARGE
    if result.returncode is not None and result.returncode < 0:
        return How.DIED
    return How.ANSWERED if result.ok else How.FAILED


def _why(how: How, result: CommandResult, within: float) -> str:
    if how is How.ANSWERED:
        return ""
    if how is How.LATE:
        return _late(list(result.argv), within)
    return too_large(result.argv[0]) if how is How.TOO_LARGE else result.told()


def _late(argv: list[str], within: float) -> str:
    return f"{os.path.basename(argv[0])} did not answer within {within:.1f} s"
