"""Tells of an incident: the script and the step that failed, its time, what was said, what next."""

from __future__ import annotations

import os
from itertools import pairwise

from arkcore.base.call import Action
from arkcore.base.trusted import open_regular
from arkcore.cli.console import duration
from arkcore.cli.language import say
from arkcore.cli.ras.tree import outcome_of, stamp, step_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arkcore.cli.ras.incident import Incident
    from arkcore.ras.records import ScriptTaken, StepTaken

_PRODUCT = "| "


def paragraphs(incident: Incident, directory: str) -> list[str]:
    """What there is to say of it, in lines. `directory`: of this node's black boxes."""
    script, step = incident.script, incident.step
    if incident.taken_over is not None:
        return [_lost(script, incident.taken_over), _next(incident), _look_at_lost(script)]
    found = [_what(script, step)]
    reason = (step.reason if step is not None else "") or script.reason
    if reason:
        found.append(say(f"Reason: {reason}", f"理由: {reason}"))
    said = _said(script, step)
    if said:
        found.append(say("What was said: ", "出力: ") + " / ".join(said))
    for box in script.black_boxes:
        found.append(say(f"Black box: {box}", f"ブラックボックス: {box}") + _hung(box, directory))
    found.append(_next(incident))
    found.append(say("Look at: ", "確認先: ") + _advice(incident, reason))
    return found


def _what(script: ScriptTaken, step: StepTaken | None) -> str:
    where = f"{script.node}: " if script.node else ""
    name = f"{script.action.script} {script.resource} ({script.logical_host})"
    if script.ended == "aborted" and step is None:
        return say(
            f"{where}{name} was killed before its end; told at {stamp(script.ends)}.",
            f"{where}{name} は終了前に強制終了されました ({stamp(script.ends)} に記録)。",
        )
    if step is None and not script.ended:
        return say(
            f"{where}{name}, which began at {stamp(script.began)}, has no end.",
            f"{where}{stamp(script.began)} に始まった {name} に終了がありません。",
        )
    if step is None:
        took = _of(script.seconds, script.used.timer, script.used.limit)
        return say(
            f"{where}{name} failed at {stamp(script.ends)}, after {took}.",
            f"{where}{name} は {stamp(script.ends)} に失敗しました ({took})。",
        )
    took = _of(step.used.seconds or step.seconds, step.used.timer, step.used.limit)
    command = f" ({step.commands[-1].line})" if step.commands else ""
    kind = step_name(step.step)
    if not step.ended:
        return say(
            f"{where}{name}: the {kind}{command} that began at {stamp(step.began)} has no end.",
            f"{where}{name}: {stamp(step.began)} に始まった{kind}{command}に終了がありません。",
        )
    if step.forced:
        return say(
            f"{where}{name}: the {kind}{command} did not stop it; the forced stop began at "
            f"{stamp(step.ends)}, after {took}.",
            f"{where}{name}: {kind}{command} では停止せず、{stamp(step.ends)} に強制停止へ"
            f"移りました ({took})。",
        )
    return say(
        f"{where}{name}: the {kind}{command} failed at {stamp(step.ends)}, after {took}.",
        f"{where}{name}: {kind}{command} が {stamp(step.ends)} に失敗しました ({took})。",
    )


def _lost(script: ScriptTaken, taken_over: ScriptTaken) -> str:
    lost, other, resource = script.node, taken_over.node, script.resource
    name = f"{resource} ({script.logical_host})"
    since, at = stamp(script.ends), stamp(taken_over.began)
    return say(
        f"{lost} was lost: {name} ran there since {since}, no log tells of a stop, and "
        f"{other} began to start it at {at}.",
        f"{lost} が失われました: {name} は {since} からそこで動作し、停止の記録がないまま、"
        f"{other} が {at} に開始しました。",
    )


def _look_at_lost(script: ScriptTaken) -> str:
    return say(
        f"Look at: {script.node}'s power, network and system log; the cluster manager's log on "
        f"fencing; whether the log of {script.node} that is read is its newest.",
        f"確認先: {script.node} の電源、ネットワーク、システムログ。クラスターマネージャーの"
        f"フェンシングのログ。読み込んだ {script.node} のログが最新かどうか。",
    )


