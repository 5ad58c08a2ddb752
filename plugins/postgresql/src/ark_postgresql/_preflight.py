"""What is looked at before a PostgreSQL is protected, on each node."""

from __future__ import annotations

import errno
import os

from ark_postgresql import _facts, _pid_file
from ark_postgresql._boot import starts_at_boot
from ark_postgresql._disk import look
from ark_postgresql._owned import postmaster
from ark_postgresql._programs import bin_directory, run
from ark_postgresql._start import (
    full,
    mode_wrong,
    owner_wrong,
    server_arguments,
    standby,
    version_of_programs,
)
from arkcore import Finding, Level

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ark_postgresql._disk import Disk
    from ark_postgresql._options import Options
    from arkcore import Context

_PROGRAMS = ("pg_ctl", "postgres", "psql", "pg_isready")
#: Settings without which an acknowledged commit may be lost: name, the value that keeps it.
_DURABLE = (("fsync", "on"), ("full_page_writes", "on"))


def findings(ctx: Context) -> Iterable[Finding]:
    """One finding for each thing that PostgreSQL needs here."""
    options: Options = ctx.options
    account = _account(options.user)
    yield account
    disk = look(ctx)
    programs = _programs(options, disk.version)
    yield programs
    directory = options.data_directory
    if disk.error in (errno.ENOENT, errno.ENOTDIR):
        yield Finding(
            "data directory",
            Level.WARN,
            f"{directory} is not here",
            "right only where its disk is mounted on another node now; look again there",
        )
        yield starts_at_boot(directory)
        return
    yield from _directory(options, disk)
    if programs.level is Level.OK and account.level is Level.OK and disk.has_version:
        yield _version(ctx, disk)
        yield from _settings(ctx, disk)
    yield starts_at_boot(directory)


def _account(user: str) -> Finding:
    import pwd

    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        return Finding("options.user", Level.FAIL, f"no user {user!r} here", f"useradd -r {user}")
    seen = f"{user}, user id {entry.pw_uid}: it must be the same on every node"
    return Finding("options.user", Level.OK, seen)


def _programs(options: Options, version: str) -> Finding:
    found = bin_directory(options, version)
    if not found:
        return Finding(
            "programs",
            Level.FAIL,
            "no pg_ctl in any of the usual directories",
            "install PostgreSQL on this node, or give options.bin_directory",
        )
    missing = [name for name in _PROGRAMS if not os.access(os.path.join(found, name), os.X_OK)]
    if missing:
        told = f"not in {found}: {', '.join(missing)}"
        return Finding("programs", Level.FAIL, told, "install PostgreSQL's server and client")
    return Finding("programs", Level.OK, found)


def _directory(options: Options, disk: Disk) -> Iterator[Finding]:
    directory = options.data_directory
    if disk.real != directory:
        advice = f'data_directory = "{disk.real}"'
        told = f"{directory} is reached through a symbolic link"
        yield Finding("data directory", Level.WARN, told, advice)
    wrong = owner_wrong(options.user, disk.owner) if disk.owner >= 0 else ""
    if disk.error and not wrong:
        told = disk.problem
        yield Finding("data directory", Level.FAIL, told, f"{options.user} must be able to read it")
        return
    if not disk.error and not disk.version:
        told = f"{directory} has no {_facts.VERSION_FILE.value} with a version"
        yield Finding("data directory", Level.FAIL, told, "initdb, on the node that has the disk")
        return
    if wrong:
        yield Finding("owner", Level.FAIL, wrong, f"chown -R {options.user} {directory}")
    else:
        yield Finding("owner", Level.OK, options.user)
    wrong = mode_wrong(directory, disk.mode)
    if wrong:
        yield Finding("permissions", Level.FAIL, wrong, f"chmod 0700 {directory}")
    else:
        yield Finding("permissions", Level.OK, "none but the owner's, and perhaps its group's")
    wrong = standby(directory, disk)
    if wrong:
        yield Finding("role", Level.FAIL, wrong, "promote it, or protect the primary instead")
    wrong = full(directory, disk)
    if wrong:
        yield Finding("free space", Level.FAIL, wrong, "make room before a start needs it")


def _version(ctx: Context, disk: Disk) -> Finding:
    found = bin_directory(ctx.options, disk.version)
    made_by = disk.version
    programs = version_of_programs(run(ctx, made_by, _facts.CONTROL.value, "--version"))
    told = f"data directory {made_by}, programs in {found} {programs or 'of no known version'}"
    if not programs or programs != made_by:
        advice = "give the bin_directory of that version, or upgrade with pg_upgrade"
        return Finding("version", Level.FAIL, told, advice)
    if made_by.isdigit() and int(made_by) < _facts.OLDEST:
        return Finding(
            "version", Level.WARN, told, f"this plugin knows PostgreSQL {_facts.OLDEST} and later"
        )
    return Finding("version", Level.OK, told)


