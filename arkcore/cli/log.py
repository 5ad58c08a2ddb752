"""`ark log`: the RAS log, a resource at a time, and the black boxes it names."""

from __future__ import annotations

import os
import time

import click

from arkcore.base.errors import ConfigurationError, MachineError
from arkcore.cli.command import Command
from arkcore.cli.console import complain, console, paths_here, print_json, refuse_unless_readable
from arkcore.cli.language import say
from arkcore.cli.output import Text
from arkcore.ras.line import RasLine, parse_line
from arkcore.ras.reader import Reader
from arkcore.ras.rotated import Unreadable, open_part
from arkcore.ras.source import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from arkcore.cli.output import SafeConsole

#: Seconds between two looks at a log that is followed.
_LOOK = 0.3
#: No line of ours is longer; a longer one is read in pieces.
_LONGEST = 65536


@click.command("log", cls=Command)
@click.argument(
    "resource", required=False, metavar="[RESOURCE]", help="Whose lines; by default, all."
)
@click.option(
    "--lines", "-n", type=click.IntRange(min=1), default=40, help="How many of the last lines."
)
@click.option("--bad", is_flag=True, help="Only what ended badly, and the black boxes named.")
@click.option("--follow", "-f", is_flag=True, help="Go on as lines are written; end with ^C.")
@click.option("--json", is_flag=True, help="Print the lines as JSON.")
def log(resource: str | None, lines: int, bad: bool, follow: bool, json: bool) -> None:
    """Show the RAS log's last lines, and the black boxes they name.

    Rotated parts of the log are read where it does not hold enough lines.
    A black box tells what a command that was late was doing when it was ended.

    Examples:
      ark log lkjp1_base
      ark log lkjp1_base --bad --lines 500
      ark log --follow
    """
    paths = paths_here()
    path = paths.ras_log
    refuse_unless_readable(path)
    reader = Reader([Source(path)], only=resource or "")
    if not reader.sources[0].parts():
        raise ConfigurationError(f"{path}: there is no RAS log yet")
    if json and follow:
        raise click.BadParameter("--json and --follow do not go together")
    found = reader.last_lines(lines)
    for damage in reader.damage:
        for text in damage.told():
            complain(text)
    if bad:
        found = [line for line in found if line.went_badly or line.black_box]
    if json:
        print_json([_facts(line) for line in found])
        return
    out = console()
    for line in found:
        _print(out, line)
    boxes = sorted({line.black_box for line in found} - {""})
    boxes = [box for box in boxes if os.path.dirname(box) == paths.blackboxes]
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


def _print(out: SafeConsole, line: RasLine) -> None:
    style = "red" if line.went_badly else "yellow" if line.black_box else ""
    out.print(Text(line.text, style), soft_wrap=True)


def _written_from_now(path: str) -> Iterator[RasLine]:
    """Lines as they are written, also when logrotate has put a new file in place."""
    file = _open(path)
    if file is not None:
        file.seek(0, os.SEEK_END)
    try:
        while True:
            data = file.readline(_LONGEST) if file is not None else b""
            if data.endswith(b"\n") or len(data) == _LONGEST:
                line = parse_line(data.decode("utf-8", "backslashreplace"))
                if line is not None:
                    yield line
                continue
            if data and file is not None:
                file.seek(-len(data), os.SEEK_CUR)  # the rest of the line is still to come
            time.sleep(_LOOK)
            if file is None:
                file = _open(path)
            elif not _is_still(path, file.fileno()):
                file.close()
                file = _open(path)
    except KeyboardInterrupt:
        return
    finally:
        if file is not None:
            file.close()


def _open(path: str) -> BinaryIO | None:
    """The log; None while none is there, for logrotate may just have put it aside."""
    try:
        return open_part(path)
    except FileNotFoundError:
        return None
    except (OSError, Unreadable) as error:
        raise MachineError(f"{path}: cannot be read: {error}") from error


def _is_still(path: str, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except OSError:
        return True  # rotated away, and nothing written since
