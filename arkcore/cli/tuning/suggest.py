"""Reads the history of resources, advises, and shows it: a table, the reasons, the conflicts."""

from __future__ import annotations

import os
from dataclasses import dataclass

from rich.table import Table

from arkcore.base.errors import ArkError
from arkcore.cli.console import complain, iso, moment, show
from arkcore.cli.language import say
from arkcore.cli.resources import usable
from arkcore.cli.styled import Text
from arkcore.cli.tuning.advice import NEAR, Advice, advice
from arkcore.cli.tuning.conflicts import (
    Conflict,
    Manager,
    Member,
    conflicts,
    reserve_conflict,
)
from arkcore.cli.tuning.measured import History, Measured
from arkcore.managers.lifekeeper import find_lifekeeper
from arkcore.managers.operation_times import shortfall
from arkcore.managers.pacemaker_tools import PacemakerTools
from arkcore.ras.occasions import Occasion
from arkcore.ras.reader import Reader
from arkcore.ras.records import Remark
from arkcore.ras.source import Source
from arkcore.resources import record
from arkcore.resources.requirements import hierarchy
from arkcore.resources.timers import TIMERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from arkcore.base.paths import Paths
    from arkcore.cli.styled import SafeConsole
    from arkcore.resources.resource import Resource

#: Timers that count, or that no line of the log tells of.
_NOT_MEASURED = ("recover.attempts", "recover.window", "quickcheck.cleanup")


@dataclass(frozen=True)
class Suggestion:
    """What is said of one resource's timers."""

    resource: Resource
    history: History
    measured: tuple[Measured, ...]
    advice: tuple[Advice, ...]
    conflicts: tuple[Conflict, ...]


def suggestions(paths: Paths, names: Sequence[str]) -> list[Suggestion]:
    """One for each resource. `ArkError` where one cannot be used."""
    resources = [usable(paths, name) for name in names]
    histories = {each.name: History(each.timers) for each in resources}
    only = names[0] if len(names) == 1 else ""
    reader = Reader([Source(paths.ras_log)], only=only, keeps=False)
    for run in reader.runs():
        if run.resource in histories and not isinstance(run, Remark):
            histories[run.resource].hear(run)
    for damage in reader.damage:
        for text in damage.told():
            complain(text)
    return [_suggest(paths, each, histories[each.name]) for each in resources]


def _suggest(paths: Paths, resource: Resource, history: History) -> Suggestion:
    timers = resource.timers
    measured = tuple(history.of(timer.key) for timer in TIMERS if timer.key not in _NOT_MEASURED)
    told = [
        each
        for each in measured
        if each.count or each.ran_out or (each.key == "quickcheck.confirm" and history.false_alarms)
    ]
    if record.parameters_here(paths, resource.name) is None:
        found = _under_lifekeeper(paths, resource, history)
    else:
        found = _under_pacemaker(paths, resource)
    return Suggestion(
        resource,
        history,
        tuple(told),
        tuple(advice(each, history, timers) for each in told),
        tuple(found),
    )


def _under_lifekeeper(paths: Paths, resource: Resource, history: History) -> list[Conflict]:
    lifekeeper = find_lifekeeper(os.environ, paths.prefix)
    manager = Manager(lifekeeper.check_interval, lifekeeper.remote_timeout)
    return conflicts(resource.timers, _hierarchy(paths, resource), manager, history)


def _hierarchy(paths: Paths, resource: Resource) -> list[Member]:
    """The resource with all that it needs, or that needs it, in turn: what is switched together."""
    found = []
    for name in sorted(hierarchy(paths, resource.name)):
        try:
            found.append(Member(name, usable(paths, name).timers))
        except ArkError:
            continue  # `ark validate` tells
    return found


def _under_pacemaker(paths: Paths, resource: Resource) -> list[Conflict]:
    """Operations whose timeout ends before the timers do. Pacemaker restarts by itself."""
    timers = resource.timers
    found = [reserve_conflict(timers)]
    for operation, timeout in PacemakerTools(paths.prefix).timeouts(resource.name).items():
        why = shortfall(operation, timeout, timers)
        if why:
            found.append(Conflict((), why))
    return [each for each in found if each is not None]


# Showing.


