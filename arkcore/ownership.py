"""Whose a process is: the marks, records and names by which a resource knows its own."""

from __future__ import annotations

import os

from arkcore import processes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from arkcore.processes import Process
    from arkcore.resource import Resource
    from arkcore.state import State

#: The kind of the commands of a start, as they are noted.
_START = "start"


class Owner:
    """One resource, as the owner of processes."""

    def __init__(self, resource: Resource, state: State) -> None:
        self._resource = resource.name
        self.logical_host = resource.logical_host
        self.spare = resource.application.machine_wide
        self.state = state

    def started(self) -> tuple[list[Process], bool]:
        """Those, and whether some process shows no environment although it runs a program.

        While it executes a new one nothing shows whose it is; or it was started without any.
        """
        others = {
            f"{processes.MARK}={mark}".encode()
            for mark, (kind, _, _) in self.state.commands().items()
            if kind != _START
        }
        seen = processes.table()
        found = self.remembered(seen)
        unclear = False
        for process in seen.values():
            environment = processes.environment(process.pid)
            unclear = unclear or (not environment and bool(processes.executable(process.pid)))
            if not self.bears_our_mark(environment) or others & set(environment):
                continue
            if processes.in_our_namespace(process.pid):
                found.add(process)
        found |= processes.descendants({process.pid for process in found}, seen)
        mine = {os.getpid(), os.getppid()}
        found = {
            each for each in processes.apart_from(self.spare, found, seen) if each.pid not in mine
        }
        return sorted(found, key=lambda process: process.pid), unclear

    def bears_our_mark(self, environment: list[bytes]) -> bool:
        """Whether it came of a command for this resource, and of this installation's.

        Another prefix on the same machine is another node, whatever its resources are called.
        """
        mark = f"{processes.MARK}={self._resource}:".encode()
        if not any(entry.startswith(mark) for entry in environment):
            return False
        prefixes = [entry for entry in environment if entry.startswith(b"ARK_PREFIX=")]
        own = self.state.paths.prefix
        return prefixes == ([b"ARK_PREFIX=" + os.fsencode(own)] if own else [])

    def remembered(self, seen: dict[int, Process]) -> set[Process]:
        found = set()
        for pid, start in self.state.remembered_processes():
            process = seen.get(pid)
            if process is not None and process.start == start:
                found.add(process)
        return found


class Search:
    """One look for the processes of a logical host beneath some directories."""

    def __init__(
        self,
        owner: Owner,
        beneath: Sequence[str],
        variables: Sequence[str],
        commands: Sequence[str],
    ) -> None:
        self._owner = owner
        self._directories = tuple(f"{directory.rstrip('/')}/" for directory in beneath)
        self._executables = frozenset(beneath)
        #: A product written in Python may have our own interpreter for its executable.
        self._own = (os.getpid(), os.getppid())
        self._commands = frozenset(commands)
        self._spare = owner.spare
        self._variables = tuple(f"{name}=".encode() for name in variables)
        self._host = os.fsencode(owner.logical_host)

    def candidates(self) -> Iterator[Process]:
        """Processes whose executable lies beneath, without commands and machine-wide ones.

        To be looked at as they come: one that goes on by way of its children lives for a moment.
        """
        for pid in processes.pids():
            # The link alone is read of most processes: a healthy check pays for this.
            path = processes.executable(pid)
            if not path.startswith(self._directories) and path not in self._executables:
                continue
            if pid in self._own:
                continue
            name = path.rpartition("/")[2]
            if name in self._commands:
                continue
            process = processes.look(pid)
            if process is None or processes.bears(process, self._spare):
                continue
            if processes.in_our_namespace(pid):
                yield process

    def owned(self) -> list[Process]:
        found, owned = {}, set()
        remembered = self._owner.state.remembered_processes()
        for process in self.candidates():
            found[process.pid] = process
            if (process.pid, process.start) in remembered or self._claims(process.pid):
                owned.add(process.pid)
        grew = True
        while grew:
            heirs = {
                pid
                for pid, process in found.items()
                if pid not in owned and process.ppid in owned and not self._claimed_elsewhere(pid)
            }
            owned |= heirs
            grew = bool(heirs)
        return [found[pid] for pid in sorted(owned)]

    def _claims(self, pid: int) -> bool:
        if self._host in processes.arguments(pid)[1:]:
            return True
        environment = processes.environment(pid)
        wanted = {variable + self._host for variable in self._variables}
        if not wanted & set(environment) and (
            self._names_a_host(environment) or not self._owner.bears_our_mark(environment)
        ):
            return False
        # A machine-wide daemon hands on what its starter's environment was, to whomever it serves.
        return not self._serves_the_machine(pid)

    def _serves_the_machine(self, pid: int) -> bool:
        """Whether one of its ancestors is a machine-wide daemon."""
        if not self._spare:
            return False
        seen = processes.look(pid)
        while seen is not None and seen.ppid > 1:
            seen = processes.look(seen.ppid)
            if seen is not None and processes.bears(seen, self._spare):
                return True
        return False

    def _names_a_host(self, environment: list[bytes]) -> bool:
        return any(
            entry.startswith(variable) for entry in environment for variable in self._variables
        )

    def _claimed_elsewhere(self, pid: int) -> bool:
        """Whether it names another logical host, whoever its ancestors are."""
        environment = processes.environment(pid)
        wanted = {variable + self._host for variable in self._variables}
        return self._names_a_host(environment) and not wanted & set(environment)

    def without_owner(self) -> list[Process]:
        found = {process.pid: process for process in self.candidates()}
        owned = {process.pid for process in self.owned()}
        return [
            process
            for pid, process in sorted(found.items())
            if pid not in owned
            and process.ppid not in found
            and len(processes.arguments(pid)) < 2
            and not self._names_a_host(processes.environment(pid))
        ]
