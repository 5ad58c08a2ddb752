"""Who may read our logs: root, and the members of the group that ark.toml names (log.group)."""

from __future__ import annotations

import os
import stat

from arkcore.base.stderr import complain

#: Groups that were told to be none, so that each is told once by a process.
_UNKNOWN: set[str] = set()


def let_read(descriptor: int, group: str) -> None:
    """Give a file of ours the mode 0640 and its group; one that was readable by all is mended.

    `group` "" leaves the group as it is. Never raises: a log is written all the same.
    """
    _set(descriptor, group, 0o640)


def let_read_in(directory: str, group: str) -> None:
    """Let the group find the files in a directory of ours. Nothing is done without a group."""
    if not group:
        return
    try:
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return
    try:
        _set(descriptor, group, 0o750)
    finally:
        os.close(descriptor)


def _set(descriptor: int, group: str, mode: int) -> None:
    try:
        status = os.fstat(descriptor)
        if status.st_uid != os.geteuid():
            return  # none of ours
        gid = _gid_of(group)
        # The group first: a mode that lets the group read must not let another group do so.
        if gid is not None and gid != status.st_gid:
            os.fchown(descriptor, -1, gid)
        if stat.S_IMODE(status.st_mode) != mode:
            os.fchmod(descriptor, mode)
    except OSError:
        pass  # not permitted here: the file stays as it is


def _gid_of(group: str) -> int | None:
    if not group or group in _UNKNOWN:
        return None
    import grp

    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        _UNKNOWN.add(group)
        complain(f"ark.toml: log.group = {group!r}: there is no such group here; create it")
        return None
