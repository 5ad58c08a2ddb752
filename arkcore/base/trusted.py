"""Reads a file of ours only where nobody but root could have put it.

Such a file decides what root runs. It is believed when it, and every directory on its way, belongs
to root and can be written by nobody else. Beneath ARK_PREFIX the running user counts as well.

The way is walked from / downwards, a name at a time. Whoever cannot write a directory cannot
exchange its entries, so that what was seen of one name stays true while the next is looked at. The
target of a link is walked like any other way. The file itself is opened once, and the descriptor
is asked.
"""

from __future__ import annotations

import errno
import os
import stat

from arkcore.base.errors import ConfigurationError

#: The most bytes of a file that a person writes.
LARGEST = 1 << 20
#: The kernel follows as many links on one way (path_resolution(7)).
_MOST_LINKS = 40
#: A FIFO holds nobody up, a terminal does not become ours, and no link is followed.
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC

#: The directories whose way was found right; None: nothing is kept from one look to the next.
_known: set[tuple[str, tuple[int, ...]]] | None = None


class Untrusted(ConfigurationError):
    """A file or directory that others could have written."""


def remember_directories() -> None:
    """Look at each directory only once, for as long as this process lasts."""
    global _known
    _known = set()


def owners(prefix: str) -> tuple[int, ...]:
    """The user ids whose configuration is believed; `prefix`: what comes before our paths."""
    return (0, os.geteuid()) if prefix else (0,)


def ours() -> tuple[int, ...]:
    """The user ids whose state is believed: root, and the running user."""
    return (0, os.geteuid())


def refuse_untrusted(path: str, users: tuple[int, ...]) -> None:
    """`Untrusted` where others than `users` could write `path` or a directory on its way.

    What does not exist is not refused: reading it will tell.
    """
    try:
        real = _walked(path, users)
        _refuse(real, os.lstat(real), users)
    except OSError:
        return


def read(path: str, users: tuple[int, ...], largest: int = LARGEST) -> bytes:
    """What is in the file `path`.

    `Untrusted` where others than `users` could have written it, `ConfigurationError` where it has
    more than `largest` bytes, `OSError` where it cannot be read or is no regular file.
    """
    descriptor = opened(path, users)
    try:
        status = os.fstat(descriptor)
        _refuse_irregular(status)
        _refuse(path, status, users)
        data = os.read(descriptor, min(status.st_size, largest) + 1)
        while len(data) <= largest and (more := os.read(descriptor, largest + 1 - len(data))):
            data += more
    finally:
        os.close(descriptor)
    if len(data) > largest:
        raise ConfigurationError(f"{path}: more than {largest} bytes; no file of ours is so large")
    return data


def open_regular(path: str, flags: int = 0) -> int:
    """A descriptor of a file that anybody may have written, to be read within bounds.

    `flags`: further ones of open(2). `OSError` where it is no regular file.
    """
    descriptor = os.open(path, (_FLAGS & ~os.O_NOFOLLOW) | flags)
    try:
        _refuse_irregular(os.fstat(descriptor))
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def opened(path: str, users: tuple[int, ...]) -> int:
    """A descriptor of `path`, on whose way `users` alone could have put something.

    Whose the file itself is, and what it is, is left to the caller. `Untrusted`; `OSError`.
    """
    if _known is not None and (path.rpartition("/")[0], users) in _known:
        try:
            return os.open(path, _FLAGS)
        except OSError as error:
            if error.errno != errno.ELOOP:
                raise
    return os.open(_walked(path, users), _FLAGS)


def _walked(path: str, users: tuple[int, ...]) -> str:
    """`path` without its links, where nobody but `users` could write the directories on its way.

    What it names in the end is not looked at. `Untrusted`; `OSError` where a part is missing.
    """
    if not path.startswith("/"):
        path = f"{os.getcwd()}/{path}"
    ahead = _names(path)
    real, links = "", 0
    if _known is None or ("/", users) not in _known:
        _look("/", os.lstat("/"), users)
    while ahead:
        name = ahead.pop()
        if name == "..":
            real = real.rpartition("/")[0]
            continue
        here = f"{real}/{name}"
        if not (ahead and _known is not None and (here, users) in _known):
            status = os.lstat(here)
            if stat.S_ISLNK(status.st_mode):
                links += 1
                if links > _MOST_LINKS:
                    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
                _refuse_owner(here, status, users)
                target = os.readlink(here)
                real = "" if target.startswith("/") else real
                ahead += _names(target)
                continue
            if ahead:
                _look(here, status, users)
        real = here
    return real or "/"


def _names(path: str) -> list[str]:
    """The names of a way, the last one first."""
    return [name for name in reversed(path.split("/")) if name not in ("", ".")]


def _look(directory: str, status: os.stat_result, users: tuple[int, ...]) -> None:
    """`Untrusted` where others could exchange an entry that belongs to one of `users`."""
    _refuse_owner(directory, status, users)
    # In a sticky directory only its owner and the entry's own may exchange it (unlink(2)).
    sticky = status.st_mode & stat.S_ISVTX and status.st_uid == 0
    if not sticky and not _is_private_group(directory, status):
        _refuse_mode(directory, status)
    if _known is not None:
        _known.add((directory, users))


def _is_private_group(directory: str, status: os.stat_result) -> bool:
    """Whether only the running user's own group, with nobody else in it, may write it besides.

    It is the rule of most distributions for the directories of ordinary users; root's are held
    to more.
    """
    user, group = status.st_uid, status.st_gid
    if os.geteuid() != user or not user or status.st_mode & stat.S_IWOTH:
        return False
    try:
        # Whom a list names may write as well: the mode shows its mask as the group's rights.
        os.getxattr(directory, "system.posix_acl_access")
        return False
    except OSError as error:
        if error.errno not in (errno.ENODATA, errno.EOPNOTSUPP):
            return False
    import grp
    import pwd

    try:
        account = pwd.getpwuid(user)
        members = set(grp.getgrgid(group).gr_mem)
    except KeyError:
        return False
    others = (each for each in pwd.getpwall() if each.pw_gid == group and each.pw_uid != user)
    return account.pw_gid == group and members <= {account.pw_name} and not any(others)


def _refuse(path: str, status: os.stat_result, users: tuple[int, ...]) -> None:
    _refuse_owner(path, status, users)
    _refuse_mode(path, status)


def _refuse_owner(path: str, status: os.stat_result, users: tuple[int, ...]) -> None:
    if status.st_uid not in users:
        allowed = "root or the running user" if len(users) > 1 else "root"
        raise Untrusted(
            f"{path}: belongs to user id {status.st_uid}, who could write it; "
            f"it must belong to {allowed}"
        )


def _refuse_mode(path: str, status: os.stat_result) -> None:
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        mode = stat.S_IMODE(status.st_mode)
        raise Untrusted(
            f"{path}: mode {mode:04o} lets others write it; allowed is at most "
            f"{mode & ~0o022:04o} (chmod go-w {path})"
        )


def _refuse_irregular(status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise OSError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "not a regular file")
