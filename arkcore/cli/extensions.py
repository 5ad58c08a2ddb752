"""Commands of other distributions: entry points in the group `arkcore.commands`.

An entry point's name is the command's; its value is a `typer.Typer` or a function. None is imported
before its name is called or help is shown, and a broken one breaks nothing else.
"""

from __future__ import annotations

import sys

import typer
from typer.core import TyperGroup

from arkcore.base.errors import PluginError
from arkcore.cli.console import complain
from arkcore.cli.language import is_japanese
from arkcore.plugin.discovery import entry_points, told_by

TYPE_CHECKING = False
if TYPE_CHECKING:
    from importlib.metadata import EntryPoint
    from typing import Any

GROUP = "arkcore.commands"

#: Commands of ours that a distribution of its own brings.
BROUGHT = {"verify": "ark-testing", "demo": "ark-lab"}

#: What typer gives to every program; within `ark` they would install nothing of use.
_COMPLETION = ("install_completion", "show_completion")


class ExtensibleGroup(TyperGroup):
    """Our own commands, and those that others add. Ours cannot be taken over."""

    # `Any`: the library's own context type has moved from one module to another over time.

    def list_commands(self, ctx: Any) -> list[str]:
        own = super().list_commands(ctx)
        return [*own, *(name for name in sorted(_installed()) if name not in own)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """For a list of commands: a broken one is told and left out."""
        try:
            return super().get_command(ctx, cmd_name) or _command(cmd_name)
        except PluginError as error:
            complain(str(error))
            return None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that is called. `PluginError` where another distribution's is broken, or
        one of `BROUGHT` is not installed.
        """
        name = args[0]
        if super().get_command(ctx, name) is None:
            command = _command(name)
            if command is not None:
                return name, command, args[1:]
            if name in BROUGHT:
                raise PluginError(_missing(name))
        return super().resolve_command(ctx, args)


def _installed() -> dict[str, list[EntryPoint]]:
    found: dict[str, list[EntryPoint]] = {}
    for entry in entry_points(GROUP):
        found.setdefault(entry.name, []).append(entry)
    return found


def _command(name: str) -> Any:
    """The command that the entry point `name` makes; None where there is no such entry point."""
    entries = _installed().get(name)
    if not entries:
        return None
    if len(entries) > 1:
        where = ", ".join(map(_provider, entries))
        raise PluginError(f"command {name} is provided more than once: {where}")
    entry = entries[0]
    try:
        made = entry.load()
        if not isinstance(made, typer.Typer):
            app = typer.Typer()
            app.command(name)(made)
            made = app
        command = typer.main.get_command(made)
    except (Exception, SystemExit) as error:
        raise PluginError(
            f"command {name} ({_provider(entry)}, {entry.value}) cannot be loaded: "
            f"{type(error).__name__}: {error}"
        ) from error
    command.name = name
    command.params = [each for each in command.params if each.name not in _COMPLETION]
    if is_japanese() and BROUGHT.get(name) == told_by(entry.dist, "name"):
        from arkcore.cli.help import in_japanese

        in_japanese(command, name)
    return command


def _missing(name: str) -> str:
    distribution = BROUGHT[name]
    plugin = distribution.removeprefix("ark-")
    return (
        f"ark {name} comes with {distribution}, which is not installed in {sys.prefix}; "
        f'install it: make install PLUGINS="{plugin}" PREFIX={sys.prefix}'
        f" or {sys.prefix}/bin/python -m pip install {distribution}"
    )


def _provider(entry: EntryPoint) -> str:
    return f"{told_by(entry.dist, 'name')} {told_by(entry.dist, 'version')}"
