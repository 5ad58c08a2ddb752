"""`ark timers`: every timer, where its value comes from, and the worst times that follow."""

from __future__ import annotations

import os

import click
from rich.padding import Padding
from rich.table import Table

from arkcore.base.errors import ArkError
from arkcore.cli.command import Command
from arkcore.cli.console import (
    console,
    duration,
    paths_here,
    print_json,
    refuse_unless_readable,
    show,
)
from arkcore.cli.language import is_japanese, say
from arkcore.cli.output import put
from arkcore.cli.resources import chosen, usable
from arkcore.cli.styled import Text
from arkcore.cli.timer_rows import Row, rows_of
from arkcore.cli.tuning.suggest import facts_of, show_suggestion, suggestions
from arkcore.cli.worst_times import WorstTime, worst_times
from arkcore.managers.lifekeeper import find_lifekeeper
from arkcore.managers.operation_times import OPERATIONS, least_timeout
from arkcore.resources import record
from arkcore.resources import timers as engine
from arkcore.resources.parameters import TIMER_PARAMETERS
from arkcore.resources.requirements import dependents

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arkcore.base.paths import Paths
    from arkcore.cli.styled import SafeConsole
    from arkcore.resources.resource import Resource
    from arkcore.resources.timers import Timer

#: Columns from which on what a timer governs has a column of its own.
_WIDE = 110


@click.command("timers", cls=Command)
@click.argument(
    "resource",
    required=False,
    metavar="[RESOURCE]",
    help="Its timers; the defaults where none is named.",
)
@click.option(
    "--suggest", is_flag=True, help="Say what to set, from what the RAS log says was needed."
)
@click.option("--json", is_flag=True, help="Print the facts as JSON.")
def timers(resource: str | None, suggest: bool, json: bool) -> None:
    """Show the timers and the worst times that follow from them.

    A value that differs from the default is marked with where it comes from:
    the plugin, the resource's file or the cluster. The worst times are those
    to detection, to local recovery and to the start of a failover; the check
    interval is LKCHECKINTERVAL of /etc/default/LifeKeeper, or 120 s. For a
    resource of Pacemaker's, the timeouts that its operations need.

    With --suggest, for one resource or all: how long what each timer governs
    really took, in the RAS log and its rotated parts (times, median, 95 of
    100, worst), how near that came to the limit, what to set and why. And
    which values cannot work together: the removes of a hierarchy beyond
    LifeKeeper's REMOTETIMEOUT, a quickCheck run beyond 22 s, an operation
    timeout of Pacemaker's below the timers, a recover.total below what a
    restart takes. Nothing is changed: edit the timers in the resource file.

    Examples:
      ark timers
      ark timers lkjp1_base
      ark timers lkjp1_base --suggest
    """
    paths = paths_here()
    if suggest:
        _suggest(paths, resource, json)
        return
    used = None
    if resource is not None:
        chosen(paths, [resource])
        used = usable(paths, resource)
    rows = rows_of(paths, used)
    if used is not None and record.parameters_here(paths, used.name) is not None:
        _tell_pacemaker(used, rows, json)
        return
    interval = find_lifekeeper(os.environ, paths.prefix).check_interval
    values = used.timers if used else engine.Timers({})
    worst = worst_times(values, interval, _dependents(paths, used))
    if json:
        print_json({**_facts(used, rows), **_worst_facts(interval, worst)})
        return
    out = console()
    _show_timers(out, used, rows)
    out.print()
    _show_worst(out, worst)


def _tell_pacemaker(resource: Resource, rows: list[Row], json: bool) -> None:
    """A resource of Pacemaker's: its timers, and the timeouts that its operations need."""
    rows = [row for row in rows if row.timer in TIMER_PARAMETERS.values()]
    least = {name: least_timeout(name, resource.timers) for name in OPERATIONS}
    if json:
        facts = {name: {"least_timeout": seconds, "unit": "s"} for name, seconds in least.items()}
        print_json({**_facts(resource, rows), "operations": facts})
        return
    out = console()
    _show_timers(out, resource, rows)
    out.print()
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(say("OPERATION", "オペレーション"), no_wrap=True)
    table.add_column(say("TIMEOUT AT LEAST", "必要なタイムアウト"), justify="right", no_wrap=True)
    for name, seconds in least.items():
        table.add_row(Text(name, "bold"), say(f"{seconds} s", f"{seconds} 秒"))
    show(out, table)


