"""What the commands share: where our files are, how facts are printed, how times are told."""

from __future__ import annotations

import errno
import os
import stat
import sys
import time

from arkcore.base.errors import MachineError
from arkcore.base.paths import Paths
from arkcore.base.text import json_shown, shown
from arkcore.cli.language import say
from arkcore.cli.output import put, put_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeGuard

    from rich.console import RenderableType

    from arkcore.cli.styled import SafeConsole

#: A link that somebody has laid there is not followed, and a FIFO is not waited for.
_WRITING = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
#: Where no terminal sets a width, nothing is wrapped: what reads a pipe wants one row a line.
_NO_WIDTH = 1000


def paths_here() -> Paths:
    """Our paths, as ARK_PREFIX says. `ConfigurationError` where that is not absolute."""
    return Paths(os.environ.get("ARK_PREFIX", ""))


def console() -> SafeConsole:
    """Standard output, as wide as its terminal."""
    # Here, so that a command which prints lines alone does without rich.
    from arkcore.cli.styled import SafeConsole

    fixed = None if sys.stdout.isatty() or os.environ.get("COLUMNS") else _NO_WIDTH
    return SafeConsole(highlight=False, markup=False, emoji=False, width=fixed)


def show(out: SafeConsole, what: RenderableType) -> None:
    """Print a table; without the blanks that fill its lines where no terminal shows it."""
    if out.is_terminal:
        out.print(what)
        return
    with out.capture() as captured:
        out.print(what)
    for line in captured.get().splitlines():
        out.put_rendered(line.rstrip())


def complain(text: str) -> None:
    """One line on stderr."""
    sys.stdout.flush()
    put(f"ark: {shown(text)}", to=sys.stderr)


def print_json(facts: Any) -> None:
    import json

    put(json_shown(json.dumps(facts, ensure_ascii=False, indent=2, allow_nan=False)))


def write_file(path: str, data: bytes, mode: int, *, new: bool = False) -> None:
    """Write a file that a person has named, or stdout for "-". `MachineError` says why not.

    No link is followed, and no file of another user is written. `new`: a file that is there
    already is refused.
    """
    if path == "-":
        put_bytes(data)
        return
    try:
        descriptor = os.open(path, _WRITING | (os.O_EXCL if new else 0), mode)
        with open(descriptor, "wb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise OSError(errno.EINVAL, "not a regular file")
            if status.st_uid != os.geteuid():
                whose = f"it belongs to user id {status.st_uid}, who could change it"
                raise OSError(errno.EPERM, whose)
            os.ftruncate(descriptor, 0)
            file.write(data)
    except FileExistsError as error:
        raise MachineError(f"{path}: it is there already; remove it, or name another") from error
    except OSError as error:
        raise MachineError(f"{path}: cannot be written: {error.strerror}") from error


def refuse_unless_writable(path: str, doing: str) -> None:
    """`MachineError` where this user could not write what belongs at `path`, or above it."""
    while path and not os.path.exists(path):
        path = os.path.dirname(path) if path != "/" else ""
    if path and not os.access(path, os.W_OK):
        raise MachineError(f"{path}: you may not write there; {doing} as root")


def refuse_unless_readable(path: str) -> None:
    """`MachineError` where this user cannot read the directory or file `path` that exists."""
    wanted = os.R_OK | os.X_OK if os.path.isdir(path) else os.R_OK
    above = os.path.dirname(path)
    while above not in ("", "/") and not os.path.isdir(above):
        above = os.path.dirname(above)
    if not os.access(above or "/", os.X_OK):
        raise MachineError(f"{above}: you may not read there; ask as root")
    if os.path.exists(path) and not os.access(path, wanted):
        raise MachineError(f"{path}: you may not read it; ask as root")


# Times.


def _is_time(at: object) -> TypeGuard[int | float]:
    """Whether it is a time that a calendar can show: what is in a file may be anything."""
    return not isinstance(at, bool) and isinstance(at, int | float) and 0 <= at < 1e11


def moment(at: object) -> str:
    """A time (seconds since the epoch) for a person, without the date where that is today."""
    if not _is_time(at):
        return ""
    then, today = time.localtime(at), time.localtime()
    if then[:3] == today[:3]:
        return time.strftime("%H:%M", then)
    shape = "%m/%d %H:%M" if then.tm_year == today.tm_year else "%Y/%m/%d %H:%M"
    return time.strftime(shape, then)


def iso(at: object) -> str | None:
    """The same for machines: ISO 8601 with the offset; None where it is no time."""
    if not _is_time(at):
        return None
    from datetime import datetime

    return datetime.fromtimestamp(at).astimezone().isoformat(timespec="seconds")


def duration(seconds: float) -> str:
    """Seconds as a person tells them: "18 s", "12 min 35 s", "2 h 5 min"."""
    whole = round(seconds)
    if whole < 120:
        return say(f"{whole} s", f"{whole} 秒")
    if whole < 7200:
        minutes, rest = divmod(whole, 60)
        if not rest:
            return say(f"{minutes} min", f"{minutes} 分")
        return say(f"{minutes} min {rest} s", f"{minutes} 分 {rest} 秒")
    hours, minutes = divmod(whole // 60, 60)
    if not minutes:
        return say(f"{hours} h", f"{hours} 時間")
    return say(f"{hours} h {minutes} min", f"{hours} 時間 {minutes} 分")
