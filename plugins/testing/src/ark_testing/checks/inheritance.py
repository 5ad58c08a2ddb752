"""Finds in an application's processes what came from whoever called its start."""

from __future__ import annotations

import os
from collections import defaultdict

from ark_testing.host import Host, environment_of
from ark_testing.mess import SIGNALS, UMASK, VARIABLE, Inherited
from arkcore.machine import processes
from arkcore.machine.processes import Process

#: What a command of ours has in its environment, and its daemons with it.
_OURS = (processes.MARK, "ARK_PREFIX")
_ACCESS = os.O_RDONLY | os.O_WRONLY | os.O_RDWR


def what_was_inherited(host: Host) -> list[str]:
    """What a host's daemons show of their caller, after a restore in messy surroundings."""
    mess = host.parent.inherited()
    living = host.living() + host.machine_wide_living()
    found = []
    for process in living:
        for told in (
            *_descriptors(process, host, mess),
            *_of_the_kernel(process),
            *_directory(process, mess),
            *_environment(process),
        ):
            found.append(f"{process}: {told}")
    return found + _open_pipes(living)


def _descriptors(process: Process, host: Host, mess: Inherited) -> list[str]:
    found = []
    for number, target in _opened(process).items():
        if target in (mess.file, mess.pipe):
            found.append(f"descriptor {number} is its caller's: {target}")
        elif target.startswith(("/dev/pts/", "/dev/tty")):
            found.append(f"descriptor {number} is a terminal: {target}")
        elif "memfd:" in target and "ark-output" in target:
            found.append(f"descriptor {number} is the output of one of our commands")
        elif target.startswith(f"{host.prefix}/") and target != host.owner_of_output():
            # The locks are among them: a daemon that has one open holds it.
            found.append(f"descriptor {number} is a file of ours: {target}")
    return found


def _opened(process: Process) -> dict[int, str]:
    found = {}
    try:
        for name in os.listdir(f"/proc/{process.pid}/fd"):
            try:
                found[int(name)] = os.readlink(f"/proc/{process.pid}/fd/{name}")
            except OSError:
                continue  # closed meanwhile
    except OSError:
        pass  # ended meanwhile
    return found


def _open_pipes(living: list[Process]) -> list[str]:
    """Pipes of which the application holds one end, and nobody of it the other."""
    ends: dict[str, set[int]] = defaultdict(set)
    holders: dict[str, Process] = {}
    for process in living:
        for number, target in _opened(process).items():
            if target.startswith("pipe:"):
                ends[target].add(_access(process, number))
                holders[target] = process
    return [
        f"{holders[pipe]}: holds one end of a pipe whose other end is not the application's"
        for pipe, modes in ends.items()
        if modes in ({os.O_RDONLY}, {os.O_WRONLY})
    ]


def _access(process: Process, number: int) -> int:
    try:
        with open(f"/proc/{process.pid}/fdinfo/{number}") as file:
            for line in file:
                if line.startswith("flags:"):
                    return int(line.split()[1], 8) & _ACCESS
    except OSError:
        pass
    return os.O_RDWR  # gone meanwhile: nothing is known


def _of_the_kernel(process: Process) -> list[str]:
    found = []
    try:
        with open(f"/proc/{process.pid}/stat", "rb") as file:
            terminal = int(file.read().rpartition(b") ")[2].split()[4])
        with open(f"/proc/{process.pid}/status") as file:
            status = dict(line.rstrip("\n").partition(":\t")[::2] for line in file)
    except (OSError, ValueError, IndexError):
        return []
    if terminal:
        found.append("it has its caller's terminal; start it in a session of its own (setsid)")
    for key, what in (("SigBlk", "blocks"), ("SigIgn", "ignores")):
        mask = int(status.get(key, "0"), 16)
        names = [
            number.name if hasattr(number, "name") else str(number)
            for number in SIGNALS
            if mask & (1 << (number - 1))
        ]
        if names:
            found.append(f"it {what} what its caller did: {', '.join(names)}")
    if int(status.get("Umask", "0"), 8) == UMASK:
        found.append("it has its caller's umask")
    return found


def _directory(process: Process, mess: Inherited) -> list[str]:
    try:
        directory = os.readlink(f"/proc/{process.pid}/cwd")
    except OSError:
        return []
    return [f"its directory is its caller's: {directory}"] if directory == mess.directory else []


def _environment(process: Process) -> list[str]:
    environment = environment_of(process.pid)
    found = [
        f"{name} is in its environment"
        for name in environment
        if name.startswith("ARK_") and name not in _OURS
    ]
    if VARIABLE in environment:
        found.append("its caller's environment is its own")
    return found