def show_suggestion(out: SafeConsole, suggestion: Suggestion) -> None:
    resource = suggestion.resource
    plugin = resource.plugin
    head = f"{resource.name}  ({resource.logical_host}, {plugin.name} {plugin.version})"
    out.print(Text(head, "bold"), soft_wrap=True)
    out.print(Text(_period(suggestion), "dim"), soft_wrap=True)
    if suggestion.measured:
        out.print()
        _show_table(out, suggestion)
        out.print()
        _show_reasons(out, suggestion)
    out.print()
    if not suggestion.conflicts:
        out.print(say("The values work together.", "値どうしの矛盾はありません。"))
    for conflict in suggestion.conflicts:
        text = say("LOOK OUT: ", "注意: ") + conflict.text
        out.print(Text(text, "bold yellow"), soft_wrap=not out.is_terminal)


def _period(suggestion: Suggestion) -> str:
    history = suggestion.history
    number = history.scripts
    if not number:
        return say(
            "The RAS log holds no script of it that came to its end yet.",
            "RAS ログに、完了したスクリプトがまだありません。",
        )
    first, last = moment(history.began), moment(history.ends)
    return say(
        f"{number} scripts in the RAS log, {first} to {last}; seconds, ±1",
        f"RAS ログのスクリプト {number} 件 ({first} から {last} まで)。単位は秒、誤差 ±1",
    )


def _show_table(out: SafeConsole, suggestion: Suggestion) -> None:
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(say("TIMER", "タイマー"), no_wrap=True)
    for name in (
        say("NOW", "現在"),
        say("TIMES", "回数"),
        say("MEDIAN", "中央値"),
        "P95",
        say("WORST", "最大"),
        say("OF IT", "割合"),
        say("SET", "推奨"),
    ):
        table.add_column(name, justify="right", no_wrap=True)
    timers = suggestion.resource.timers
    for measured, told in zip(suggestion.measured, suggestion.advice, strict=True):
        value = timers[measured.key]
        table.add_row(
            Text(measured.key, "bold"),
            say("none", "なし") if value == float("inf") else f"{value:g}",
            str(measured.count + measured.ran_out),
            *_numbers(measured, value),
            Text("" if told.set is None else f"{told.set:g}", "bold yellow"),
        )
    show(out, table)


def _numbers(measured: Measured, value: float) -> list[Text]:
    if not measured.count:
        return [Text("")] * 4
    part = _part(measured, value)
    times = (measured.median, measured.p95, measured.worst)
    near = "bold yellow" if part is not None and part >= NEAR else ""
    return [
        *(Text(f"{each:g}") for each in times),
        Text("" if part is None else f"{part:.0%}", near),
    ]


def _part(measured: Measured, value: float) -> float | None:
    """How much of its limit the worst took; None where it is no limit."""
    if measured.key == "force_stop_wait" or not 0 < value < float("inf"):
        return None
    return measured.worst / value


def _show_reasons(out: SafeConsole, suggestion: Suggestion) -> None:
    notes = Table.grid(padding=(0, 2, 0, 0))
    notes.add_column(no_wrap=True)
    notes.add_column(overflow="fold")
    for told in suggestion.advice:
        style = "bold yellow" if told.set is not None else "dim"
        text = told.why
        if told.set is not None:
            text = f"{told.set:g}: {text}"
        notes.add_row(Text(told.key, style), Text(text, style))
    show(out, notes)


def facts_of(suggestion: Suggestion) -> dict[str, Any]:
    """The same as facts."""
    history, timers = suggestion.history, suggestion.resource.timers
    return {
        "resource": suggestion.resource.name,
        "scripts": history.scripts,
        "from": iso(history.began) if history.scripts else None,
        "to": iso(history.ends) if history.scripts else None,
        "most_restarts_in_window": history.most_restarts,
        "false_alarms": history.false_alarms,
        "starts": {each.value: history.starts[each] for each in Occasion},
        "timers": [
            {
                "key": measured.key,
                "value": timers.as_mapping()[measured.key],
                "count": measured.count,
                "median": measured.median if measured.count else None,
                "p95": measured.p95 if measured.count else None,
                "worst": measured.worst if measured.count else None,
                "of_limit": _part(measured, timers[measured.key]) if measured.count else None,
                "used_up": measured.ran_out,
                "set": told.set,
                "why": told.why,
            }
            for measured, told in zip(suggestion.measured, suggestion.advice, strict=True)
        ],
        "conflicts": [
            {"timers": list(conflict.keys), "text": conflict.text}
            for conflict in suggestion.conflicts
        ],
    }
