"""Which processes are those of one data directory. Needs neither its disk nor any program.

A server and its children work in their data directory: the kernel tells where that is, by the
path it was reached by, whoever started them and however. Two servers side by side, of one version
and one user, differ in nothing else that cannot be pretended. The user is looked at first: anybody
can call a program `postgres` and write a data directory into its command line.
"""

from __future__ import annotations

import os
from itertools import pairwise

from ark_postgresql import _facts
from arkcore import Process, ask_disk, processes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ark_postgresql._options import Options

#: Seconds for a question to the disk that only makes the answer better.
_BRIEF = 1.0
#: What the disk has answered to this worker, by path: a disk that hangs is asked once.
_ANSWERS: dict[tuple[str, str], str] = {}


def owned(options: Options) -> list[Process]:
    """The live processes of the server whose data directory this is, and all they started.

    The process table is asked first, with the data directory's name as the options have it. Only
    where nothing is found by that, the disk is asked for the real path behind a symbolic link.
    """
    directory = options.data_directory
    found = _found(options, (directory,))
    if not found:
        real = real_path(directory, options.user)
        if real != directory:
            found = _found(options, (directory, real))
    return sorted(found, key=lambda process: process.pid)


def _found(options: Options, directories: tuple[str, ...]) -> set[Process]:
    user = _user_id(options.user)
    found = set()
    for pid in processes.pids():
        if _serves(pid, directories, user, options):
            process = processes.look(pid)
            if process is not None:
                found.add(process)
    if found:
        # Archive commands and the like are no servers, but hold the disk just as well. A child of
        # a server whose disk was pulled away from under it is known by its parent alone.
        found |= processes.descendants({process.pid for process in found})
    return found


def real_path(directory: str, user: str) -> str:
    """The real path of a directory, asked once in a child; itself where the disk does not tell."""
    key = (directory, user)
    if key not in _ANSWERS:
        try:
            _ANSWERS[key] = ask_disk(lambda: os.path.realpath(directory), user, _BRIEF)
        except OSError:
            _ANSWERS[key] = directory
    return _ANSWERS[key]


def postmasters(among: Iterable[Process]) -> list[Process]:
    """Those of the servers' processes that others descend from: one, where all is well."""
    return [each for each in among if _is_postgres(each.pid) and not _is_child(each.pid)]


def postmaster(options: Options, pid: int, real: str) -> Process | None:
    """The process `pid` where it is the data directory's live postmaster; else None.

    `real`: the real path of the data directory. A process id in a file proves nothing: the kernel
    uses it again.
    """
    names = (options.data_directory, real)
    if pid <= 0 or not _serves(pid, names, _user_id(options.user), options) or _is_child(pid):
        return None
    return processes.look(pid)


def _user_id(name: str) -> int | None:
    import pwd

    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError:
        return None


def _serves(pid: int, directories: tuple[str, ...], user: int | None, options: Options) -> bool:
    if not _is_postgres(pid):
        return False
    # Where nobody knows the user, only the kernel's own word counts.
    if user is not None and user not in _users_of(pid):
        return False
    try:
        working = os.readlink(f"/proc/{pid}/cwd").removesuffix(" (deleted)")
    except OSError:
        working = ""
    if working not in directories:
        # A file system that was unmounted lazily has lost its name for the kernel: there the
        # command line tells, which the postmaster has from its start and its children overwrite.
        if user is None or not _is_told_to_serve(pid, directories):
            return False
        if _is_another_program(pid, options):
            return False
    return processes.in_our_namespace(pid)


def _users_of(pid: int) -> set[int]:
    """The real and the effective user id of a process; none where it has just ended."""
    try:
        with open(f"/proc/{pid}/status", "rb", buffering=0) as file:
            for line in file.read(4096).splitlines():
                if line.startswith(b"Uid:"):
                    return {int(word) for word in line.split()[1:3]}
    except (OSError, ValueError):
        pass
    return set()


def _is_another_program(pid: int, options: Options) -> bool:
    """Whether a process of this user runs, for certain, another program than the configured one.

    The kernel tells the path without asking a disk. Another path may lead to the same file, so the
    device and the inode are compared, in a child. No answer is no certainty.
    """
    if not options.bin_directory:
        return False
    program = os.path.join(options.bin_directory, _facts.EXECUTABLE.value)
    if processes.executable(pid) == program:
        return False

    def differ() -> bool:
        return not os.path.samestat(os.stat(f"/proc/{pid}/exe"), os.stat(program))

    try:
        return bool(ask_disk(differ, None, _BRIEF))
    except OSError:
        return False


def _is_postgres(pid: int) -> bool:
    path = processes.executable(pid)
    return path.rpartition("/")[2] == _facts.EXECUTABLE.value


def _is_child(pid: int) -> bool:
    words = processes.arguments(pid)
    return bool(words) and words[0].startswith(_facts.TITLE.value.encode())


def _is_told_to_serve(pid: int, directories: tuple[str, ...]) -> bool:
    words = processes.arguments(pid)
    option = _facts.DATA_OPTION.value.encode()
    named = [after for word, after in pairwise(words) if word == option]
    named += [word.removeprefix(option) for word in words if word.startswith(option)]
    return any(os.fsdecode(name).rstrip("/") in directories for name in named)
