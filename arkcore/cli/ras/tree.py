"""Shows a run as a tree: the script, its steps, their commands, times against timers, verdict."""

from __future__ import annotations

import time

from arkcore.base.status import Outcome
from arkcore.cli.console import duration
from arkcore.cli.language import say
from arkcore.cli.styled import Text
from arkcore.machine.channel import Step
from arkcore.ras.records import Checks, Remark, ScriptTaken, StepTaken, Used

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from arkcore.ras.records import Run

_BAD, _NEAR, _FAINT = "bold red", "bold yellow", "dim"


def stamp(at: float) -> str:
    """A moment as the RAS log writes it."""
    return time.strftime("%Y/%m/%d %H:%M:%S", time.localtime(at))


def step_name(step: Step) -> str:
    return {
        Step.STATUS: say("status", "状態確認"),
        Step.START: say("start", "開始"),
        Step.STOP: say("stop", "停止"),
        Step.FORCE: say("forced stop", "強制停止"),
    }[step]


def outcome_of(script: ScriptTaken) -> str:
    """The verdict in a word."""
    if script.at_work:
        return say("at work", "実行中")
    words = {
        Outcome.WELL: say("well", "正常"),
        Outcome.UNDECIDED: say("undecided", "判定不能"),
        Outcome.SKIPPED: say("skipped", "スキップ"),
        Outcome.FAILED: say("FAILED", "失敗"),
        Outcome.INTERNAL: say("BLIND or internal", "監視不能または内部エラー"),
    }
    if script.outcome is not None:
        return words[script.outcome]
    if script.ended == "aborted":
        return say("ABORTED", "中断")
    return say("NO END IN THE LOG", "ログに終了なし")


def time_used(seconds: float, used: Used) -> str:
    """How long it took, and of how much: "15 s of 120 s, 13%"."""
    share = used.share
    if share is None:
        return duration(seconds)
    of = f"{duration(used.seconds)} / {used.timer} {used.limit:g} s, {share:.0%}"
    if round(used.seconds) == round(seconds):
        return of
    return f"{duration(seconds)} ({of})"


def style_of(script: ScriptTaken) -> str:
    if script.went_badly or not (script.is_paired or script.at_work):
        return _BAD
    return _NEAR if script.is_near or script.outcome is Outcome.UNDECIDED else ""


def tree(run: Run) -> Iterator[Text]:
    """The lines of the tree."""
    head = Text(stamp(run.began), _FAINT)
    if run.node:
        head.append(f"  {run.node}", _FAINT)
    head.append(f"  {run.resource}", "bold").append(f" ({run.logical_host})  ", _FAINT)
    if isinstance(run, Remark):
        yield head.append(run.message)
    elif isinstance(run, Checks):
        yield head.append(_row(run))
    else:
        yield from _script(head, run)


def _row(row: Checks) -> str:
    until = time.strftime("%H:%M:%S" if row.ends - row.began < 43200 else "%m/%d %H:%M:%S",
                          time.localtime(row.ends))  # fmt: skip
    number, slowest = row.count, duration(row.slowest)
    checks = "QuickCheck" if number == 1 else f"{number} QuickChecks"
    return say(
        f"{checks}  well, until {until}, slowest {slowest}",
        f"QuickCheck {number} 回  正常、{until} まで、最長 {slowest}",
    )


def _script(head: Text, script: ScriptTaken) -> Iterator[Text]:
    style = style_of(script)
    head.append(f"{script.action.script}  ", "bold").append(outcome_of(script), style or "green")
    if script.started:
        head.append(f"  {time_used(script.seconds, script.used)}", style)
    if script.is_near:
        head.append(say("  NEAR MISS", "  限界に近い"), _NEAR)
    yield head
    if script.reason:
        yield Text(f"    {script.reason}", style)
    for position, step in enumerate(script.steps):
        last = position == len(script.steps) - 1
        yield from _step(step, "└─ " if last else "├─ ", "   " if last else "│  ")
    for note in script.notes:
        yield Text(f"    {note}", _FAINT)
    for box in script.black_boxes:
        yield Text(say(f"    black box {box}", f"    ブラックボックス {box}"), "yellow")


def _step(step: StepTaken, branch: str, stem: str) -> Iterator[Text]:
    line = Text(f"  {branch}", _FAINT).append(step_name(step.step)).append("  ")
    if not step.ended:
        line.append(say("no end in the log", "ログに終了なし"), _BAD)
    else:
        style = _BAD if not step.well else _NEAR if step.is_near else ""
        line.append(time_used(step.seconds, step.used), style)
        if not step.well:
            line.append(say("  FAILED", "  失敗"), _BAD)
        elif step.forced:
            line.append(say("  went on to the forced stop", "  強制停止へ移行"), _NEAR)
        elif step.step is Step.STATUS:
            line.append(f"  {step.reason}")
    yield line
    for command in step.commands:
        yield Text(f"  {stem}", _FAINT).append(command.line)
    for note in step.notes:
        yield Text(f"  {stem}", _FAINT).append(note, "yellow")
