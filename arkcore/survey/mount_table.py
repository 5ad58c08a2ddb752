"""The tables of mounts as text: what is mounted (proc(5)), and what is to be (fstab(5))."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_OCTAL = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True)
class Mounted:
    """A line of /proc/self/mountinfo. `number`: of the device, "253:0"; `root`: what of it."""

    number: str
    root: str
    point: str
    kind: str
    source: str


@dataclass(frozen=True)
class Entry:
    """A line of /etc/fstab."""

    source: str
    point: str
    kind: str
    options: tuple[str, ...]

    @property
    def acts_at_boot(self) -> bool:
        """Whether it is mounted at boot, or by whoever looks there first."""
        return "noauto" not in self.options or "x-systemd.automount" in self.options


def mounted_at(mountinfo: str, point: str) -> Mounted | None:
    """What is seen at `point`: the last that was mounted exactly there."""
    found = None
    for line in mountinfo.splitlines():
        left, _, right = line.partition(" - ")
        fields, more = left.split(" "), right.split(" ")
        if len(fields) > 5 and len(more) > 1 and _plain(fields[4]) == os.path.normpath(point):
            found = Mounted(
                fields[2], _plain(fields[3]), _plain(fields[4]), more[0], _plain(more[1])
            )
    return found


def entries_of(fstab: str) -> Iterator[Entry]:
    for line in fstab.splitlines():
        fields = line.split()
        if len(fields) > 2 and not fields[0].startswith("#"):
            options = tuple(fields[3].split(",")) if len(fields) > 3 else ()
            yield Entry(_plain(fields[0]), os.path.normpath(_plain(fields[1])), fields[2], options)


def _plain(path: str) -> str:
    """A path without its octal codes."""
    return _OCTAL.sub(lambda code: chr(int(code[1], 8)), path)
