"""The record of a run of drills: for people and delivery documents (Markdown), and for machines."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from arkcore import __version__
from arkcore.base.errors import ArkError
from arkcore.base.text import markdown as words
from arkcore.base.text import shown
from arkcore.cli.console import duration
from arkcore.cli.drill.hearing import telling
from arkcore.cli.drill.outside import INTERVAL
from arkcore.cli.language import say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from arkcore.cli.drill.leg import Leg
    from arkcore.cli.drill.manager import Drilled, Kind
    from arkcore.cli.drill.outside import Service
    from arkcore.resources.resource import Resource

#: To be filled in by hand.
_BLANK = "________"


@dataclass
class Run:
    """Some drills in a row, as far as they have come."""

    resource: Resource
    drilled: Drilled
    kinds: Sequence[Kind]
    service: Service | None
    began: float = field(default_factory=time.time)
    ended: float = 0.0
    legs: list[Leg] = field(default_factory=list)
    interrupted: bool = False
    #: Why it went no further, where that was no drill's failure.
    problem: str = ""
    #: What was taken back at the end.
    tidied: str = ""
    #: How the manager said it was at the very end.
    at_the_end: str = ""

    @cached_property
    def version(self) -> str:
        """The manager's version; "" where it cannot be told."""
        try:
            return self.drilled.version()
        except ArkError:
            return ""

    @property
    def passed(self) -> bool:
        done = [leg.plan.kind for leg in self.legs if leg.passed]
        return done == list(self.kinds) and not self.interrupted and not self.problem

    @property
    def left_out(self) -> list[Kind]:
        return list(self.kinds)[len(self.legs) :]

    @property
    def verdict(self) -> str:
        if self.interrupted:
            return say("INTERRUPTED", "中断")
        return say("PASSED", "合格") if self.passed else say("FAILED", "不合格")


def facts(run: Run) -> dict[str, Any]:
    """For machines."""
    return {
        "resource": run.resource.name,
        "logical_host": run.resource.logical_host,
        "plugin": run.resource.plugin.name,
        "plugin_version": run.resource.plugin.version,
        "arkcore": __version__,
        "manager": run.drilled.title,
        "manager_version": run.version or None,
        "node": run.drilled.node,
        "began": _iso(run.began),
        "ended": _iso(run.ended),
        "passed": run.passed,
        "interrupted": run.interrupted,
        "problem": run.problem or None,
        "verified_from_outside": run.service.told if run.service else None,
        "drills": [_leg_facts(leg) for leg in run.legs],
        "left_out": [kind.value for kind in run.left_out],
        "tidied": run.tidied or None,
        "at_the_end": run.at_the_end or None,
    }


def _leg_facts(leg: Leg) -> dict[str, Any]:
    plan = leg.plan
    return {
        "drill": plan.kind.value,
        "passed": leg.passed,
        "reason": leg.reason or None,
        "from": plan.source,
        "to": plan.target,
        "done": "switched over" if plan.kind.switches else "processes killed",
        "by_administrator": plan.by_person,
        "commands": list(plan.commands),
        "killed": leg.killed or None,
        "moved": list(plan.moves),
        "limit": round(plan.limit, 1),
        "failed": [
            {"resource": each.resource, "node": each.node, "state": each.state, "log": each.log}
            for each in leg.broken
        ],
        "seconds": None if leg.total is None else round(leg.total, 2),
        "times": [
            {
                "what": point.key,
                "at": _iso(point.at),
                "after": round(leg.after(point), 2),
                "source": point.source,
                "whole_seconds": point.whole,
            }
            for point in leg.points
        ],
        "without_service": [
            {
                "lost": _iso(gap.lost),
                "back": None if gap.back is None else _iso(gap.back),
                "seconds": None if gap.back is None else round(gap.back - gap.last, 2),
                "problem": gap.problem,
            }
            for gap in leg.gaps
        ],
        "operations": [
            {
                "action": each.action,
                "resource": each.resource,
                "node": each.node,
                "began": _iso(each.began),
                "ended": _iso(each.ended),
                "seconds": round(each.ended - each.began, 3),
                "code": int(each.code),
                "reason": each.reason or None,
            }
            for each in leg.operations
        ],
        "remarks": leg.remarks,
        "ras_log": leg.lines,
        "other_node": _there_facts(leg),
    }


def _there_facts(leg: Leg) -> dict[str, Any] | None:
    if leg.there is None:
        return {"problem": leg.there_problem} if leg.there_problem else None
    return {
        "node": leg.there.node,
        "clock_ahead": round(leg.there.ahead, 2),
        "clock_within": round(leg.there.within, 2),
        "ras_log": _lines_there(leg),
    }


def _lines_there(leg: Leg) -> list[str]:
    heard = leg.there.heard if leg.there is not None else ()
    return [each.line.text for each in heard if telling(each.line)]


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at).astimezone().isoformat(timespec="milliseconds")


# In words.


def clock(at: float) -> str:
    """A time of day, to hundredths of a second."""
    return datetime.fromtimestamp(at).strftime("%H:%M:%S.%f")[:-4]


