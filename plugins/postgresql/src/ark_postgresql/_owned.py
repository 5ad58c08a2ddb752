"""Which processes are those of one data directory. Needs neither its disk nor any program.

A server and its children work in their data directory: the kernel tells where that is, by the
path it was reached by, whoever started them and however. Two servers side by side, of one version
and one user, differ in nothing else that cannot be pretended.
"""

from __future__ import annotations

import os
from itertools import pairwise

from ark_postgresql import _facts
from arkcore import Process, processes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def owned(directory: str) -> list[Process]:
    """The live processes of the server whose data directory this is, and all they started."""
    directories = _names_of(directory)
    found = set()
    for pid in processes.pids():
        if _serves(pid, directories):
            process = processes.look(pid)
            if process is not None:
                found.add(process)
    if found:
        # Archive commands and the like are no servers, but hold the disk just as well. A child of
        # a server whose disk was pulled away from under it is known by its parent alone.
        found |= processes.descendants({process.pid for process in found})
    return sorted(found, key=lambda process: process.pid)


def postmasters(among: Iterable[Process]) -> list[Process]:
    """Those of the servers' processes that others descend from: one, where all is well."""
    return [each for each in among if _is_postgres(each.pid) and not _is_child(each.pid)]


def postmaster(directory: str, pid: int) -> Process | None:
    """The process `pid` where it is the data directory's live postmaster; else None.

    A process id in a file proves nothing: the kernel uses it again.
    """
    if pid <= 0 or not _serves(pid, _names_of(directory)) or _is_child(pid):
        return None
    return processes.look(pid)


def _names_of(directory: str) -> tuple[str, ...]:
    # The kernel tells of directories by their real paths. Where a server lives there, the names on
    # the way are held in memory by it, and a disk that hangs is not asked.
    real = os.path.realpath(directory)
    return (directory,) if real == directory else (directory, real)


def _serves(pid: int, directories: tuple[str, ...]) -> bool:
    if not _is_postgres(pid):
        return False
    try:
        working = os.readlink(f"/proc/{pid}/cwd").removesuffix(" (deleted)")
    except OSError:
        working = ""
    # A file system that was unmounted lazily has lost its name for the kernel: there the command
    # line tells, which the postmaster has from its start and its children overwrite.
    if working not in directories and not _is_told_to_serve(pid, directories):
        return False
    return processes.in_our_namespace(pid)


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
