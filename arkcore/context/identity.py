"""Who bears a process id: a thread or a process, whose, of which name, or this check itself."""

from __future__ import annotations

import os

from arkcore.machine import processes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arkcore.machine.processes import Process

#: Bytes of the kernel's short name.
_LONGEST_NAME = 15


class Identity:
    """Of which process a number is a thread, and whose process that is."""

    __slots__ = ("leader", "users")

    def __init__(self, pid: int) -> None:
        self.leader = pid
        #: Real and effective user id. The owner of /proc/PID would be root after a setuid.
        self.users: set[int] = set()
        try:
            with open(f"/proc/{pid}/status", "rb") as file:
                for line in file:
                    if line.startswith(b"Tgid:"):
                        self.leader = int(line.split()[1])
                    elif line.startswith(b"Uid:"):
                        self.users = {int(word) for word in line.split()[1:3]}
                        break
        except OSError:
            pass  # it has just ended: it has no users and vouches for nobody


def is_ourselves(pid: int) -> bool:
    """Whether it is this process or one it descends from."""
    mine = os.getpid()
    while mine > 1:
        if mine == pid:
            return True
        process = processes.look(mine)
        if process is None:
            return False
        mine = process.ppid
    return False


def has_name(process: Process, name: str, *, by_arguments: bool) -> bool:
    """Whether the process or the program that it runs has this name.

    `by_arguments`: also where it is the word that it was called by, which others can hold back.
    """
    short = name.encode()[:_LONGEST_NAME].decode("utf-8", "backslashreplace")
    if process.name == short:
        return True
    if os.path.basename(processes.executable(process.pid)) == name:
        return True
    words = processes.arguments(process.pid) if by_arguments else []
    return bool(words) and os.path.basename(os.fsdecode(words[0])) == name