def what(key: str, *, switches: bool) -> str:
    """A measured moment in words."""
    return {
        "struck": say("switch ordered", "切り替えを指示")
        if switches
        else say("broken", "障害を発生"),
        "acts": say("the manager acts", "クラスターマネージャーが動作")
        if switches
        else say("detected", "検知"),
        "lost": say("client: first call not served", "クライアント: 最初の応答なし"),
        "stop_began": say("stop began", "停止を開始"),
        "stop_ended": say("stop ended", "停止が終了"),
        "start_began": say("start began", "開始処理を開始"),
        "start_ended": say("start ended", "開始処理が終了"),
        "in_service": say(
            "found up by the manager's command", "クラスターマネージャーのコマンドで稼働を確認"
        ),
        "all_up": say("all that goes with it is up", "一緒に移るものもすべて稼働"),
        "served": say("client: served again", "クライアント: 応答再開"),
    }[key]


def unserved(leg: Leg) -> str:
    """How long the client was without service, as far as it noticed."""
    if not leg.gaps:
        return say("the client noticed no interruption", "クライアントは中断を検出していません")
    if leg.gaps[-1].back is None:
        return say("the client is not served again", "クライアントへの応答は再開していません")
    whole = sum(gap.back - gap.last for gap in leg.gaps if gap.back is not None)
    return say(
        f"the client was without service for {whole:.2f} s",
        f"クライアントから見た中断: {whole:.2f} 秒",
    )


def duration_of(leg: Leg) -> str:
    """How long a drill that has passed took, or that nobody has told it."""
    if leg.total is None:
        return say(
            "the time until it was up could not be measured",
            "稼働までの時間は測定できませんでした",
        )
    total = f"{leg.total:.2f}"
    if leg.plan.kind.switches:
        return say(f"switched over after {total} s", f"切り替え完了まで {total} 秒")
    return say(f"up again after {total} s", f"回復まで {total} 秒")


def measured(run: Run, leg: Leg) -> list[tuple[str, str]]:
    """The durations by who measured them, side by side."""
    node = run.drilled.node
    rows = []
    if leg.gaps and leg.gaps[-1].back is not None:
        without = sum(gap.back - gap.last for gap in leg.gaps if gap.back is not None)
        rows.append((say("client: without service", "クライアント: 中断"), f"{without:.2f}"))
    up = "in_service" if leg.at("in_service") is not None else "all_up"
    by_manager = leg.seconds("struck", up)
    if by_manager is not None:
        told = say("until it was up", "稼働まで")
        rows.append((f"{run.drilled.source}: {told}", f"{by_manager:.2f}"))
    for key, words_, place in (
        ("stop", say("stop", "停止"), leg.plan.source),
        ("start", say("start", "開始処理"), leg.plan.target),
    ):
        seconds = leg.seconds(f"{key}_began", f"{key}_ended")
        point = next((each for each in leg.points if each.key == f"{key}_began"), None)
        if seconds is not None and point is not None:
            digits = 0 if point.whole else 2
            rows.append((f"{point.source}: {words_}", f"{seconds:.{digits}f}"))
        elif place != node:
            unknown = say("not known on this node", "このノードでは不明")
            rows.append((f"{place}: {words_}", unknown))
    return rows


def unverified() -> str:
    return say(
        "nothing is verified from outside: neither --client-command nor --client-address is given",
        "外部からは何も確認していません (--client-command、--client-address の指定なし)",
    )


def verified(service: Service) -> str:
    return say(f"{service.told}, every {INTERVAL:g} s", f"{service.told} ({INTERVAL:g} 秒ごと)")


def elsewhere(run: Run, leg: Leg) -> str:
    """Where the rest of the RAS log is: on the other node, where that could not be read."""
    others = {leg.plan.source, leg.plan.target} - {run.drilled.node}
    if not others:
        return ""
    other = others.pop()
    failed = [each.log for each in leg.broken if each.node == other]
    failed += [
        f"ark log {each.resource} --lines 200"
        for each in leg.operations
        if each.node == other and each.failed
    ]
    if leg.there is not None and not failed:
        return ""
    commands = "; ".join(dict.fromkeys(failed or [f"ark log {run.resource.name} --lines 200"]))
    if leg.there is not None:
        return say(f"more on {other}: {commands}", f"詳細は {other} で実行: {commands}")
    if leg.there_problem:
        return say(
            f"RAS log of {other}: not read: {leg.there_problem}; on {other}: {commands}",
            f"{other} の RAS ログを取得できませんでした: {leg.there_problem}。{other} で実行: "
            f"{commands}",
        )
    return say(
        f"RAS log of {other}: not reachable from here; on {other}: {commands}",
        f"{other} の RAS ログはこのノードから参照できません。{other} で実行: {commands}",
    )


