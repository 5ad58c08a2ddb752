"""The model's own view of /proc. Nothing of the engine's is used: it is the engine that is judged.

Every process of a world bears the world's directory in its executable, arguments or environment.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Seen:
    """One live process."""

    pid: int
    start: int
    ppid: int
    state: str
    executable: str
    arguments: bytes
    environment: tuple[bytes, ...]

    @property
    def key(self) -> tuple[int, int]:
        return (self.pid, self.start)

    @property
    def name(self) -> str:
        return os.path.basename(self.executable) or "?"

    def __str__(self) -> str:
        words = self.arguments.replace(b"\0", b" ").decode("utf-8", "backslashreplace").strip()
        return f"pid {self.pid} ({self.state}) {words[:120] or self.executable}"

    def has(self, variable: bytes) -> bool:
        return variable in self.environment

    def value(self, variable: bytes) -> bytes:
        """The value of an environment variable; empty where it has none."""
        for entry in self.environment:
            if entry.startswith(variable + b"="):
                return entry[len(variable) + 1 :]
        return b""


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def look(pid: int) -> Seen | None:
    """The process `pid`; None where it is dead, a zombie, or a thread of the kernel's."""
    fields = _read(f"/proc/{pid}/stat").rpartition(b") ")[2].split()
    if len(fields) < 20 or fields[0] in (b"Z", b"X", b"x"):
        return None
    try:
        executable = os.readlink(f"/proc/{pid}/exe")
    except OSError:
        return None
    return Seen(
        pid,
        int(fields[19]),
        int(fields[1]),
        fields[0].decode(),
        executable.removesuffix(" (deleted)"),
        _read(f"/proc/{pid}/cmdline"),
        tuple(_read(f"/proc/{pid}/environ").split(b"\0")),
    )


def look_at_all(belongs: Callable[[Seen], bool]) -> list[Seen]:
    """The live processes that belong."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            seen = look(int(name))
            if seen is not None and belongs(seen):
                found.append(seen)
    return found


def lives(seen: Seen) -> bool:
    """Whether this very process is alive still."""
    now = look(seen.pid)
    return now is not None and now.start == seen.start
