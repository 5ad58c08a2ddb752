"""`ark log`: the RAS log, a resource at a time, and the black boxes it names."""

from __future__ import annotations

import os
import time
from typing import Annotated

import typer
from rich.text import Text

from arkcore.cli.console import console, paths_here, print_json, refuse_unless_readable
from arkcore.cli.language import say
from arkcore.errors import ConfigurationError
from arkcore.ras.reader import RasLine, last_lines, parse_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

#: Seconds between two looks at a log that is followed.
_LOOK = 0.3


def log(
    resource: Annotated[
        str | None, typer.Argument(metavar="[RESOURCE]", help="Whose lines; by default, all.")
    ] = None,
    lines: Annotated[
        int, typer.Option("--lines", "-n", min=1, help="How many of the last lines.")
    ] = 40,
    bad: Annotated[
        bool, typer.Option("--bad", help="Only what ended badly, and the black boxes named.")
    ] = False,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on as lines are written; end with ^C.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the lines as JSON.")] = False,
) -> None:
    """Show the RAS log's last lines, and the black boxes they name.

    A black box tells what a command that was late was doing when it was ended.

    Examples:
      ark log lkjp1_base
      ark log lkjp1_base --bad --lines 500
      ark log --follow
    """
    path = paths_here().ras_log
    refuse_unless_readable(path)
    if not os.path.exists(path):
        raise ConfigurationError(f"{path}: there is no RAS log yet")
    if json and follow:
        raise typer.BadParameter("--json and --follow do not go together")
    found = last_lines(path, lines, resource or "")
    if bad:
        found = [line for line in found if line.went_badly or line.black_box]
    if json:
        print_json([_facts(line) for line in found])
        return
    out = console()
    for line in found:
        _print(out, line)
    boxes = sorted({line.black_box for line in found} - {""})
    if boxes:
        out.print(say("\nBlack boxes named above:", "\n上の行が示すブラックボックス:"))
        for box in boxes:
            gone = "" if os.path.exists(box) else say("  (gone)", "  (削除済み)")
            out.print(f"  {box}{gone}")
    if follow:
        for line in _written_from_now(path):
            if resource in (None, line.resource) and (not bad or line.went_badly):
                _print(out, line)


def _facts(line: RasLine) -> dict[str, object]:
    return {
        "at": line.at,
        "resource": line.resource,
        "logical_host": line.logical_host,
        "message": line.message,
        "went_badly": line.went_badly,
        "black_box": line.black_box or None,
    }


def _print(out: Console, line: RasLine) -> None:
    style = "red" if line.went_badly else "yellow" if line.black_box else ""
    out.print(Text(line.text, style), soft_wrap=True)


def _written_from_now(path: str) -> Iterator[RasLine]:
    """Lines as they are written, also when logrotate has put a new file in place."""
    file = open(path, encoding="utf-8", errors="backslashreplace")  # noqa: SIM115
    file.seek(0, os.SEEK_END)
    try:
        while True:
            text = file.readline()
            if text.endswith("\n"):
                line = parse_line(text.rstrip("\n"))
                if line is not None:
                    yield line
                continue
            if text:
                file.seek(file.tell() - len(text.encode()))
            time.sleep(_LOOK)
            if not _is_still(path, file.fileno()):
                file.close()
                file = open(path, encoding="utf-8", errors="backslashreplace")  # noqa: SIM115
    except KeyboardInterrupt:
        return
    finally:
        file.close()


def _is_still(path: str, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except OSError:
        return True  # rotated away, and nothing written since
