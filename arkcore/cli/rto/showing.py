"""Shows the ways: a table each with its sources, and the same as facts."""

from __future__ import annotations

from dataclasses import dataclass

from rich.padding import Padding
from rich.table import Table

from arkcore.cli.console import duration, iso, show
from arkcore.cli.language import say
from arkcore.cli.rto.estimate import NEVER, day, told
from arkcore.cli.styled import Text
from arkcore.ras.occasions import Occasion

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from arkcore.cli.rto.estimate import Part, Way
    from arkcore.cli.rto.measured import Measured, Samples
    from arkcore.cli.rto.ways import Hierarchy
    from arkcore.cli.styled import SafeConsole
    from arkcore.resources.resource import Resource


@dataclass(frozen=True)
class Answer:
    """All that is said of one resource."""

    resource: Resource
    hierarchy: Hierarchy
    ways: Sequence[Way]

    @property
    def measured(self) -> Measured:
        return self.hierarchy.measured

    @property
    def head(self) -> str:
        plugin = self.resource.plugin
        return (
            f"{self.resource.name}  ({self.resource.logical_host}, {plugin.name} {plugin.version})"
        )


# In words.


def order_of(answer: Answer) -> str:
    """Who is the manager, and what is switched over together."""
    manager, hierarchy = answer.hierarchy.manager, answer.hierarchy
    names = " → ".join(each.name for each in hierarchy.members)
    return say(
        f"{manager}; switched over together, in the order of their starts: {names}",
        f"{manager}。一緒に切り替わるリソース (開始順): {names}",
    )


def logs_of(answer: Answer) -> list[str]:
    """Which logs the figures stand on, and what is odd about them."""
    measured = answer.measured
    if not measured.logs:
        return [
            say(
                "The logs tell nothing of it yet: what is expected is not known.",
                "ログに実績がまだありません。想定時間は不明です。",
            )
        ]
    found = [
        say(
            f"RAS log of {log.node or '-'}: {day(log.first)} to {day(log.last)}",
            f"{log.node or '-'} の RAS ログ: {day(log.first)} から {day(log.last)} まで",
        )
        for log in measured.logs
    ]
    if len(measured.nodes) < 2:
        found.append(
            say(
                "One node's log: a start after a failure on the other node counts as planned.",
                "1 ノードのログだけのため、他方のノードの障害による開始も計画と数えます。",
            )
        )
    for node, seconds in measured.offsets.items():
        if seconds:
            found.append(
                say(
                    f"{seconds:+g} s added to the times of {node}",
                    f"{node} の時刻に {seconds:+g} 秒を加算",
                )
            )
    if measured.is_cut:
        found.append(
            say(
                "The logs hold more scripts than are kept: the last 20,000 count.",
                "ログのスクリプトが多いため、最後の 20,000 件だけを数えます。",
            )
        )
    found.append(
        say(
            "The log has whole seconds: each measured time may be off by one.",
            "ログは秒単位のため、実測値には 1 秒の誤差があります。",
        )
    )
    return found


def expected_of(way: Way) -> str:
    if way.expected is not None:
        return duration(way.expected)
    return say("not known", "不明")


def missing_of(way: Way) -> str:
    """What keeps the sum from being known; "" where it is."""
    if not way.unknown:
        return ""
    names = say("; ", "、").join(part.text for part in way.unknown)
    known = duration(way.known)
    return say(
        f"not known, for it was never measured: {names}. The rest: {known}",
        f"実績がないため不明: {names}。その他の合計: {known}",
    )


def worst_of(seconds: float) -> str:
    """The worst case in short; what it leaves out is told with it."""
    if seconds == NEVER:
        return say("never: nothing is checked", "検知しません: 監視は停止しています")
    total = duration(seconds)
    return say(f"{total}, and what no timer bounds", f"{total}と、上限のない時間")


def seconds_of(seconds: float | None) -> str:
    """A cell: "–" where there is no figure."""
    if seconds is None:
        return "–"
    if seconds == NEVER:
        return say("never", "なし")
    return f"{seconds:g}"


def seen_of(way: Way) -> str:
    """The whole way, as it was measured; "" where it never was."""
    seen = way.seen
    if seen.median is None or seen.longest is None:
        return ""
    figures = say(
        f"{duration(seen.median)}, longest {duration(seen.longest)}",
        f"{duration(seen.median)}、最長 {duration(seen.longest)}",
    )
    return say(
        f"seen as a whole, {way.seen_from}: {figures} ({told(seen)})",
        f"全体の実測 ({way.seen_from}): {figures} ({told(seen)})",
    )


def bounded(way: Way) -> str:
    """The worst case, and that it is a sum of timers."""
    if way.worst == NEVER:
        return worst_of(way.worst)
    total = duration(way.worst)
    return say(
        f"{total}, the sum of the timers, and besides what no timer bounds",
        f"{total} (タイマーの合計)。タイマーが上限とならない時間は含みません",
    )


def no_answer_of(way: Way) -> str:
    """The worst case where the application gives no clear answer, and how that comes about."""
    if way.worst == NEVER or not way.no_answer:
        return ""
    return say(
        f"{duration(way.worst_no_answer)}: {way.no_answer_by} more",
        f"{duration(way.worst_no_answer)}: {way.no_answer_by}が加わります",
    )


