"""Reads a pid file as the user whose it is, with all that tells who could have put it there."""

from __future__ import annotations

import os
import stat

from arkcore.machine.disk import ask_as
from arkcore.machine.way import Untrusted, open_trusted, refuse_groups

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

#: Bytes that are read at most. Some, such as PostgreSQL's, tell more after the first line.
_LARGEST = 4096


class PidFile:
    """A pid file as it was read.

    `line`: its first line, None where it is no regular file. `size`: in bytes. `written`: seconds
    after the epoch. `identity`: changes with each writing. `owners`: the user ids that own it or a
    directory on its way. `groups`: as `Found` has them. `is_local`: no other node writes to its
    file system. `links`: its hard links where another user may have made one of them, else 1.
    """

    __slots__ = ("groups", "identity", "is_local", "line", "links", "owners", "size", "written")

    def __init__(self, told: tuple[Any, ...]) -> None:
        line, owners, self.identity, self.is_local, self.links, groups = told
        self.groups: list[tuple[str, int, int]] = list(groups)
        self.line: bytes | None = line
        self.owners = set(owners)
        self.size: int = self.identity[2]
        self.written: float = self.identity[3] / 1e9


def read(path: str, user: str, users: set[int], of_this_node: Sequence[str]) -> PidFile:
    """The pid file at `path`, read as `user`; "" is the user of this process.

    `users`: the user ids that may own it besides root. `of_this_node`: directories whose file
    systems no other node ever writes to. `Untrusted` where it does not count; `SilentDisk` where
    its disk does not answer; else `OSError`.
    """
    refusal, told = ask_as(user, path, lambda: _look(path, users, of_this_node))
    if refusal:
        raise Untrusted(refusal)
    file = PidFile(told)
    refuse_groups(file.groups)
    return file


def identity(status: os.stat_result) -> tuple[int, ...]:
    """What changes with each writing of a file."""
    return (
        status.st_dev,
        status.st_ino,
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
    )


def _look(
    path: str, users: set[int], of_this_node: Sequence[str]
) -> tuple[str, tuple[Any, ...] | None]:
    """In the process that may be another user's: why the file does not count, or what it holds."""
    try:
        found = open_trusted(path, users)
    except Untrusted as error:
        return str(error), None
    try:
        line = None
        if stat.S_ISREG(found.status.st_mode):
            line = os.read(found.descriptor, _LARGEST).partition(b"\n")[0].strip(b" \t\r")
    finally:
        os.close(found.descriptor)
    return "", (
        line,
        tuple(found.owners),
        identity(found.status),
        any(map(lambda each: _is_on(found.status.st_dev, each), of_this_node)),
        found.status.st_nlink if found.may_be_linked else 1,
        tuple(found.groups),
    )


def _is_on(device: int, directory: str) -> bool:
    try:
        return os.stat(directory).st_dev == device
    except OSError:
        return False
