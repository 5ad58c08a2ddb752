"""The `ark` command: its groups, and where an error becomes a line and an exit code."""

from __future__ import annotations

import errno
import io
import os
import sys
from importlib import import_module

import click

from arkcore import __version__
from arkcore.base.errors import ArkError
from arkcore.cli.console import complain
from arkcore.cli.extensions import ExtensibleGroup, summary
from arkcore.cli.language import is_japanese, say
from arkcore.cli.output import put

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_HELP = """Generic ARK: protects applications with LifeKeeper for Linux.

ARK_PREFIX=/some/dir in the environment comes before every path of ours.

Exit code: 0, 1 for "no", 2 for wrong usage. Errors are on stderr.
"""


class Known:
    """A command of ours that is not imported before it is called.

    `at`: a module beside this one, and in it a command or a group of commands. `summary`: what the
    list of commands says of it, the first paragraph of its help.
    """

    __slots__ = ("at", "summary")

    def __init__(self, at: str, summary: str) -> None:
        self.at = at
        self.summary = summary

    def load(self) -> click.Command:
        module, _, attribute = self.at.partition(":")
        found: click.Command = getattr(import_module(f"arkcore.cli.{module}"), attribute)
        return found


#: Our commands, in the order of the help.
COMMANDS = {
    "validate": Known(
        "validate:validate",
        "Check the resource files and ark.toml, and what Pacemaker's resources last had.",
    ),
    "run": Known("run:run", "Run one action now, and watch it."),
    "status": Known("status:status", "Show how the resources of this node are."),
    "log": Known(
        "log:log", "Show what the RAS log tells: its last runs, and the black boxes they name."
    ),
    "why": Known(
        "why:why", "Say why the last script failed: which step, when, after how long of how much."
    ),
    "report": Known(
        "report.command:report", "Write one page on the last incident, or on a period."
    ),
    "support": Known(
        "support:support", "Pack what whoever supports an incident needs, into one archive."
    ),
    "timers": Known("timers:timers", "Show the timers and the worst times that follow from them."),
    "rto": Known(
        "rto.command:rto",
        "Show how long a failure leaves the service down: expected, and at worst.",
    ),
    "maintenance": Known("maintenance:maintenance", "Begin, end or list maintenance."),
    "leftovers": Known(
        "leftovers:leftovers", "List what removed resources have left, and clear it."
    ),
    "plugins": Known(
        "plugins:plugins", "List the plugins that are found, and what is broken of them and why."
    ),
    "preflight": Known("preflight:preflight", "Check the servers before an installation."),
    "guide": Known("guide:guide", "Show the eight steps of an installation, and what is next."),
    "drill": Known(
        "drill.command:drill",
        "Try local recovery, failover and failback for real, and measure them.",
    ),
    "new": Known(
        "new:new", "Make a new plugin: a complete distribution, for its author to change."
    ),
    "lifekeeper": Known("lifekeeper:app", "Register with LifeKeeper for Linux, and look at it."),
    "pacemaker": Known("pacemaker:app", "What a cluster under Pacemaker is to be given."),
}


class Ark(ExtensibleGroup):
    """`ark`. Importing all of its commands takes longer than most of them do."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        others = [name for name in super().list_commands(ctx) if name not in COMMANDS]
        return [*COMMANDS, *others]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        self._load(cmd_name)
        return super().get_command(ctx, cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        self._load(args[0])
        try:
            return super().resolve_command(ctx, args)
        except click.exceptions.NoSuchCommand as error:
            raise click.exceptions.NoSuchCommand(
                error.command_name, possibilities=COMMANDS, ctx=ctx
            ) from None

    def summary_of(self, ctx: click.Context, name: str) -> str | None:
        if name in COMMANDS:
            return summary(name, COMMANDS[name].summary)
        return super().summary_of(ctx, name)

    def _load(self, name: str) -> None:
        """Have our command of this name, where it is one."""
        if name in COMMANDS and name not in self.commands:
            command = COMMANDS[name].load()
            if is_japanese():
                from arkcore.cli.help import in_japanese

                command = in_japanese(command, name)
            self.add_command(command, name)


def make_app(names: Iterable[str] = COMMANDS) -> Ark:
    """`ark` with these of its commands imported, in English."""
    version = click.Option(
        ["--version"],
        is_flag=True,
        expose_value=False,
        is_eager=True,
        callback=_version,
        help="Print the version.",
    )
    app = Ark("ark", help=_HELP, params=[version], context_settings={"show_default": True})
    for name in names:
        app.add_command(COMMANDS[name].load(), name)
    return app


def _version(ctx: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        put(f"ark {__version__}")
        ctx.exit()


def _tell_wrong_usage(error: click.ClickException) -> None:
    """What click would print, but with the control characters of what was typed shown."""
    told = error.format_message()
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        put(told)
        return
    if isinstance(error, click.UsageError) and error.ctx is not None:
        put(error.ctx.get_usage(), to=sys.stderr)
        help_ = f"{error.ctx.command_path} --help"
        put(say(f"Try '{help_}' for help.\n", f"詳細は {help_} で表示します。\n"), to=sys.stderr)
    put(f"Error: {told}", to=sys.stderr)


def main() -> int:
    """The program `ark`; its exit code."""
    # What we write must not be for others to change, whatever the shell's umask.
    os.umask(0o022)
    for stream in (sys.stdout, sys.stderr):
        # A locale that lacks a character must not end the command.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    command = make_app([])
    if is_japanese():
        from arkcore.cli.help import in_japanese

        command = in_japanese(command)
    try:
        return command.main(prog_name="ark", standalone_mode=False) or 0
    except click.ClickException as error:
        _tell_wrong_usage(error)
        return error.exit_code
    except click.Abort:
        put("Aborted.", to=sys.stderr)
        return 1
    except ArkError as error:
        complain(str(error))
        return 1
    except OSError as error:
        if error.errno == errno.EPIPE:
            # Whoever read it has gone. Nothing more is written, not even as Python ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
        complain(f"{error.filename}: {error.strerror}" if error.filename else str(error))
        return 1


if __name__ == "__main__":
    sys.exit(main())