def longer_of(way: Way) -> list[str]:
    """The parts that once took longer than their timers allow today."""
    return [
        say(
            f"{part.text} once took {part.longest:g} s, more than its timers allow today: "
            f"the worst case does not hold for such a one",
            f"{part.text} は {part.longest:g} 秒かかったことがあり、現在のタイマーを"
            f"超えています。その場合、最悪値は成り立ちません",
        )
        for part in way.is_longer
    ]


# On the terminal.


def show_answer(out: SafeConsole, answer: Answer) -> None:
    out.print(Text(answer.head, "bold"), soft_wrap=True)
    out.print(Text(order_of(answer), "dim"), soft_wrap=not out.is_terminal)
    for text in logs_of(answer):
        out.print(Text(text, "dim"), soft_wrap=not out.is_terminal)
    for way in answer.ways:
        out.print()
        _show_way(out, way)


def _show_way(out: SafeConsole, way: Way) -> None:
    out.print(Text(way.title, "bold underline"), soft_wrap=True)
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(say("PART (SECONDS)", "内訳 (秒)"), overflow="fold")
    for name in (
        say("EXPECTED", "想定"),
        say("LONGEST", "実測最長"),
        say("AT WORST", "最悪"),
    ):
        table.add_column(name, justify="right", no_wrap=True)
    for part in way.parts:
        table.add_row(
            Text(part.text),
            Text(seconds_of(part.expected)),
            Text(seconds_of(part.longest)),
            Text(seconds_of(part.worst)),
        )
    show(out, table)
    sums = Table.grid(padding=(0, 2, 0, 0))
    sums.add_column(no_wrap=True)
    sums.add_column(overflow="fold")
    for name, text in _sums(way):
        sums.add_row(Text(name, "bold"), Text(text))
    out.print()
    show(out, sums)
    for title, texts in _sources(way):
        out.print(Text(title, "dim"), soft_wrap=True)
        for text in texts:
            show(out, Padding(Text(text, "dim"), (0, 0, 0, 2)))


def _sums(way: Way) -> list[tuple[str, str]]:
    expected = expected_of(way)
    if way.unknown:
        expected = missing_of(way)
    found = [
        (say("expected", "想定"), expected),
        (say("at worst", "最悪"), bounded(way)),
    ]
    if told_ := no_answer_of(way):
        found.append((say("no clear answer", "応答が不明"), told_))
    if seen := seen_of(way):
        found.append((say("measured", "実測"), seen))
    return found


def _sources(way: Way) -> list[tuple[str, list[str]]]:
    found = [
        (
            say("where the figures come from:", "数値の出典:"),
            [
                say(
                    f"{part.text}: expected: {part.stands_on}; at worst: {part.bounded_by}",
                    f"{part.text}: 想定: {part.stands_on}、最悪: {part.bounded_by}",
                )
                for part in way.parts
            ],
        ),
        (say("not bounded:", "上限が決まらないもの:"), list(way.unbounded)),
    ]
    if notes := [*longer_of(way), *way.notes]:
        found.append((say("notes:", "補足:"), notes))
    return found


# For machines.


def facts_of(answer: Answer) -> dict[str, Any]:
    measured = answer.measured
    return {
        "resource": answer.resource.name,
        "logical_host": answer.resource.logical_host,
        "plugin": answer.resource.plugin.name,
        "plugin_version": answer.resource.plugin.version,
        "manager": answer.hierarchy.manager,
        "hierarchy": [each.name for each in answer.hierarchy.members],
        "logs": [
            {"node": log.node, "from": iso(log.first), "to": iso(log.last)} for log in measured.logs
        ],
        "offsets": dict(measured.offsets),
        "unit": "s",
        "ways": [_way_facts(way) for way in answer.ways],
    }


def _way_facts(way: Way) -> dict[str, Any]:
    never = way.worst == NEVER
    return {
        "way": way.key,
        "title": way.title,
        "expected": way.expected,
        "expected_of_known_parts": way.known,
        "unknown_parts": [part.key for part in way.unknown],
        "worst": None if never else way.worst,
        "worst_no_answer": None if never or not way.no_answer else way.worst_no_answer,
        "is_detected": not never,
        "not_bounded": list(way.unbounded),
        "notes": [*longer_of(way), *way.notes],
        "measured": _sample_facts(way.seen),
        "parts": [_part_facts(part) for part in way.parts],
    }


def _part_facts(part: Part) -> dict[str, Any]:
    return {
        "part": part.key,
        "text": part.text,
        "expected": part.expected,
        "longest": part.longest,
        "worst": None if part.worst == NEVER else part.worst,
        "measured": _sample_facts(part.measured),
        "expected_source": part.stands_on,
        "worst_source": part.bounded_by,
    }


def _sample_facts(samples: Samples) -> dict[str, Any] | None:
    if not samples.count:
        return None
    kinds = samples.occasions
    return {
        "count": samples.count,
        "median": samples.median,
        "longest": samples.longest,
        "from": iso(samples.first),
        "to": iso(samples.last),
        "starts": {each.value: kinds[each] for each in Occasion} if samples.of_starts else None,
    }
