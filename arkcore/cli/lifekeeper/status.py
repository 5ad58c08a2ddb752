"""`ark lifekeeper status`: what LifeKeeper holds of our resources."""

from __future__ import annotations

import click
from click.exceptions import Exit
from rich.table import Table

from arkcore.cli.command import Command
from arkcore.cli.console import console, paths_here, print_json, show
from arkcore.cli.language import say
from arkcore.cli.lifekeeper import launcher_files
from arkcore.cli.lifekeeper.hierarchy import lifekeepers
from arkcore.cli.lifekeeper.words import state_text
from arkcore.cli.styled import Text
from arkcore.managers.lifekeeper_commands import installed_commands

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from arkcore.managers.lifekeeper_commands import Instance, LifeKeeperCommands


@click.command("status", cls=Command)
@click.argument("resources", nargs=-1, metavar="[RESOURCE]...", help="By default, all.")
@click.option("--json", is_flag=True, help="Print the facts as JSON.")
def status(resources: tuple[str, ...], json: bool) -> None:
    """Show what LifeKeeper holds of the resources of this node.

    The state is LifeKeeper's own (ins_list): ISP in service, OSU out of
    service, OSF failed. Whether the application runs tells `ark status`.

    Exit code: 1 where one is not registered, failed, or registered with
    programs of another installation.

    Examples:
      ark lifekeeper status
      ark lifekeeper status lkjp1_base --json
    """
    paths = paths_here()
    commands = installed_commands(paths.prefix)
    names = lifekeepers(paths, resources)
    held = commands.instances()
    wanted = launcher_files.texts(paths.prefix)
    rows = [_Row(name, held.get(name), commands, wanted) for name in names]
    if json:
        print_json([row.facts() for row in rows])
    else:
        table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0), pad_edge=False)
        table.add_column(say("RESOURCE", "リソース"), overflow="fold")
        table.add_column("LIFEKEEPER", no_wrap=True)
        table.add_column(say("OTHER NODES", "他のノード"), overflow="fold")
        table.add_column(say("PROGRAMS", "プログラム"), overflow="fold")
        for row in rows:
            table.add_row(Text(row.name, "bold"), row.state(), row.others_text(), row.programs())
        show(console(), table)
    if not all(row.ok for row in rows):
        raise Exit(1)


class _Row:
    """One resource as LifeKeeper holds it."""

    def __init__(
        self,
        name: str,
        instance: Instance | None,
        commands: LifeKeeperCommands,
        wanted: Mapping[str, str],
    ) -> None:
        self.name = name
        self._instance = instance
        self._others = commands.equivalents(name) if instance else []
        self._old = (
            [each for each, text in wanted.items() if commands.copy_of(each, name) != text]
            if instance
            else []
        )

    @property
    def ok(self) -> bool:
        return self._instance is not None and self._instance.state != "OSF" and not self._old

    def state(self) -> Text:
        if self._instance is None:
            return Text(say("not registered", "未登録"), "bold yellow")
        state = self._instance.state
        style = {"ISP": "bold green", "OSF": "bold red"}.get(state, "")
        return Text(state_text(state), style)

    def others_text(self) -> str:
        if self._instance is None:
            return ""
        if not self._others:
            return say("none", "なし") if self._others is not None else "?"
        return ", ".join(
            system if tag == self.name else f"{system} ({tag})" for system, tag in self._others
        )

    def programs(self) -> Text:
        if self._instance is None:
            return Text("")
        if not self._old:
            return Text(say("of this installation", "この環境のもの"))
        names = ", ".join(self._old)
        return Text(
            say(
                f"other: {names}; run: ark lifekeeper refresh",
                f"別のもの: {names}。ark lifekeeper refresh で置き換えてください",
            ),
            "bold yellow",
        )

    def facts(self) -> dict[str, Any]:
        instance, others = self._instance, self._others
        return {
            "resource": self.name,
            "registered": instance is not None,
            "state": instance.state if instance else None,
            "info": instance.info if instance else None,
            "other_nodes": None
            if others is None
            else [{"node": system, "tag": tag} for system, tag in others],
            "other_programs": self._old,
        }
