"""The HTML page for auditors: one file, which needs no network."""

from __future__ import annotations

import os
import time

import jinja2

from arkcore import __version__
from arkcore.base.text import shown
from arkcore.cli.language import is_japanese, say
from arkcore.cli.ras.tree import stamp
from arkcore.cli.rto.estimate import NEVER
from arkcore.cli.rto.showing import (
    bounded,
    expected_of,
    logs_of,
    longer_of,
    missing_of,
    no_answer_of,
    order_of,
    seconds_of,
    seen_of,
    worst_of,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arkcore.cli.rto.estimate import Part, Way
    from arkcore.cli.rto.showing import Answer

_TEMPLATES = os.path.join(os.path.dirname(__file__), "templates")


def page(answer: Answer) -> str:
    """The page, in the language of the terminal."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    name = answer.resource.name
    return environment.get_template("rto.html").render(
        language="ja" if is_japanese() else "en",
        title=say(f"Time without service: {name}", f"サービス停止時間: {name}"),
        head=shown(answer.head),
        order=shown(order_of(answer)),
        logs=[shown(text) for text in logs_of(answer)],
        words=_words(),
        ways=[_way(way) for way in answer.ways],
        footer=say("Made by", "作成:") + f" Generic ARK {__version__}, {stamp(time.time())}",
    )


def _way(way: Way) -> dict[str, object]:
    never = way.worst == NEVER
    return {
        "key": way.key,
        "title": way.title,
        "expected": expected_of(way),
        "missing": shown(missing_of(way)),
        "worst": worst_of(way.worst),
        "bounded": shown(bounded(way)),
        "no_answer": shown(no_answer_of(way)),
        "worst_no_answer": "" if never or not way.no_answer else worst_of(way.worst_no_answer),
        "seen": shown(seen_of(way)),
        "parts": [_part(part) for part in way.parts],
        "unbounded": [shown(text) for text in way.unbounded],
        "notes": [shown(text) for text in (*longer_of(way), *way.notes)],
    }


def _part(part: Part) -> dict[str, str]:
    return {
        "text": shown(part.text),
        "expected": seconds_of(part.expected),
        "longest": seconds_of(part.longest),
        "worst": seconds_of(part.worst),
        "stands_on": shown(part.stands_on),
        "bounded_by": shown(part.bounded_by),
        "kind": "unknown" if part.expected is None else "",
    }


def _words() -> dict[str, str]:
    return {
        "summary": say("Summary", "概要"),
        "way": say("Way back into service", "復旧の経路"),
        "expected": say("Expected", "想定"),
        "worst": say("At worst", "最悪"),
        "no_answer": say("At worst, no clear answer", "最悪 (応答が不明)"),
        "worst_note": say(
            "The worst case is a sum of timers. What no timer bounds stands below each table.",
            "最悪値はタイマーの合計です。タイマーが上限とならないものは、各表の下に示します。",
        ),
        "part": say("Part", "内訳"),
        "seconds": say("seconds", "秒"),
        "longest": say("Longest measured", "実測最長"),
        "stands_on": say("Source of the expected", "想定の出典"),
        "bounded_by": say("Source of the worst", "最悪の出典"),
        "sum": say("Sum", "合計"),
        "unbounded": say("Not bounded", "上限が決まらないもの"),
        "notes": say("Notes", "補足"),
        "logs": say("What was measured from", "実績の出典"),
    }
