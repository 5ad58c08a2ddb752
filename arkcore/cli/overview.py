"""How resources are shown: all in short, as a table, or one in full."""

from __future__ import annotations

from rich.console import Group
from rich.padding import Padding
from rich.table import Table

from arkcore.cli.console import moment
from arkcore.cli.language import say
from arkcore.cli.styled import Text
from arkcore.cli.view import LOUD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from arkcore.cli.view import View

#: Columns from which on the plugin has a column of its own.
_WIDE = 100


def in_short(views: Sequence[View], width: int, *, with_errors: bool = False) -> RenderableType:
    """A row for each resource, and below what is out of the ordinary.

    `with_errors`: also why one cannot be used, which is told on stderr otherwise.
    """
    if not views:
        return Text(say("No resource is defined here.", "リソースは定義されていません。"))
    parts: list[RenderableType] = [_table(views, wide=width >= _WIDE)]
    for view in views:
        remarks = view.remarks()
        if with_errors and view.error:
            remarks.insert(0, Text(view.error, "bold red"))
        if remarks:
            parts += ["", Text(view.name, "bold")]
            parts += [Padding(remark, (0, 0, 0, 2), expand=False) for remark in remarks]
    return Group(*parts)


def _table(views: Sequence[View], *, wide: bool) -> Table:
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(say("RESOURCE", "リソース"), overflow="fold")
    table.add_column(say("STATUS", "状態"), no_wrap=True)
    table.add_column(say("SINCE", "変化時刻"), no_wrap=True)
    table.add_column(say("WANTED", "指示"), no_wrap=True)
    if wide:
        table.add_column(say("PLUGIN", "プラグイン"), overflow="fold")
    table.add_column(say("LOGICAL HOST", "論理ホスト"), overflow="fold")
    table.add_column(say("LAST VERDICT", "前回の結果"), overflow="fold")
    for view in views:
        table.add_row(
            Text(view.name, "bold"),
            view.status_text(),
            moment(view.since),
            view.wanted.value,
            *((view.plugin,) if wide else ()),
            view.logical_host,
            view.last_text(),
        )
    return table


def in_full(view: View) -> RenderableType:
    """Everything that is known of one resource."""
    plugin = view.known.plugin if view.known else None
    status = view.status_text()
    if view.live and view.live.detail:
        status.append(f"  {view.live.detail}", "not bold")
    service = {True: say("yes", "はい"), False: say("no", "いいえ"), None: ""}
    rows: list[tuple[str, str | Text]] = [
        (say("status", "状態"), status),
        (say("since", "変化時刻"), moment(view.since)),
        (say("plugin", "プラグイン"), f"{plugin.name} {plugin.version}" if plugin else ""),
        (say("logical host", "論理ホスト"), view.logical_host),
        (say("wanted", "指示"), view.wanted.value),
        (say("in service here", "このノードで運用中"), service[view.in_service]),
        (say("last verdict", "前回の結果"), view.last_in_full()),
        (say("at work", "実行中"), view.at_work_text(view.at_work) if view.at_work else ""),
        (
            say("maintenance", "保守"),
            Text(view.maintenance_text(), LOUD) if view.in_maintenance else "",
        ),
        (say("undecided", "判定不能"), view.undecided_text() if view.undecided else ""),
        (say("restarts", "再起動"), view.restarts_text() if view.resource else ""),
        (say("blind", "監視不能"), Text(view.blind_text(), "bold red") if view.blind else ""),
        (say("cgroup", "cgroup"), view.no_group_text() if view.no_group else ""),
        (say("black boxes", "ブラックボックス"), "\n".join(view.boxes)),
        (say("look out", "注意"), Text(view.contradiction(), "bold yellow")),
    ]
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for label, value in rows:
        if str(value):
            grid.add_row(f"  {label}", value)
    return Group(Text(view.name, "bold"), grid)
