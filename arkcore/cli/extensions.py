"""Commands of other distributions: entry points in the group `arkcore.commands`.

An entry point's name is the command's; its value is a `typer.Typer` or a function. None is imported
before its name is called or help is shown, and a broken one breaks nothing else.
"""

from __future__ import annotations

import typer
from typer.core import TyperGroup

from arkcore.cli.console import complain
from arkcore.errors import PluginError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from importlib.metadata import EntryPoint
    from typing import Any

GROUP = "arkcore.commands"


class ExtensibleGroup(TyperGroup):
    """Our own commands, and those that others add. Ours cannot be taken over."""

    def list_commands(self, ctx: Any) -> list[str]:
        own = super().list_commands(ctx)
        return [*own, *(name for name in sorted(_installed()) if name not in own)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        command = super().get_command(ctx, cmd_name)
        if command is not None:
            return command
        entries = _installed().get(cmd_name)
        if not entries:
            return None
        try:
            return _load(cmd_name, entries)
        except PluginError as error:
            if not ctx.protected_args_called(cmd_name) if False else _asked_for_help(ctx):
                complain(str(error))
                return None  # left out of the list
            raise


def _asked_for_help(ctx: Any) -> bool:
    """Whether all commands are being listed, not one of them called."""
    return bool(getattr(ctx, "_ark_lists", False))


def _installed() -> dict[str, list[EntryPoint]]:
    from importlib.metadata import entry_points

    found: dict[str, list[EntryPoint]] = {}
    for entry in entry_points(group=GROUP):
        found.setdefault(entry.name, []).append(entry)
    return found


def _load(name: str, entries: list[EntryPoint]) -> Any:
    """The command that the one entry point makes. `PluginError` says why it does not."""
    if len(entries) > 1:
        where = ", ".join(map(_provider, entries))
        raise PluginError(f"command {name} is provided more than once: {where}")
    entry = entries[0]
    try:
        made = entry.load()
        if not isinstance(made, typer.Typer):
            app = typer.Typer(add_completion=False)
            app.command(name)(made)
            made = app
        command = typer.main.get_command(made)
    except (Exception, SystemExit) as error:
        raise PluginError(
            f"command {name} ({_provider(entry)}, {entry.value}) cannot be loaded: "
            f"{type(error).__name__}: {error}"
        ) from error
    command.name = name
    return command


def _provider(entry: EntryPoint) -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist else "?"
