"""`ark lifekeeper plan`: draws the hierarchy."""

from __future__ import annotations

import click

from arkcore.base.errors import MachineError
from arkcore.cli.command import Command
from arkcore.cli.console import complain, console, paths_here, print_json, show
from arkcore.cli.language import say
from arkcore.cli.lifekeeper.hierarchy import Base, Hierarchy, refuse_nothing, with_what_they_need
from arkcore.cli.lifekeeper.words import (
    filesystems_option,
    ips_option,
    resources_argument,
    state_text,
)
from arkcore.managers.lifekeeper_commands import installed_commands

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from arkcore.managers.lifekeeper_commands import Instance


@click.command("plan", cls=Command)
@resources_argument
@ips_option
@filesystems_option
@click.option("--json", is_flag=True, help="Print the facts as JSON.")
def plan(
    resources: tuple[str, ...], ip: tuple[str, ...], filesystem: tuple[str, ...], json: bool
) -> None:
    """Draw the hierarchy that LifeKeeper is to hold, and what it holds of it.

    What stands below is needed, and is started first.

    Examples:
      ark lifekeeper plan
      ark lifekeeper plan lkjp1_ajs3 --ip ip-192.0.2.10 --filesystem /shared/jp1
    """
    paths = paths_here()
    entries = with_what_they_need(paths, resources, {})
    refuse_nothing(paths, entries)
    hierarchy = Hierarchy(entries, Base(ip, filesystem))
    held: Mapping[str, Instance] | None = None
    try:
        held = installed_commands(paths.prefix).instances()
    except MachineError as error:
        if not json:
            complain(str(error))
    if json:
        print_json(
            [
                {
                    "resource": entry.name,
                    "plugin": entry.plugin,
                    "logical_host": entry.logical_host,
                    "depends_on": list(hierarchy.below(entry)),
                    "registered": None if held is None else entry.name in held,
                }
                for entry in hierarchy.entries
            ]
        )
        return

    def told(tag: str) -> str:
        if held is None:
            return ""
        if tag not in held:
            return say("not registered", "未登録")
        return state_text(held[tag].state)

    out = console()
    for tree in hierarchy.trees(told):
        show(out, tree)
    names = ", ".join(entry.name for entry in hierarchy.entries)
    out.print()
    out.print(say(f"Registered and started in this order: {names}",
                  f"登録と開始の順序: {names}"), soft_wrap=True)  # fmt: skip
