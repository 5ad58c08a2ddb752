"""What the answers of status commands and the process table amount to. Pure; no text is parsed."""

from __future__ import annotations

from arkcore import Choice, Status

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


class Answer(Choice):
    """What one status command says.

    The values but `MISSING` are the words of the options that correct a table of return codes.
    """

    RUNNING = "RUNNING"
    STARTING = "STARTING"
    STOPPING = "STOPPING"
    #: Some of what it watches is up.
    PARTIAL = "PARTIAL"
    #: All of what it watches is down.
    STOPPED = "STOPPED"
    #: It cannot say now, or nobody knows what it says: ask again.
    UNKNOWN = "UNKNOWN"
    #: It could not ask: the process manager is not there, or something is wrong with it.
    ERROR = "ERROR"
    #: There is no such command here.
    MISSING = "MISSING"


_DOWN = (Answer.STOPPED, Answer.ERROR, Answer.MISSING)
_OPEN = (Answer.UNKNOWN, Answer.ERROR, Answer.MISSING)


def judge(answers: Sequence[Answer], *, alive: bool, manager: bool) -> Status:
    """The status that `answers` and the process table amount to.

    `answers`: of one or more commands, that about the process manager first. `alive`: whether any
    process of the logical host lives; `manager`: whether its process manager (jbs_spmd, jajs_spmd)
    is among them. Both are of no account where every answer is RUNNING.
    """
    if all(answer is Answer.RUNNING for answer in answers):
        return Status.RUNNING
    if not alive:
        return _of_nothing_alive(answers)
    # A process manager that is gone cannot answer for those that outlived it: a definite failure,
    # whatever the other commands say.
    if not manager and answers[0] in (Answer.STOPPED, Answer.ERROR):
        return Status.PARTIAL
    if Answer.PARTIAL in answers or (Answer.RUNNING in answers and Answer.STOPPED in answers):
        return Status.PARTIAL
    if any(answer in _OPEN for answer in answers):
        return Status.UNKNOWN
    if Answer.STARTING in answers and Answer.STOPPING in answers:
        return Status.UNKNOWN
    if Answer.STARTING in answers:
        return Status.STARTING
    if Answer.STOPPING in answers:
        return Status.STOPPING
    # All of it says down, and yet the process manager lives: a contradiction.
    return Status.UNKNOWN


def _of_nothing_alive(answers: Sequence[Answer]) -> Status:
    """STOPPED where a command says so, or could not ask, and none claims that something lives."""
    possible = (*_DOWN, Answer.UNKNOWN)
    if all(answer in possible for answer in answers) and any(each in _DOWN for each in answers):
        return Status.STOPPED
    return Status.UNKNOWN
