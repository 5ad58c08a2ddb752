"""What the actions have to know of the machine: mounts, and whether it is going down."""

from __future__ import annotations

import os

from arkcore.base import trusted

TYPE_CHECKING = False


def is_mounted(point: str, mountinfo: str = "/proc/self/mountinfo") -> bool:
    """Whether something is mounted exactly at `point`; where that cannot be read: no."""
    wanted = "/" + os.path.normpath(point).lstrip("/")
    try:
        with open(mountinfo, encoding="utf-8", errors="surrogateescape") as file:
            return any(_mount_point(line) == wanted for line in file)
    except OSError:
        return False


def _mount_point(line: str) -> str:
    fields = line.split(" ")
    path = fields[4] if len(fields) > 4 else ""
    # The kernel writes space, tab, newline and backslash as octal (proc(5)).
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        path = path.replace(code, character)
    return path


SYSTEMCTL = ("/usr/bin/systemctl", "/bin/systemctl")


def systemctl() -> str:
    """The path of systemctl where systemd runs this machine; else ""."""
    if not os.path.isdir("/run/systemd/system"):
        return ""
    return next((path for path in SYSTEMCTL if os.access(path, os.X_OK)), "")


def is_trusted_program(path: str) -> bool:
    """Whether `path` is a program that nobody but root and the running user can have changed.

    Whoever can write a directory on its way could put another in its place before it is run.
    """
    if not os.access(path, os.X_OK):
        return False
    try:
        trusted.refuse_untrusted(path, trusted.ours())
    except trusted.Untrusted:
        return False
    return True
