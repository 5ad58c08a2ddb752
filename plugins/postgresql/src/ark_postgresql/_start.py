"""Starts a PostgreSQL server, or tells in one line why nothing will come of it."""

from __future__ import annotations

import os
import stat

from ark_postgresql import _facts, _pid_file
from ark_postgresql._disk import PATIENCE, look, read_bytes
from ark_postgresql._encoding import encoding_of
from ark_postgresql._owned import owned
from ark_postgresql._programs import bin_directory, run
from arkcore import StepFailed, ask_disk, processes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ark_postgresql._disk import Disk
    from ark_postgresql._options import Options
    from arkcore import CommandResult, Context

#: Seconds before the deadline by which pg_ctl gives up by itself: the status is asked once more.
_KEPT = 5
#: A server needs at least this for its next piece of log: 16 MiB.
_LEAST_FREE = 16 << 20
_LAST_LINES = 8
_LARGEST_TAIL = 1 << 14


def start(ctx: Context) -> None:
    """Start it and wait until it takes connections, for as long as the step may take.

    `StepFailed` where it has ended, or cannot start at all. Where it still replays its log when
    the time is nearly over, that is for the status to tell.
    """
    options: Options = ctx.options
    disk = look(ctx)
    reason = obstacle(options, disk) or _wrong_version(ctx, disk)
    if reason:
        raise StepFailed(reason)
    _remove_misleading_locks(ctx, disk)
    log = _Tail(options)
    result = run(ctx, disk.version, _facts.CONTROL.value, *_arguments(ctx))
    if result.ok or result.late or owned(options):
        return
    for line in log.lines():
        ctx.log.warning(f"| {line}")
    reasons = [_ended(result), full(options.data_directory, look(ctx))]
    raise StepFailed("; ".join(filter(None, reasons)))


def obstacle(options: Options, disk: Disk) -> str:
    """Why the server cannot start, as far as the data directory tells; "" where nothing is seen."""
    directory = options.data_directory
    wrong = owner_wrong(options.user, disk.owner) if disk.owner >= 0 else ""
    if wrong or disk.error:
        return wrong or disk.problem
    if disk.odd:
        # pg_ctl and the server would wait for a FIFO, and follow a link.
        return f"{directory}/{disk.odd} is no regular file: remove it"
    version = _facts.VERSION_FILE.value
    if not disk.has_version:
        return f"{directory} is no data directory of PostgreSQL: there is no {version} in it"
    if not disk.version:
        return f"{directory} is no data directory of PostgreSQL: {version} holds no version"
    return mode_wrong(directory, disk.mode) or standby(directory, disk)


def owner_wrong(user: str, owner: int) -> str:
    """Why the data directory's owner is none that the server takes; "" where it is right."""
    import pwd

    try:
        account = pwd.getpwnam(user)
    except KeyError:
        return f"there is no user {user!r} here"
    if owner == account.pw_uid:
        return ""
    return f"the data directory belongs to user id {owner}, not to {user} ({account.pw_uid})"


def mode_wrong(directory: str, mode: int) -> str:
    """Why the data directory's permissions are none that the server takes; "" where they are."""
    allowed = [fact.value for fact in _facts.MODES]
    seen = f"{stat.S_IMODE(mode):04o}"
    if seen in allowed:
        return ""
    return f"{directory} has mode {seen}; allowed are {' and '.join(allowed)}"


def standby(directory: str, disk: Disk) -> str:
    """Why this will never be a primary; "" where it may be."""
    if not disk.is_standby:
        return ""
    name = _facts.STANDBY_FILE.value
    return f"{name} in {directory} makes it a standby, which never becomes a primary by itself"


def full(directory: str, disk: Disk) -> str:
    """That there is no room for the server, where that is so; else ""."""
    if disk.free < 0 or (disk.free >= _LEAST_FREE and disk.inodes):
        return ""
    return (
        f"the file system of {directory} is full: {disk.free >> 10} KiB free, {disk.inodes} inodes"
    )


