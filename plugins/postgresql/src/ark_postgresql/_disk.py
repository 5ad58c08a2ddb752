"""What the data directory holds, and why it cannot be read where that is so."""

from __future__ import annotations

import errno
import os
import stat

from ark_postgresql import _facts
from arkcore import ask_disk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ark_postgresql._options import Options
    from arkcore import Context

#: Seconds within which a disk has to answer a status check or a start.
PATIENCE = 5.0
#: Bytes read of a file at most; a server's own have fewer.
_LARGEST = 8192
#: What a version may consist of, and how long it may be: nothing else of that file is ever told.
_VERSION, _LONGEST_VERSION = frozenset("0123456789."), 8

#: Errors of an open that say: no regular file is there, or none that the user can read.
_NO_FILE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO, errno.EACCES)

_WHY = {
    errno.ENOENT: "is its disk mounted?",
    errno.ENOTDIR: "is its disk mounted?",
    errno.EIO: "the disk or its path is faulty; see dmesg",
    errno.ESTALE: "the file server has another file system there now; mount it anew",
    errno.ENOTCONN: "the program that serves this mount has ended; mount it anew",
    errno.EHOSTDOWN: "the file server is down",
    errno.ETIMEDOUT: "the disk or its file server hangs",
}


class Disk:
    """What the data directory holds. `error` is 0, or the number of what kept us from reading it.

    `problem`: the error in words. `real`: its real path. `owner`, `mode`: as stat tells. `version`:
    the major version that made it ("15"), "" for none. `has_version`: whether its file is there.
    `pid_file`: the text of postmaster.pid, None for none. `odd`: the name of one of these two files
    that is a link, a FIFO or the like, "" for none. `free`, `inodes`: what is left, -1 where
    that is not known.
    """

    __slots__ = (
        "error",
        "free",
        "has_version",
        "inodes",
        "is_standby",
        "mode",
        "odd",
        "owner",
        "pid_file",
        "problem",
        "real",
        "version",
    )

    def __init__(self, directory: str) -> None:
        self.error = 0
        self.problem = ""
        self.real = directory
        self.owner = self.mode = -1
        self.version = ""
        self.has_version = self.is_standby = False
        self.pid_file: str | None = None
        self.odd = ""
        self.free = self.inodes = -1


def look(ctx: Context) -> Disk:
    """Read the data directory as its user, within `PATIENCE`; never raises."""
    options: Options = ctx.options
    directory = options.data_directory
    # Something is kept for telling what came of it.
    within = max(0.1, min(PATIENCE, ctx.deadline.remaining() / 2))
    disk = Disk(directory)
    try:
        told = ask_disk(lambda: _look(directory), options.user, within)
    except OSError as error:
        disk.error = error.errno or errno.EIO
        disk.problem = f"{directory}: {explained(error, options.user)}"
        if disk.error == errno.EACCES:
            disk.problem += _where_refused(directory, options.user, within)
        elif disk.error == errno.EPERM:
            disk.problem = error.strerror or ""
        return disk
    (
        disk.error,
        disk.real,
        disk.owner,
        disk.mode,
        version,
        disk.pid_file,
        disk.is_standby,
        disk.free,
        disk.inodes,
        disk.odd,
    ) = told
    disk.has_version = version is not None
    disk.version = checked_version(version or "")
    if disk.error:
        refused = explained(OSError(disk.error, ""), options.user)
        disk.problem = f"{directory}: {refused} on it: its mode is {stat.S_IMODE(disk.mode):04o}"
    return disk


def explained(error: OSError, user: str) -> str:
    """An error in words: what the system calls it, its name, and what it means here."""
    number = error.errno or 0
    name = errno.errorcode.get(number, str(number))
    if number == errno.EACCES:
        return f"{user} has no permission ({name})"
    told = error.strerror or os.strerror(number)
    why = _WHY.get(number)
    if number in (errno.ENOENT, errno.ENOTDIR):
        return f"{told}; {why}"
    if number == errno.EPERM:
        return told
    return f"{told} ({name}); {why}" if why else f"{told} ({name})"


def _where_refused(directory: str, user: str, within: float) -> str:
    """The first directory on the way that refuses the user, in words; "" where none shows."""

    def find() -> tuple[str, int, int] | None:
        parts = directory.split("/")
        for number in range(1, len(parts)):
            parent = "/".join(parts[:number]) or "/"
            if not os.access(parent, os.X_OK):
                seen = os.stat(parent)
                return parent, stat.S_IMODE(seen.st_mode), seen.st_uid
        return None

    try:
        refused = ask_disk(find, user, within)
    except OSError:
        return ""
    if refused is None:
        return ""
    path, mode, owner = refused
    return f" on {path}: its mode is {mode:04o}, and it belongs to user id {owner}"


def checked_version(text: str) -> str:
    """The version in the text of PG_VERSION; "" for anything else, which is nobody's to see."""
    text = text.strip()
    return text if _VERSION.issuperset(text) and 0 < len(text) <= _LONGEST_VERSION else ""


def read_text(path: str, *, most: int = _LARGEST) -> str | None:
    """The beginning of a regular file as a text; as :func:`read_bytes`."""
    raw = read_bytes(path, most=most)
    return None if raw is None else raw.decode("utf-8", "surrogateescape")


def read_bytes(path: str, *, at: int = 0, most: int = _LARGEST) -> bytes | None:
    """At most `most` bytes of a regular file, from the byte `at` on; None where there is none.

    To be called in a child. No link is followed and no FIFO waited for. `OSError` where the disk
    fails.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags)
    except OSError as error:
        if error.errno in _NO_FILE:
            return None
        raise
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        return os.pread(descriptor, most, at)
    finally:
        os.close(descriptor)


def _look(directory: str) -> tuple[object, ...]:
    seen = os.stat(directory)
    if not stat.S_ISDIR(seen.st_mode):
        raise OSError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
    real = os.path.realpath(directory)
    # Whoever may not enter it must not be told that there is nothing in it.
    if not os.access(directory, os.X_OK):
        return errno.EACCES, real, seen.st_uid, seen.st_mode, None, None, False, -1, -1, ""
    space = os.statvfs(directory)
    names = (_facts.VERSION_FILE.value, _facts.PID_FILE.value)
    return (
        0,
        real,
        seen.st_uid,
        seen.st_mode,
        read_text(f"{directory}/{_facts.VERSION_FILE.value}", most=64),
        read_text(f"{directory}/{_facts.PID_FILE.value}"),
        os.path.lexists(f"{directory}/{_facts.STANDBY_FILE.value}"),
        space.f_bavail * space.f_frsize,
        space.f_favail,
        next(filter(lambda name: _is_odd(f"{directory}/{name}"), names), ""),
    )


def _is_odd(path: str) -> bool:
    try:
        return not stat.S_ISREG(os.lstat(path).st_mode)
    except FileNotFoundError:
        return False