def _suggest(paths: Paths, resource: str | None, json: bool) -> None:
    names = chosen(paths, [resource] if resource else [])
    refuse_unless_readable(paths.ras_log)
    found = suggestions(paths, names)
    if json:
        print_json([facts_of(each) for each in found])
        return
    if not found:
        put(say("No resource is defined here.", "リソースは定義されていません。"))
    for position, each in enumerate(found):
        if position:
            put()
        show_suggestion(console(), each)


def _dependents(paths: Paths, resource: Resource | None) -> list[engine.Timers]:
    """The timers of what a recover stops and starts along with the resource."""
    found = []
    for name in dependents(paths, resource.name) if resource else ():
        try:
            found.append(usable(paths, name).timers)
        except ArkError:
            continue  # `ark validate` tells
    return found


# Showing.


def _show_timers(out: SafeConsole, resource: Resource | None, rows: list[Row]) -> None:
    if resource is not None:
        plugin = resource.plugin
        head = f"{resource.name}  ({resource.logical_host}, {plugin.name} {plugin.version})"
        out.print(Text(head, "bold"), soft_wrap=True)
        out.print()
    narrow = out.width < _WIDE
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0), pad_edge=False)
    # Where there is no room for a column, what a timer governs stands below its name.
    table.add_column(say("TIMER", "タイマー"), no_wrap=True)
    table.add_column(say("VALUE", "値"), justify="right", no_wrap=True)
    if resource is not None:
        table.add_column(say("DEFAULT", "既定値"), justify="right", no_wrap=True)
        table.add_column(say("FROM", "設定元"), no_wrap=True)
    if not narrow:
        table.add_column(say("GOVERNS", "対象"), overflow="fold")
    for row in rows:
        cells = _cells(row, with_default=resource is not None)
        table.add_row(*cells, *(() if narrow else (Text(_text(row.timer), "dim"),)))
    if not narrow:
        show(out, table)
        return
    with out.capture() as captured:
        out.print(table)
    head, *lines = captured.get().splitlines()
    out.put_rendered(head)
    for line, row in zip(lines, rows, strict=True):
        out.put_rendered(line)
        show(out, Padding(Text(_text(row.timer), "dim"), (0, 0, 0, 2)))


def _cells(row: Row, *, with_default: bool) -> list[Text]:
    sources = {
        "": "",
        "plugin": say("plugin", "プラグイン"),
        "file": say("file", "ファイル"),
        "cluster": say("cluster", "クラスター"),
    }
    own = "bold yellow" if row.source else ""
    cells = [Text(row.timer.key, own or "bold"), Text(_value(row.timer, row.value), own)]
    if with_default:
        cells += [
            Text(_value(row.timer, row.timer.default), "dim"),
            Text(sources[row.source], own),
        ]
    return cells


def _value(timer: Timer, value: float | None) -> str:
    if value is None:
        return say("none", "なし")
    if timer.unit == "times":
        return say(f"{value:g} times", f"{value:g} 回")
    return say(f"{value:g} s", f"{value:g} 秒")


def _text(timer: Timer) -> str:
    return timer.text_ja if is_japanese() else timer.text


def _show_worst(out: SafeConsole, worst: tuple[WorstTime, ...]) -> None:
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(say("WORST TIME", "最悪時間"), no_wrap=True)
    table.add_column(say("IT IS DOWN", "停止が確実"), justify="right", no_wrap=True)
    table.add_column(say("NO CLEAR ANSWER", "応答が不明"), justify="right", no_wrap=True)
    for each in worst:
        table.add_row(Text(each.text, "bold"), _worst(each.stopped), _worst(each.no_answer))
    show(out, table)
    notes = Table.grid(padding=(0, 2, 0, 0))
    notes.add_column(no_wrap=True)
    notes.add_column(overflow="fold")
    for each in worst:
        notes.add_row(Text(each.text, "dim"), Text(each.explanation, "dim"))
    out.print()
    show(out, notes)


def _worst(seconds: float | None) -> str:
    if seconds is None:
        return say("never", "なし")
    return duration(seconds)


def _facts(resource: Resource | None, rows: list[Row]) -> dict[str, object]:
    return {
        "resource": resource.name if resource else None,
        "plugin": resource.plugin.name if resource else None,
        "timers": [
            {
                "key": row.timer.key,
                "value": row.value,
                "default": row.timer.default,
                "source": row.source or "default",
                "unit": row.timer.unit,
                "governs": _text(row.timer),
            }
            for row in rows
        ],
    }


def _worst_facts(interval: float, worst: tuple[WorstTime, ...]) -> dict[str, object]:
    return {
        "check_interval": interval,
        "worst_times": {
            each.key: {
                "stopped": each.stopped,
                "no_answer": each.no_answer,
                "unit": "s",
                "explanation": each.explanation,
            }
            for each in worst
        },
    }
