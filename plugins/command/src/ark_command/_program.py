"""Who could exchange a program that root runs."""

from __future__ import annotations

import os
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

#: The kernel follows as many links on one way (path_resolution(7)).
_MOST_LINKS = 40
_OTHERS = stat.S_IWGRP | stat.S_IWOTH


def fault_of_command(argv: Sequence[str]) -> str:
    """As :func:`fault_of_way`, of a command's program and of the script it is handed."""
    from ark_command._plugin import script_of

    paths = [path for path in (*argv[:1], script_of(argv) if argv else "") if path]
    return next(filter(None, map(fault_of_way, paths)), "")


def fault_of_way(path: str) -> str:
    """Why others than root and the running user could exchange the program `path`; "" if none.

    The program, each directory above it and each link on the way must belong to one of the two and
    be writable by nobody else. What is missing, on a disk that is elsewhere now, is no fault.
    """
    users = {0, os.geteuid()}
    ways = [os.path.normpath(path)]
    for way in ways:  # each link that is met adds one
        if len(ways) > _MOST_LINKS:
            return f"{path} has more than {_MOST_LINKS} links on its way"
        above = ""
        names = way.strip("/").split("/")
        for number, name in enumerate(["", *names]):
            above = f"{above.rstrip('/')}/{name}"
            try:
                status = os.lstat(above)
                target = os.readlink(above) if stat.S_ISLNK(status.st_mode) else ""
            except OSError:
                return ""
            if status.st_uid not in users:
                return f"{above} belongs to user id {status.st_uid}; it must belong to root"
            if target:
                rest = "/".join(names[number:])
                to = os.path.join(os.path.dirname(above), target, rest)
                ways.append(os.path.normpath(to))
                break
            last = number == len(names)
            sticky = status.st_mode & stat.S_ISVTX and not last and not status.st_uid
            if status.st_mode & _OTHERS and not sticky:
                return f"{above} can be written by others (chmod go-w {above})"
    return ""