def version_of_programs(result: CommandResult) -> str:
    """The major version in what `--version` of a program writes; "" where there is none."""
    # "pg_ctl (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"
    words = result.output.partition("(PostgreSQL)")[2].split()
    return words[0].partition(".")[0] if result.ok and words else ""


def _wrong_version(ctx: Context, disk: Disk) -> str:
    options: Options = ctx.options
    found = bin_directory(options, disk.version)
    if not found:
        return "no programs of PostgreSQL are here; options.bin_directory tells where they are"
    result = run(ctx, disk.version, _facts.CONTROL.value, "--version")
    if not result.ok:
        return result.told()
    programs = version_of_programs(result)
    if not programs or programs == disk.version:
        return ""
    return (
        f"wrong version: {options.data_directory} is of PostgreSQL {disk.version}, "
        f"the programs in {found} are of {programs}"
    )


def _remove_misleading_locks(ctx: Context, disk: Disk) -> None:
    """Remove what a crashed server left behind and whose number can still be signalled.

    The server removes such files by itself, unless a process of its user has the number: another
    server, say, or the dead one, of whose end its parent has not yet taken note. It would refuse to
    start then, on every attempt. The files are postmaster.pid and the lock of the socket.
    """
    options: Options = ctx.options
    file = _pid_file.of(disk)
    if file is None or owned(options):
        return  # where a server of this very directory lives, its files must stay
    for path in (
        _pid_file.path_of(options.data_directory),
        _pid_file.path_of_socket_lock(file),
    ):
        lock = _pid_file.read_file(path, options.user, PATIENCE)
        if lock is None or lock.directory != file.directory:
            continue
        if not _belongs_to(abs(lock.pid), options.user):
            continue
        holder = processes.look(abs(lock.pid)) or f"a dead process ({abs(lock.pid)})"
        ctx.log.warning(f"{path} was left behind: {holder} has its number, and is no server of it")
        ctx.run(["/bin/rm", "-f", "--", path], user=options.user).check()


def _belongs_to(pid: int, user: str) -> bool:
    import pwd

    try:
        return os.stat(f"/proc/{pid}").st_uid == pwd.getpwnam(user).pw_uid
    except (OSError, KeyError):
        return False


def _arguments(ctx: Context) -> list[str]:
    options: Options = ctx.options
    patience = max(1, int(ctx.deadline.remaining()) - _KEPT)
    words = ["start", "-D", options.data_directory, "-s", "-w", "-t", str(patience)]
    if options.log_file:
        words += ["-l", options.log_file]
    further = server_arguments(options)
    if further:
        import shlex

        words += ["-o", shlex.join(further)]  # pg_ctl hands them to a shell
    return words


def server_arguments(options: Options) -> list[str]:
    """What the server is given besides its data directory."""
    words = []
    if options.config_file:
        words += ["-c", f"config_file={options.config_file}"]
    if options.port:
        words += ["-p", str(options.port)]
    if options.socket_directory:
        words += ["-k", options.socket_directory]
    return [*words, *options.start_options]


def _ended(result: CommandResult) -> str:
    return result.told() if result.error else f"{result.told()}, expected 0"


class _Tail:
    """The lines that a log file gains from now on, read as the user who writes it."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._began = self._size()

    def _size(self) -> int:
        path = self._options.log_file
        try:
            return int(ask_disk(lambda: os.lstat(path).st_size, self._options.user, PATIENCE))
        except OSError:
            return 0

    def lines(self) -> list[str]:
        """The last of them; [] where there is no file, or it cannot be read."""
        path = self._options.log_file
        if not path:
            return []
        size = self._size()
        wanted = min(_LARGEST_TAIL, max(0, size - self._began))
        try:
            raw = ask_disk(
                lambda: read_bytes(path, at=size - wanted, most=wanted),
                self._options.user,
                PATIENCE,
            )
        except OSError:
            return []
        text = (raw or b"").decode(encoding_of(self._options), "backslashreplace")
        return [line for line in text.splitlines() if line.strip()][-_LAST_LINES:]
