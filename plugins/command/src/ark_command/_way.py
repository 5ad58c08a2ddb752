"""Opens a file of the product's, step by step, and tells who could have put it there.

Whoever owns a directory on the way to a file decides which file is found. So each directory is
opened relative to the one above it, which cannot be exchanged meanwhile, and its owner and mode
are looked at. Only links of root's are followed.
"""

from __future__ import annotations

import os
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

#: As many links as the kernel follows (path_resolution(7)).
_MOST_LINKS = 40
#: A directory on the way need not be readable, only passable.
_DIRECTORY = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
#: A pipe must not make us wait, nor a terminal become ours.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class Untrusted(Exception):
    """Somebody else can decide what is found at this path. The text names place and user."""


class Found:
    """An open file, its status, and the user ids that own it or a directory on its way.

    `may_be_linked`: another user than root can have put a hard link to a file of root's there.
    """

    __slots__ = ("descriptor", "may_be_linked", "owners", "status")

    def __init__(
        self, descriptor: int, status: os.stat_result, owners: set[int], *, shared: bool
    ) -> None:
        self.descriptor = descriptor
        self.status = status
        self.owners = owners
        self.may_be_linked = shared or owners != {0}


def open_trusted(path: str, users: Collection[int]) -> Found:
    """Open the file at the absolute `path`, whose whole way belongs to root or to `users`.

    `Untrusted` where another user owns a part of the way, or can write it. `OSError` where the file
    cannot be opened.
    """
    allowed = {0, *users}
    ahead = [part for part in reversed(path.split("/")) if part not in ("", ".")]
    way = [os.open("/", _DIRECTORY)]
    told = ""
    links = 0
    owners: set[int] = set()
    shared = False
    try:
        while True:
            if not ahead:
                raise IsADirectoryError(21, os.strerror(21))
            part = ahead.pop()
            if part == "..":
                if len(way) > 1:
                    os.close(way.pop())
                told = told.rpartition("/")[0]
                continue
            here = f"{told}/{part}"
            seen = os.stat(part, dir_fd=way[-1], follow_symlinks=False)
            if stat.S_ISLNK(seen.st_mode):
                links += 1
                if seen.st_uid != 0:
                    raise Untrusted(f"{here} is a link of user id {seen.st_uid}")
                if links > _MOST_LINKS:
                    raise OSError(40, os.strerror(40))
                target = os.readlink(part, dir_fd=way[-1])
                if target.startswith("/"):
                    while len(way) > 1:
                        os.close(way.pop())
                    told = ""
                ahead += [each for each in reversed(target.split("/")) if each not in ("", ".")]
                continue
            descriptor = os.open(part, _FILE if not ahead else _DIRECTORY, dir_fd=way[-1])
            try:
                status = os.fstat(descriptor)
                _refuse_others(here, status, allowed)
            except BaseException:
                os.close(descriptor)
                raise
            owners.add(status.st_uid)
            if not ahead:
                return Found(descriptor, status, owners, shared=shared)
            shared = shared or bool(status.st_mode & (stat.S_IWGRP | stat.S_IWOTH))
            way.append(descriptor)
            told = here
    finally:
        for each in way:
            os.close(each)


def _refuse_others(here: str, status: os.stat_result, allowed: set[int]) -> None:
    if status.st_uid not in allowed:
        raise Untrusted(f"{here} belongs to user id {status.st_uid}")
    mode = status.st_mode
    if mode & stat.S_IWOTH and not (stat.S_ISDIR(mode) and mode & stat.S_ISVTX):
        raise Untrusted(f"anybody can write {here} (chmod o-w)")
    # The user's own group, of the same number, has nobody else in it on most distributions.
    shared = status.st_gid not in (0, status.st_uid)
    if mode & stat.S_IWGRP and shared and not mode & stat.S_ISVTX:
        raise Untrusted(f"the group {status.st_gid} can write {here} (chmod g-w)")
