"""The `ark` command: its groups, and where an error becomes a line and an exit code."""

from __future__ import annotations

import io
import sys
from typing import Annotated

import typer

from arkcore import __version__
from arkcore.cli import (
    guide,
    lifekeeper,
    log,
    maintenance,
    new,
    pacemaker,
    plugins,
    preflight,
    run,
    status,
    timers,
    validate,
    verify,
)
from arkcore.cli.console import complain
from arkcore.cli.drill.command import drill
from arkcore.cli.extensions import ExtensibleGroup
from arkcore.cli.help import in_japanese
from arkcore.cli.language import is_japanese
from arkcore.errors import ArkError

app = typer.Typer(
    name="ark",
    cls=ExtensibleGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command("validate")(validate.validate)
app.command("run")(run.run)
app.command("status")(status.status)
app.command("log")(log.log)
app.command("timers")(timers.timers)
app.command("maintenance")(maintenance.maintenance)
app.command("plugins")(plugins.plugins)
app.command("preflight")(preflight.preflight)
app.command("guide")(guide.guide)
app.command("drill")(drill)
app.command("verify")(verify.verify)
app.command("new")(new.new)
app.add_typer(lifekeeper.app, name="lifekeeper")
app.add_typer(pacemaker.app, name="pacemaker")


def _version(wanted: bool) -> None:
    if wanted:
        print(f"ark {__version__}")
        raise typer.Exit


@app.callback()
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
    for stream in (sys.stdout, sys.stderr):
        # A locale that lacks a character must not end the command.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    command = typer.main.get_command(app)
    if is_japanese():
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
