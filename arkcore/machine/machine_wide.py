"""What serves the whole machine: a process with the name of a daemon that is no logical host's."""

from __future__ import annotations

import os

from arkcore.machine import processes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from arkcore.machine.processes import Process


def serves_machine(process: Process, names: Collection[str]) -> bool:
    """Whether `process` is one of the machine-wide daemons that `names` lists.

    Its own name or its executable's is one of them. A process can give itself any name, and any
    user can show a file under any name in a mount namespace of his own. So the name counts for a
    process of root's, or for a program that root alone can change and that lies where it seems to.
    """
    if not names:
        return False
    # The kernel keeps 15 bytes of a name.
    cut = {os.fsencode(name)[:15].decode("utf-8", "backslashreplace") for name in names}
    named = process.name in cut or os.path.basename(processes.executable(process.pid)) in names
    return named and (_is_root_s(process.pid) or _is_program_of_root(process.pid, names))


def _is_root_s(pid: int) -> bool:
    # None of a process that is gone: nobody is spared then. Who runs the engine without being root
    # may name whom he likes, for he ends his own alone.
    return processes.users(pid) <= {0, os.geteuid()}


def _is_program_of_root(pid: int, names: Collection[str]) -> bool:
    path = processes.executable(pid)
    if os.path.basename(path) not in names or not processes.runs_file(pid, path):
        return False
    try:
        status = os.stat(f"/proc/{pid}/exe")
    except OSError:
        return False
    return status.st_uid == 0 and not status.st_mode & 0o022
