"""The `ark` command: its groups, and where an error becomes a line and an exit code."""

from __future__ import annotations

import errno
import importlib
import io
import os
import sys

import click

from arkcore import __version__
from arkcore.base.errors import ArkError
from arkcore.cli.console import complain
from arkcore.cli.extensions import ExtensibleGroup
from arkcore.cli.language import is_japanese, say
from arkcore.cli.output import put

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_HELP = """Generic ARK: protects applications with LifeKeeper for Linux.

ARK_PREFIX=/some/dir in the environment comes before every path of ours.

Exit code: 0, 1 for "no", 2 for wrong usage. Errors are on stderr.
"""

#: Our commands, in the order of the help, and where each is: a module beside this one, and in it a
#: command or a group of commands.
COMMANDS = {
    "validate": "validate:validate",
    "run": "run:run",
    "status": "status:status",
    "log": "log:log",
    "why": "why:why",
    "report": "report.command:report",
    "support": "support:support",
    "timers": "timers:timers",
    "rto": "rto.command:rto",
    "maintenance": "maintenance:maintenance",
    "leftovers": "leftovers:leftovers",
    "plugins": "plugins:plugins",
    "preflight": "preflight:preflight",
    "guide": "guide:guide",
    "drill": "drill.command:drill",
    "new": "new:new",
    "lifekeeper": "lifekeeper:app",
    "pacemaker": "pacemaker:app",
}


def make_app(names: Iterable[str] = COMMANDS) -> ExtensibleGroup:
    """`ark` with these of its commands. No other is imported: that takes longer than most do."""
    version = click.Option(
        ["--version"],
        is_flag=True,
        expose_value=False,
        is_eager=True,
        callback=_version,
        help="Print the version.",
    )
    app = ExtensibleGroup(
        "ark", help=_HELP, params=[version], context_settings={"show_default": True}
    )
    for name in names:
        module, _, attribute = COMMANDS[name].partition(":")
        app.add_command(getattr(importlib.import_module(f"arkcore.cli.{module}"), attribute), name)
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
    called = next((word for word in sys.argv[1:] if not word.startswith("-")), "")
    command = make_app([called] if called in COMMANDS else COMMANDS)
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