def done(leg: Leg) -> str:
    """What was done, and what kind of test that is."""
    plan = leg.plan
    if not plan.kind.switches:
        killed = leg.killed or say("nothing yet", "なし")
        return say(
            f"all processes of the application were killed (SIGKILL) on {plan.source}: {killed}",
            f"{plan.source} でアプリケーションの全プロセスを強制終了 (SIGKILL): {killed}",
        )
    commands = "; ".join(plan.commands)
    by = say(" (by an administrator there)", " (管理者が実行)") if plan.by_person else ""
    return say(
        f"switched over from {plan.source} to {plan.target} by the manager's own command{by}, "
        f"nothing was broken: {commands}",
        f"{plan.source} から {plan.target} へ、クラスターマネージャーのコマンド{by}で切り替え"
        f" (障害は発生させていない): {commands}",
    )


def markdown(run: Run) -> str:
    """For the delivery documents."""
    return "\n".join(_markdown(run)) + "\n"


def _markdown(run: Run) -> Iterator[str]:
    resource = run.resource
    yield say(f"# Drills of {resource.name}", f"# 動作確認: {resource.name}")
    yield ""
    rows = [
        (say("result", "結果"), f"**{run.verdict}**"),
        (say("resource", "リソース"), resource.name),
        (say("logical host", "論理ホスト"), resource.logical_host),
        (say("plugin", "プラグイン"), f"{resource.plugin.name} {resource.plugin.version}"),
        ("arkcore", __version__),
        (say("version of the application", "アプリケーションのバージョン"), _BLANK),
        (say("cluster manager", "クラスターマネージャー"), run.drilled.title),
        (
            say("version of the cluster manager", "クラスターマネージャーのバージョン"),
            run.version or _BLANK,
        ),
        (say("run on", "実行ノード"), run.drilled.node),
        (say("began", "開始"), _date(run.began)),
        (say("ended", "終了"), _date(run.ended)),
        (
            say("verified from outside", "外部からの確認"),
            verified(run.service) if run.service else f"**{unverified()}**",
        ),
        (say("at the end", "終了時の状態"), run.at_the_end),
        (say("tester", "試験者"), _BLANK),
        (say("approver", "承認者"), _BLANK),
    ]
    yield from _table([say("item", "項目"), say("value", "値")], rows)
    for text in filter(None, (run.problem, run.tidied)):
        yield f"- {words(text)}"
        yield ""
    for number, leg in enumerate(run.legs, 1):
        yield from _leg_markdown(run, number, leg)
    for number, kind in enumerate(run.left_out, len(run.legs) + 1):
        yield f"## {number}. {kind.title}: {say('left out', '未実施')}"
        yield ""


def _leg_markdown(run: Run, number: int, leg: Leg) -> Iterator[str]:
    passed = say("passed", "合格") if leg.passed else say("FAILED", "不合格")
    yield f"## {number}. {leg.plan.kind.title}: {passed}"
    yield ""
    if leg.reason:
        yield f"**{words(leg.reason)}**"
        yield ""
    yield f"- {words(done(leg))}"
    moved = words(" ".join(leg.plan.moves))
    yield say(f"- stopped and started by it: {moved}", f"- 停止・開始の対象: {moved}")
    if leg.passed:
        yield f"- **{duration_of(leg)}**"
    if run.service is not None:
        yield f"- {unserved(leg)}"
    limit = duration(leg.plan.limit)
    yield say(f"- limit: {limit}", f"- 待ち時間の上限: {limit}")
    for remark in leg.remarks:
        yield f"- {words(remark)}"
    yield ""
    yield from _table(
        [say("time", "時刻"), say("s", "秒"), say("what", "内容"), say("source", "情報源")],
        [
            (
                clock(point.at),
                f"{leg.after(point):.{0 if point.whole else 2}f}",
                what(point.key, switches=leg.plan.kind.switches),
                point.source,
            )
            for point in leg.points
        ],
    )
    yield from _table([say("measured by", "測定元"), say("s", "秒")], measured(run, leg))
    if leg.operations:
        yield from _table(
            [
                say("operation", "処理"), say("resource", "リソース"), say("node", "ノード"),
                say("began", "開始"), say("s", "秒"), say("result", "結果"),
            ],
            [
                (
                    each.action, each.resource, each.node, clock(each.began),
                    f"{each.ended - each.began:.2f}",
                    f"{each.code:g} {each.reason}".strip(),
                )
                for each in leg.operations
            ],
        )  # fmt: skip
    node = run.drilled.node
    yield say(
        f"RAS log of {node} (without the checks that found all well):",
        f"{node} の RAS ログ (正常だった監視を除く):",
    )
    yield ""
    yield "```text"
    yield from (shown(line).replace("```", "'''") for line in leg.lines)
    yield "```"
    yield ""
    if leg.there is not None:
        there = leg.there.node
        yield say(
            f"RAS log of {there}, read by ssh, with the times of that node:",
            f"{there} の RAS ログ (ssh で取得、時刻は {there} のもの):",
        )
        yield ""
        yield "```text"
        yield from (shown(line).replace("```", "'''") for line in _lines_there(leg))
        yield "```"
        yield ""
        yield leg.there.clock
        yield ""
    if text := elsewhere(run, leg):
        yield text
        yield ""


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    if not rows:
        return
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(map(words, row))} |"
    yield ""


def _date(at: float) -> str:
    return datetime.fromtimestamp(at).astimezone().strftime("%Y-%m-%d %H:%M:%S %z")