# The server's configuration, as the server itself reads it.


def _settings(ctx: Context, disk: Disk) -> Iterator[Finding]:
    options: Options = ctx.options
    port = _port_in(_setting(ctx, disk, "port") or "")
    if port is None:
        yield Finding(
            "configuration",
            Level.FAIL,
            "the server cannot read its configuration",
            f"see what postgres -C port -D {options.data_directory} says"
            + ("" if options.config_file else "; options.config_file tells where it is"),
        )
        return
    yield _port(options, disk, port)
    for name, wanted in _DURABLE:
        value = _setting(ctx, disk, name) or "?"
        if value == wanted:
            yield Finding(name, Level.OK, value)
        else:
            told = f"{value}: a node that loses its power can lose or damage the database"
            yield Finding(name, Level.FAIL, told, f"{name} = {wanted}")
    if _setting(ctx, disk, "synchronous_commit") == "off":
        told = "off: commits that were acknowledged just before a failover are lost"
        yield Finding("synchronous_commit", Level.WARN, told, "synchronous_commit = on")
    yield _listening(_setting(ctx, disk, "listen_addresses") or "")
    yield _connections(_setting(ctx, disk, "max_connections"), ctx, disk)
    for directory in (_setting(ctx, disk, "unix_socket_directories") or "").split(","):
        if directory.strip():
            yield _socket_directory(options, directory.strip())


def _setting(ctx: Context, disk: Disk, name: str) -> str | None:
    """The value that the server would start with, or runs with; None where it cannot tell."""
    options: Options = ctx.options
    result = run(
        ctx,
        disk.version,
        _facts.EXECUTABLE.value,
        *("-D", options.data_directory, "-C", name, *server_arguments(options)),
        timeout=10,
    )
    lines = result.last_lines(1)
    return (lines[0] if lines else "") if result.ok else None


def _port_in(text: str) -> int | None:
    """The port that the server's program told; None where it told none."""
    if not (text.isascii() and text.isdigit() and len(text) <= 5):
        return None
    return int(text) if 0 < int(text) <= 65535 else None


def _port(options: Options, disk: Disk, port: int) -> Finding:
    file = _pid_file.of(disk)
    if file is not None and postmaster(options, file.pid, disk.real) is not None:
        if options.port and file.port != options.port:
            told = f"the server runs on port {file.port}, and the options say {options.port}"
            return Finding("port", Level.FAIL, told, "restart it, or correct options.port")
        return Finding("port", Level.OK, f"{file.port}, this server's own")
    import socket

    with socket.socket() as probe:
        # As the server does: what only lingers there from before is no hindrance.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            told = f"{port}: {error.strerror}"
            return Finding("port", Level.FAIL, told, "give each server a port of its own")
    return Finding("port", Level.OK, f"{port}, free")


def _listening(addresses: str) -> Finding:
    words = {word.strip() for word in addresses.split(",")} - {""}
    if words <= {"localhost", "127.0.0.1", "::1"}:
        told = f"{addresses or 'none'}: clients cannot come in by the virtual IP address"
        return Finding("listen_addresses", Level.WARN, told, "listen_addresses = '*'")
    return Finding("listen_addresses", Level.OK, addresses)


def _connections(value: str | None, ctx: Context, disk: Disk) -> Finding:
    reserved = _setting(ctx, disk, "superuser_reserved_connections") or ""
    if reserved == "0":
        told = f"{value}, none reserved: clients can take all and keep the status check out"
        return Finding("connections", Level.WARN, told, "superuser_reserved_connections = 3")
    return Finding("connections", Level.OK, f"{value}, {reserved} of them reserved")


def _socket_directory(options: Options, directory: str) -> Finding:
    check = "socket directory"
    if directory.startswith("@"):
        return Finding(check, Level.OK, f"{directory}, abstract")
    if not os.path.isdir(directory):
        told = f"{directory} is not there: the server cannot start"
        return Finding(check, Level.FAIL, told, "make it on every node, at boot")
    import pwd

    seen, account = os.stat(directory), pwd.getpwnam(options.user)
    groups = os.getgrouplist(options.user, account.pw_gid)
    writable = (
        (seen.st_uid == account.pw_uid and seen.st_mode & 0o200)
        or (seen.st_gid in groups and seen.st_mode & 0o020)
        or seen.st_mode & 0o002
    )
    if not writable:
        told = f"{directory} cannot be written by {options.user}"
        return Finding(check, Level.FAIL, told, f"chown {options.user} {directory}")
    return Finding(check, Level.OK, directory)
