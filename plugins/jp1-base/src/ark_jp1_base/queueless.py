"""Judge the text of ajsqlstatus. It is the only text of the product that decides anything."""

from __future__ import annotations

from ark_jp1_base import facts
from ark_jp1_base.commands import Reply, run
from ark_jp1_base.judgement import Answer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from arkcore import Context

#: Scripts used in the field ask this often, a second apart, before they call the service down.
_QUESTIONS = 3
_PAUSE = 1.0


def ask_queueless(ctx: Context) -> Reply:
    """Ask for the queueless agent service; ask again twice unless it is active."""
    reply = _ask_once(ctx)
    for _ in range(_QUESTIONS - 1):
        if reply.answer is Answer.RUNNING or ctx.deadline.remaining() <= _PAUSE:
            break
        ctx.wait_until(lambda: False, within=_PAUSE)
        reply = _ask_once(ctx)
    return reply


def _ask_once(ctx: Context) -> Reply:
    options = ctx.options
    result = run(
        ctx,
        options.queueless_command,
        "-h",
        ctx.logical_host,
        timeout=options.status_limit,
        # The text is known only for an unset LANG.
        lang="",
    )
    if result.error or result.late or result.returncode is None or result.returncode < 0:
        return Reply(Answer.UNKNOWN, result.told())
    answer = judge_text(result.output, options)
    if answer is Answer.RUNNING:
        return Reply(answer, "ajsqlstatus shows an active agent service")
    if answer is Answer.STOPPED:
        return Reply(answer, f"{result.told()} and shows an inactive agent service")
    return Reply(answer, f"{result.told()} and shows no state of the agent service")


def judge_text(text: str, options: Any) -> Answer:
    """Return what the line of the queueless agent service says; no other line decides.

    UNKNOWN where the line is missing, shows neither state, or contradicts a second one.
    """
    answers = {_answer(words, options) for words in _states(text, options.queueless_agent.split())}
    return answers.pop() if len(answers) == 1 else Answer.UNKNOWN


def _states(text: str, name: list[str]) -> list[list[str]]:
    """The words after the service's name, for each line that has the name."""
    found = []
    for line in text.splitlines():
        words = line.replace(":", " ").split()
        for start in range(len(words) - len(name) + 1):
            if words[start : start + len(name)] == name:
                found.append(words[start + len(name) :])
                break
    return found


def _answer(words: list[str], options: Any) -> Answer:
    # Compared word by word: "inactive" contains "active".
    active, inactive = options.queueless_active.split(), facts.QUEUELESS_INACTIVE.value.split()
    if words[: len(active)] == active:
        return Answer.RUNNING
    if words[: len(inactive)] == inactive:
        return Answer.STOPPED
    return Answer.UNKNOWN
