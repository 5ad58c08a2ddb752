"""The processes of a unit, by its control group. Needs neither systemd nor any program.

A process that systemd has started for a unit stays in the unit's group with all that it makes,
whatever becomes of its parent, session or environment. A unit's group bears the unit's name and
lies in groups whose names end in `.slice` (systemd.slice(5)). No other group is entered on the way:
a container or the systemd of a user may have a unit of the same name.
"""

from __future__ import annotations

import errno
import os

from ark_systemd import _facts
from arkcore import MachineError, processes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from arkcore import Process

#: What a group answers that is gone, or whose processes the group above it lists.
_NOT_HERE = (errno.ENOENT, errno.ENODEV, errno.EOPNOTSUPP, errno.ENOTDIR)


def living(unit: str, mountinfo: str = "/proc/self/mountinfo") -> list[Process]:
    """The live processes of a unit. `MachineError` where control groups cannot be read here."""
    pids: set[int] = set()
    for top in hierarchies(mountinfo):
        for group in _named(top, unit):
            for directory in _with_all_below(group):
                pids |= _members(directory)
    found = [processes.look(pid) for pid in sorted(pids - {0})]
    return [each for each in found if each is not None]


def hierarchies(mountinfo: str) -> list[str]:
    """Where systemd keeps the groups of its units: version 2, or its own hierarchy of version 1."""
    try:
        with open(mountinfo, encoding="utf-8", errors="surrogateescape") as file:
            lines = file.read().splitlines()
    except OSError as error:
        raise MachineError(f"{mountinfo}: {error.strerror}") from None
    found = []
    for line in lines:
        left, _, right = line.partition(" - ")
        fields, kind = left.split(" "), right.split(" ")
        own = kind[0] == "cgroup" and "name=systemd" in kind[-1].split(",")
        if kind[0] == "cgroup2" or own:
            found.append(fields[4])
    if not found:
        raise MachineError("no control groups of systemd are mounted here")
    return found


def _named(top: str, unit: str) -> Iterator[str]:
    """The groups of this unit: one, unless it is being moved to another slice."""
    names = {_facts.ESCAPE + unit}
    if not unit.startswith(_facts.ESCAPE):
        names.add(unit)
    slices = [top]
    for directory in slices:  # grows meanwhile
        for name in _below(directory):
            if name in names:
                yield f"{directory}/{name}"
            elif name.endswith(".slice"):
                slices.append(f"{directory}/{name}")


def _with_all_below(group: str) -> list[str]:
    """The group and those in it: a service may divide its own."""
    found = [group]
    for directory in found:  # grows meanwhile
        found += [f"{directory}/{name}" for name in _below(directory)]
    return found


def _below(directory: str) -> list[str]:
    try:
        with os.scandir(directory) as entries:
            return [each.name for each in entries if each.is_dir(follow_symlinks=False)]
    except OSError as error:
        if error.errno in _NOT_HERE:
            return []
        raise


def _members(directory: str) -> set[int]:
    try:
        with open(f"{directory}/cgroup.procs", "rb") as file:
            return {int(word) for word in file.read().split()}
    except OSError as error:
        if error.errno in _NOT_HERE:
            return set()
        raise
