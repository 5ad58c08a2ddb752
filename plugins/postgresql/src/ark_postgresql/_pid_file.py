"""Understands postmaster.pid, which the server writes at its start and removes at its end."""

from __future__ import annotations

import os

from ark_postgresql import _facts
from ark_postgresql._disk import read_text
from arkcore import ask_disk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ark_postgresql._disk import Disk


class PidFile:
    """What postmaster.pid says. What is not written yet is "" or 0.

    `pid`: negative for a single-user server. `directory`: the data directory. `host`: a directory
    of a Unix socket or an address, as `-h` of the commands takes it. `word`: what the server is
    doing.
    """

    __slots__ = ("directory", "host", "pid", "port", "word")

    def __init__(self, pid: int, directory: str, port: int, host: str, word: str) -> None:
        self.pid = pid
        self.directory = directory
        self.port = port
        self.host = host
        self.word = word


def path_of(directory: str) -> str:
    """The path of the data directory's postmaster.pid."""
    return os.path.join(directory, _facts.PID_FILE.value)


def path_of_socket_lock(file: PidFile) -> str:
    """The path of the file by which the server keeps others from its Unix socket; "" for none.

    It is made as postmaster.pid is, and is on the disk of its directory.
    """
    name = _facts.SOCKET_LOCK.value % file.port
    return os.path.join(file.host, name) if file.host.startswith("/") else ""


def of(disk: Disk) -> PidFile | None:
    """What the data directory's postmaster.pid says; None where there is none, or it is garbage.

    A disk that is away, a file that is being written and one cut short by a full disk all look
    like that: who lives is for the process table to tell.
    """
    return None if disk.pid_file is None else parse(disk.pid_file)


def read_file(path: str, user: str, within: float) -> PidFile | None:
    """What a file like postmaster.pid says, read as the user; None as for :func:`of`."""
    try:
        text = ask_disk(lambda: read_text(path), user, within)
    except OSError:
        return None
    return None if text is None else parse(text)


def parse(text: str) -> PidFile | None:
    """What the text of a postmaster.pid says; None where its first line is no process id."""
    lines = [line.strip() for line in text.splitlines()] + [""] * 8
    pid = lines[0].removeprefix(_facts.SINGLE_USER.value)
    if not (pid.isascii() and pid.isdigit() and len(pid) <= 10 and int(pid)):
        return None
    port = lines[3]
    return PidFile(
        int(pid) if lines[0] == pid else -int(pid),
        lines[1],
        int(port) if port.isascii() and port.isdigit() and len(port) <= 5 else 0,
        lines[4] or _address(lines[5]),
        lines[7],
    )


def _address(listening: str) -> str:
    """Where to connect to a server that listens at `listening` and has no Unix socket."""
    return {"*": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(listening, listening)
