"""Both nodes on one screen: a column for each, and below it what is odd about the pair."""

from __future__ import annotations

from rich.console import Group
from rich.table import Table

from arkcore.base.text import elided
from arkcore.cli.console import duration
from arkcore.cli.language import say
from arkcore.cli.pair import Both, window_text
from arkcore.cli.styled import Text
from arkcore.cli.view import LOUD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from arkcore.cli.pair import NodeAnswer, ResourceAnswer

#: Characters of a text of the other node that one cell, and one line, may have.
_CELL, _LINE = 80, 400
_STYLES = {"RUNNING": "bold green", "STARTING": "yellow", "STOPPING": "yellow",
           "UNKNOWN": "bold yellow", "PARTIAL": "bold red"}  # fmt: skip


def both_in_short(both: Both, odd: Sequence[str]) -> RenderableType:
    """The table of both nodes, and what is odd."""
    heads = [Text(elided(node.node, _CELL), "bold") for node in both.nodes]
    table = _table(heads)
    for name in both.names:
        found = [node.find(name) for node in both.nodes]
        host = next((each.logical_host for each in found if each and each.logical_host), "")
        title = Text(elided(name, _CELL), "bold").append(f"\n{elided(host, _CELL)}", "dim")
        table.add_row(title, *(_cell(each) for each in found))
    versions = [Text(f"arkcore {elided(node.arkcore, _CELL)}", "dim") for node in both.nodes]
    table.add_row("", *versions)
    if not odd:
        return Group(table, "", Text(say("Nothing is odd.", "異常はありません。"), "green"))
    lines = [Text(f"! {elided(each, _LINE)}", "bold yellow") for each in odd]
    return Group(table, "", *lines)


def alone(here: NodeAnswer, host: str, names: Sequence[str]) -> RenderableType:
    """This node's column, and one for a node that does not answer."""
    table = _table([Text(here.node, "bold"), Text(host, "bold red")])
    silent = say("no answer", "応答なし")
    for each in here.resources:
        if not names or each.resource in names:
            table.add_row(Text(each.resource, "bold"), _cell(each), Text(silent, "bold red"))
    return table


def _table(heads: Sequence[Text]) -> Table:
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(say("RESOURCE", "リソース"), overflow="fold")
    for head in heads:
        table.add_column(head, overflow="fold")
    return table


def _cell(answer: ResourceAnswer | None) -> Text:
    """What one node says of one resource."""
    if answer is None:
        return Text(say("not defined", "未定義"), "yellow")
    status = elided(answer.status or say("not asked", "未確認"), _CELL)
    service = answer.is_in_service
    told = Text(status, "dim" if not service and status == "STOPPED" else _STYLES.get(status, ""))
    if service:
        told.append(f"  {say('in service', '運用中')}", "green")
    if answer.error:
        told.append(f"\n{say('unusable', '使用不可')}", "bold red")
    if answer.blind:
        told.append("\nBLIND", "bold red")
    if answer.at_work:
        spent = duration(min(max(answer.at_work.seconds, 0.0), 1e9))
        told.append(f"\n{elided(answer.at_work.action, _CELL)} {spent}", "cyan")
    if answer.maintenance:
        told.append(f"\n{elided(window_text(answer.maintenance), _CELL)}", LOUD)
    return told
