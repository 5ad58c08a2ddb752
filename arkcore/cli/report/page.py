"""The HTML page around the picture: one file, which needs no network."""

from __future__ import annotations

import os
import time

import jinja2

from arkcore import __version__
from arkcore.base.text import shown
from arkcore.cli.console import duration
from arkcore.cli.language import is_japanese, say
from arkcore.cli.ras.tree import outcome_of, stamp, step_name, time_used
from arkcore.cli.report.drawing import STYLE, kind_of, picture
from arkcore.ras.records import NEAR, ScriptTaken

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from arkcore.cli.report.history import Gap, History, TimerUse

#: So many scripts have a row of their own, with their lines: those that went badly, or nearly so,
#: before the others.
ROWS = 2000
_TEMPLATES = os.path.join(os.path.dirname(__file__), "templates")


def page(
    history: History,
    *,
    nodes: Sequence[str],
    why: Sequence[str],
    offsets: Mapping[str, float],
) -> str:
    """The page. `why`: what is said of the incident; `offsets`: what was added to nodes' times."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    with open(os.path.join(_TEMPLATES, "page.js"), encoding="utf-8") as file:
        script = file.read()
    rows, left_out = _rows(history)
    return environment.get_template("page.html").render(
        language="ja" if is_japanese() else "en",
        title=say("RAS log report", "RAS ログの報告") + f": {stamp(history.began)}",
        period=_period(history, nodes, offsets),
        style=STYLE,
        picture=picture(history, alone=False),
        script=script,
        words=_words(),
        why=[shown(text) for text in why],
        legend=_legend(),
        gaps=[_gap(gap) for gap in history.gaps],
        rows=rows,
        left_out=left_out,
        timers=[_timer(each) for each in history.timers],
        footer=say("Made by", "作成:") + f" Generic ARK {__version__}, {stamp(time.time())}",
    )


def _period(history: History, nodes: Sequence[str], offsets: Mapping[str, float]) -> str:
    said = f"{stamp(history.began)} – {stamp(history.ends)}"
    named = ", ".join(node for node in nodes if node)
    if named:
        said += say(f"; nodes: {named}", f"、ノード: {named}")
    for node, seconds in offsets.items():
        if seconds:
            said += say(
                f"; {seconds:+g} s added to the times of {node}",
                f"、{node} の時刻に {seconds:+g} 秒を加算",
            )
    return shown(said)


def _rows(history: History) -> tuple[list[dict[str, object]], str]:
    numbered = [
        (number, run) for number, run in enumerate(history.runs) if isinstance(run, ScriptTaken)
    ]
    left = len(numbered) - ROWS
    if left > 0:
        # Those that say most come first; the rest keep their order, the latest before the older.
        weight = {"failed": 0, "near": 1, "odd": 2}
        numbered.sort(key=lambda each: (weight.get(kind_of(each[1]), 3), -each[0]))
        numbered = sorted(numbered[:ROWS])
    rows = [_row(number, script) for number, script in numbered]
    if left <= 0:
        return rows, ""
    return rows, say(
        f"{left} scripts that went well are left out of this table; the picture has them. "
        f"Name a shorter period to see them all.",
        f"正常なスクリプト {left} 件を表から省いています (図にはあります)。"
        f"すべてを見るには期間を短くしてください。",
    )


def _row(number: int, script: ScriptTaken) -> dict[str, object]:
    steps = ", ".join(f"{step_name(step.step)} {duration(step.seconds)}" for step in script.steps)
    lines = [shown(line) for line in script.lines]
    if script.more_lines:
        lines.append(say(f"… {script.more_lines} more", f"… ほか {script.more_lines} 行"))
    return {
        "number": number,
        "kind": kind_of(script),
        "began": stamp(script.began),
        "where": shown(f"{script.node} {script.resource} ({script.logical_host})".strip()),
        "script": script.action.script,
        "verdict": outcome_of(script),
        "took": time_used(script.seconds, script.used),
        "summary": shown(script.reason or steps or say("lines", "行")),
        "lines": "\n".join(lines),
    }


def _gap(gap: Gap) -> dict[str, str]:
    if gap.ends is None:
        ends, took = say("not in the log", "ログになし"), ""
    else:
        ends, took = stamp(gap.ends), duration(gap.ends - gap.began)
    return {"resource": shown(gap.resource), "began": stamp(gap.began), "ends": ends, "took": took}


def _timer(use: TimerUse) -> dict[str, object]:
    kind = "failed" if use.share >= 1 else "near" if use.share > NEAR else "well"
    return {
        "kind": kind,
        "resource": shown(use.resource),
        "timer": use.timer,
        "limit": f"{use.limit:g} s",
        "times": use.times,
        "worst": f"{use.worst:g} s",
        "share": f"{use.share:.0%}",
    }


def _legend() -> list[tuple[str, str]]:
    return [
        ("well", say("well", "正常")),
        ("near", say("near miss: more than 80 % of a timer", "限界に近い: タイマーの 80 % 超")),
        ("failed", say("failed or aborted", "失敗、中断")),
        ("odd", say("undecided, BLIND, no end, a remark", "判定不能、監視不能、終了なし、備考")),
        ("skipped", say("skipped", "スキップ")),
        ("checks", say("quickChecks that went well", "正常な quickCheck")),
        ("gap", say("no service", "サービス停止")),
    ]


def _words() -> dict[str, str]:
    return {
        "why": say("What failed", "失敗の内容"),
        "timeline": say("Timeline", "時間軸"),
        "controls": say("Filter and zoom", "絞り込みと拡大"),
        "filter": say("Filter", "絞り込み"),
        "only_bad": say("failures and near misses only", "失敗と限界に近いものだけ"),
        "zoom_in": say("Zoom in", "拡大"),
        "zoom_out": say("Zoom out", "縮小"),
        "earlier": say("Earlier", "前へ"),
        "later": say("Later", "後へ"),
        "whole": say("Whole period", "全期間"),
        "hint": say(
            "Click a bar for its lines. Keys: / filters; on the timeline + and - zoom, arrows go "
            "from bar to bar, Enter opens.",
            "棒のクリックでログの行を表示。キー: / で絞り込み、時間軸では + と - で拡大と縮小、"
            "矢印で移動、Enter で開く。",
        ),
        "gaps": say("Times without service", "サービス停止時間"),
        "runs": say("Runs", "実行"),
        "timers": say("Timers against reality", "タイマーと実績"),
        "resource": say("Resource", "リソース"),
        "from_": say("From", "開始"),
        "to": say("To", "終了"),
        "took": say("Took", "時間"),
        "began": say("Began", "開始"),
        "where": say("Where", "場所"),
        "script": say("Script", "スクリプト"),
        "verdict": say("Verdict", "結果"),
        "told": say("What the log says", "ログの内容"),
        "timer": say("Timer", "タイマー"),
        "limit": say("Set to", "設定値"),
        "times": say("Times", "回数"),
        "worst": say("Worst", "最大"),
        "share": say("Share", "割合"),
    }
