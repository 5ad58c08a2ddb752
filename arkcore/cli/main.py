"""The `ark` command: its groups, and where an error becomes a line and an exit code."""

from __future__ import annotations

import importlib
import io
import os
import sys
from typing import Annotated

import typer

from arkcore import __version__
from arkcore.base.errors import ArkError
from arkcore.cli.console import complain
from arkcore.cli.extensions import ExtensibleGroup
from arkcore.cli.language import is_japanese
from arkcore.cli.output import put

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

#: Our commands, in the order of the help, and where each is: a module beside this one, and in it a
#: function or a group of commands.
COMMANDS = {
    "validate": "validate:validate",
    "run": "run:run",
    "status": "status:status",
    "log": "log:log",
    "timers": "timers:timers",
    "maintenance": "maintenance:maintenance",
    "plugins": "plugins:plugins",
    "preflight": "preflight:preflight",
    "guide": "guide:guide",
    "drill": "drill.command:drill",
    "new": "new:new",
    "lifekeeper": "lifekeeper:app",
    "pacemaker": "pacemaker:app",
}


def make_app(names: Iterable[str] = COMMANDS) -> typer.Typer:
    """`ark` with these of its commands. No other is imported: that takes longer than most do."""
    app = typer.Typer(
        name="ark",
        cls=ExtensibleGroup,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
    )
    for name in names:
        module, _, attribute = COMMANDS[name].partition(":")
        command = getattr(importlib.import_module(f"arkcore.cli.{module}"), attribute)
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name)
        else:
            app.command(name)(command)
    app.callback()(ark)
    return app


def _version(wanted: bool) -> None:
    if wanted:
        put(f"ark {__version__}")
        raise typer.Exit


def ark(
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", callback=_version, is_eager=True),
    ] = False,
) -> None:
    """Generic ARK: protects applications with LifeKeeper for Linux.

    ARK_PREFIX=/some/dir in the environment comes before every path of ours.

    Exit code: 0, 1 for "no", 2 for wrong usage. Errors are on stderr.
    """


def main() -> int:
    """The program `ark`; its exit code."""
    # What we write must not be for others to change, whatever the shell's umask.
    os.umask(0o022)
    for stream in (sys.stdout, sys.stderr):
        # A locale that lacks a character must not end the command.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    called = next((word for word in sys.argv[1:] if not word.startswith("-")), "")
    command = typer.main.get_command(make_app([called] if called in COMMANDS else COMMANDS))
    if is_japanese():
        from arkcore.cli.help import in_japanese

        in_japanese(command)
    try:
        command(prog_name="ark")
    except ArkError as error:
        complain(str(error))
        return 1
    except OSError as error:
        complain(f"{error.filename}: {error.strerror}" if error.filename else str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