def _of(seconds: float, timer: str, limit: float) -> str:
    if not 0 < limit < float("inf"):
        return duration(seconds)
    return say(
        f"{duration(seconds)} of {limit:g} s ({timer})",
        f"{timer} {limit:g} 秒のうち {duration(seconds)}",
    )


def _said(script: ScriptTaken, step: StepTaken | None) -> list[str]:
    """How commands ended, and the last lines that the product wrote."""
    notes = step.notes if step is not None else script.notes
    return [note.removeprefix(_PRODUCT) for note in notes[-8:]]


def _hung(box: str, directory: str) -> str:
    """The first process of a black box that is here: state, wait channel and command line."""
    if os.path.dirname(box) != directory:
        return ""
    try:
        with open(open_regular(box, os.O_NOFOLLOW), "rb") as file:
            lines = file.read(1 << 16).decode("utf-8", "backslashreplace").splitlines()
    except OSError:
        return say(" (gone, or on the other node)", " (削除済み、または他方のノード)")
    for title, line in pairwise(lines):
        if title.startswith("Process tree"):
            fields = line.split(None, 4)
            if len(fields) == 5:
                pid, _, state, channel, command = fields
                return say(
                    f": {command} (pid {pid}) in state {state}, waiting in {channel}",
                    f": {command} (pid {pid})、状態 {state}、待機先 {channel}",
                )
    return ""


def _next(incident: Incident) -> str:
    if not incident.then:
        return say(
            "Next: the log tells of no other script.",
            "その後: ログに他のスクリプトはありません。",
        )
    told = [
        f"{each.node + ': ' if each.node else ''}{each.action.script} {each.resource} "
        f"{outcome_of(each)} ({stamp(each.began)}, {duration(each.seconds)})"
        for each in incident.then
    ]
    return say("Next: ", "その後: ") + "; ".join(told)


#: What a reason says, and where to look then.
_ADVICE = (
    ("not mounted", "mount it through the cluster; mount_points of the resource file",
     "クラスター経由でのマウントと、リソースファイルの mount_points"),
    ("requires ", "the resource that it requires: why that one does not run",
     "必要とするリソースが動作していない理由"),
    ("(D)", "a disk: a process waits in the kernel; reboot this node before a start elsewhere",
     "ディスク: プロセスがカーネル内で待機。他で開始する前にこのノードを再起動"),
    ("Still alive", "what holds the processes that it names", "残っているプロセスとその原因"),
    ("BLIND", "what it names, then: ark validate", "示された問題。その後 ark validate"),
    ("Internal error", "keep the log and report it", "ログを保存して報告"),
    ("restarts within", "why it keeps failing: the failures before this one",
     "失敗が続く理由: これより前の失敗"),
    ("no end after", "the black box; whether the timer is long enough: ark timers --suggest",
     "ブラックボックス。タイマーの長さ: ark timers --suggest"),
    ("had not ended", "the black box; whether the timer is long enough: ark timers --suggest",
     "ブラックボックス。タイマーの長さ: ark timers --suggest"),
)  # fmt: skip


def _advice(incident: Incident, reason: str) -> str:
    """Where to look for the cause, and before that, what a stop that failed then asks for."""
    script = incident.script
    found = [
        _known(each.reason)
        for each in incident.then
        if each.went_badly and each.action is Action.REMOVE
    ]
    found.append(_known(reason))
    if not found[-1]:
        found[-1] = say(
            f"the product's own log at {stamp(script.ends)}; ark log {script.resource} --failed",
            f"{stamp(script.ends)} ごろの製品のログ。ark log {script.resource} --failed",
        )
    return say("; ", "。").join(dict.fromkeys(filter(None, found)))


def _known(reason: str) -> str:
    """What the table advises for a reason; "" where it has nothing."""
    for words, english, japanese in _ADVICE:
        if words in reason:
            return say(english, japanese)
    return ""
