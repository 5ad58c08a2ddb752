"""Opens a file of the product's, step by step, and tells who could have put it there.

Whoever owns a directory on the way to a file decides which file is found. So each directory is
opened relative to the one above it, which cannot be exchanged meanwhile, and its owner and mode
are looked at. Only links of root's are followed.
"""

from __future__ import annotations

import errno
import os
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

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
    `groups`: each path that a group can write, with its owner and that group; to be judged by
    :func:`refuse_groups`.
    """

    __slots__ = ("descriptor", "groups", "may_be_linked", "owners", "status")

    def __init__(
        self,
        descriptor: int,
        status: os.stat_result,
        owners: set[int],
        groups: list[tuple[str, int, int]],
        *,
        shared: bool,
    ) -> None:
        self.descriptor = descriptor
        self.status = status
        self.owners = owners
        self.groups = groups
        self.may_be_linked = shared or owners != {0}


def open_trusted(path: str, users: Collection[int]) -> Found:
    """Open the file at the absolute `path`, whose whole way belongs to root or to `users`.

    `Untrusted` where another user owns a part of the way, or can write it; a group's rights are
    left to :func:`refuse_groups`. `OSError` where the file cannot be opened.
    """
    allowed = {0, *users}
    ahead = [part for part in reversed(path.split("/")) if part not in ("", ".")]
    way = [os.open("/", _DIRECTORY)]
    told = ""
    links = 0
    owners: set[int] = set()
    groups: list[tuple[str, int, int]] = []
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
            if status.st_mode & stat.S_IWGRP and not _is_sticky(status):
                groups.append((here, status.st_uid, status.st_gid))
            if not ahead:
                return Found(descriptor, status, owners, groups, shared=shared)
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
    if _is_sticky(status):
        return
    if mode & stat.S_IWOTH:
        raise Untrusted(f"anybody can write {here} (chmod o-w)")
    if not mode & stat.S_IWGRP:
        return  # nor can anybody whom an access control list names: its mask is shown here
    if _has_list(here):
        raise Untrusted(f"the access control list of {here} lets others write it (setfacl -b)")


def _is_sticky(status: os.stat_result) -> bool:
    """Whether only its owner and an entry's own may exchange that entry (unlink(2))."""
    return stat.S_ISDIR(status.st_mode) and bool(status.st_mode & stat.S_ISVTX)


def _has_list(here: str) -> bool:
    """Whether it has an access control list; also where that cannot be told.

    Asked by the path: O_PATH lends no attributes, and nobody else can exchange what was walked.
    """
    try:
        os.getxattr(here, "system.posix_acl_access", follow_symlinks=False)
    except OSError as error:
        return error.errno not in (errno.ENODATA, errno.EOPNOTSUPP)
    return True


def refuse_groups(groups: Iterable[tuple[str, int, int]]) -> None:
    """`Untrusted` where a path of `groups` can be written by more than its owner.

    To be asked in a process that can read Python's own modules.
    """
    for here, user, group in groups:
        if not _is_alone(user, group):
            raise Untrusted(f"the group {group} can write {here} (chmod g-w)")


def _is_alone(user: int, group: int) -> bool:
    """Whether it is the primary group of `user`, and nobody else is in it."""
    import grp
    import pwd

    try:
        account = pwd.getpwuid(user)
        members = set(grp.getgrgid(group).gr_mem)
    except KeyError:
        return False
    others = (each for each in pwd.getpwall() if each.pw_gid == group and each.pw_uid != user)
    return account.pw_gid == group and members <= {account.pw_name} and not any(others)
