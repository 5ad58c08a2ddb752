"""Commands of other distributions: entry points in the group `arkcore.commands`.

An entry point's name is the command's; its value is a `click.Command`, which a group is too. None
is imported before its name is called or, but for those of ours, help is shown. A broken one breaks
nothing else.
"""

from __future__ import annotations

import copy
import sys

import click

from arkcore.base.errors import PluginError
from arkcore.cli.command import Group, first_paragraph
from arkcore.cli.console import complain
from arkcore.cli.language import is_japanese
from arkcore.plugin.discovery import entry_points, told_by

TYPE_CHECKING = False
if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "arkcore.commands"

#: Commands of ours that a distribution of its own brings.
BROUGHT = {"verify": "ark-testing", "demo": "ark-lab"}
#: What a list of commands says of these: the first paragraph of their help.
SUMMARIES = {
    "verify": "Prove on a test node that a plugin keeps what every plugin promises.",
    "demo": "Show the main job on this machine: service, local recovery, failover, failback.",
}


class ExtensibleGroup(Group):
    """Our own commands, and those that others add. Ours cannot be taken over."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        own = super().list_commands(ctx)
        return [*own, *(name for name in sorted(_installed()) if name not in own)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """For a list of commands: a broken one is told and left out."""
        try:
            return super().get_command(ctx, cmd_name) or _command(cmd_name)
        except PluginError as error:
            complain(str(error))
            return None

    def summary_of(self, ctx: click.Context, name: str) -> str | None:
        if name in BROUGHT:
            dists = [told_by(entry.dist, "name") for entry in _installed().get(name, ())]
            if dists == [BROUGHT[name]]:
                return summary(name, SUMMARIES[name])
        return super().summary_of(ctx, name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
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


def summary(name: str, english: str) -> str:
    """What a list of commands says of a command of ours, as the reader understands it."""
    if is_japanese():
        from arkcore.cli.help import prose_of

        return first_paragraph(prose_of(name) or english)
    return english


def _installed() -> dict[str, list[EntryPoint]]:
    found: dict[str, list[EntryPoint]] = {}
    for entry in entry_points(GROUP):
        found.setdefault(entry.name, []).append(entry)
    return found


def _command(name: str) -> click.Command | None:
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
        if not isinstance(made, click.Command):
            raise TypeError(f"it is a {type(made).__name__}; allowed is a click.Command")
    except (Exception, SystemExit) as error:
        raise PluginError(
            f"command {name} ({_provider(entry)}, {entry.value}) cannot be loaded: "
            f"{type(error).__name__}: {error}"
        ) from error
    command = copy.copy(made)
    command.name = name
    if is_japanese() and BROUGHT.get(name) == told_by(entry.dist, "name"):
        from arkcore.cli.help import in_japanese

        command = in_japanese(command, name)
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
