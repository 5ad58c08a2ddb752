"""`ark lifekeeper unregister`: takes resources out of LifeKeeper, as its manuals tell how."""

from __future__ import annotations

import shlex

import click
from click.exceptions import Exit

from arkcore.base.errors import MachineError
from arkcore.cli.command import Command
from arkcore.cli.console import paths_here
from arkcore.cli.language import say
from arkcore.cli.lifekeeper.hierarchy import with_what_needs_them
from arkcore.cli.lifekeeper.registration import held_here
from arkcore.cli.lifekeeper.withdrawal import Withdrawal
from arkcore.cli.output import put
from arkcore.cli.resources import chosen
from arkcore.managers.lifekeeper_commands import installed_commands

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arkcore.managers.lifekeeper_commands import Instance, LifeKeeperCommands


@click.command("unregister", cls=Command)
@click.argument(
    "resources", nargs=-1, required=True, metavar="RESOURCE...", help="With what requires them."
)
@click.option("--stop", is_flag=True, help="Take out of service what is in service: it is stopped.")
@click.option(
    "--confirmed", is_flag=True, help="Run the commands that no manual confirms, too; on this node."
)
@click.option("--dry-run", is_flag=True, help="Print the commands; run nothing.")
def unregister(resources: tuple[str, ...], stop: bool, confirmed: bool, dry_run: bool) -> None:
    """Take resources, and what requires them, out of LifeKeeper.

    Out of service with perform_action, highest first; only with --stop, for
    it stops the application. How a generic application is deleted by command
    on all nodes is not documented: delete the hierarchy in LifeKeeper's GUI.
    The commands for this node are printed for you to confirm with LifeKeeper's
    manual; --confirmed runs them. Resource files stay. Done again, it says
    what is left.

    Exit code: 1 where something is still registered afterwards.

    Examples:
      ark lifekeeper unregister lkjp1_base --dry-run
      ark lifekeeper unregister lkjp1_base --stop
    """
    paths = paths_here()
    chosen(paths, resources)
    commands = installed_commands(paths.prefix)
    withdrawal = Withdrawal(with_what_needs_them(paths, resources), commands)
    found = withdrawal.registered(held_here(commands, only_printing=dry_run) or {})
    if not found:
        put(say("Nothing of it is registered here.", "このノードには登録されていません。"))
        return
    stops, deletions = withdrawal.stops(found), withdrawal.deletions(found)
    if dry_run:
        for command in stops:
            put(shlex.join(command))
        _print_unconfirmed(deletions, commands, found)
        return
    if stops and not stop:
        names = ", ".join(instance.tag for instance in found if instance.in_service)
        raise MachineError(
            f"in service here: {names}; --stop takes it out of service, which stops the application"
        )
    withdrawal.run(stops)
    if not confirmed:
        _print_unconfirmed(deletions, commands, found)
        raise Exit(1)
    withdrawal.run(deletions)
    left = sorted(set(commands.instances()) & {instance.tag for instance in found})
    if left:
        raise MachineError(f"still registered: {', '.join(left)}; delete it in LifeKeeper's GUI")
    put(say("Nothing of it is registered here any more.", "このノードの登録を解除しました。"))


def _print_unconfirmed(
    deletions: list[list[str]], commands: LifeKeeperCommands, found: list[Instance]
) -> None:
    put(
        say(
            "Delete the hierarchy in LifeKeeper's GUI (Delete Resource Hierarchy): on all nodes.",
            "LifeKeeper の GUI で階層を削除してください (Delete Resource Hierarchy、全ノード)。",
        )
    )
    put(
        say(
            "As commands, for this node only; confirm them with LifeKeeper's manual first:",
            "コマンドの場合 (このノードのみ。先に LifeKeeper のマニュアルで確認してください):",
        )
    )
    for command in deletions:
        put(f"  # {shlex.join(command)}")
    try:
        others = {each for instance in found for each in commands.equivalents(instance.tag) or ()}
    except MachineError:
        others = set()
    for system, tag in sorted(others):
        put(say(f"  # also registered on {system}: {tag}", f"  # {system} にも登録済み: {tag}"))
