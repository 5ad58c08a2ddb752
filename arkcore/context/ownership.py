"""Whose a process is: the marks, records and names by which a resource knows its own.

What anybody on the node can write decides nothing. A mark counts with the random part that we wrote
down. A mark, an argument or a variable counts for root, for the user that we run as, for the users
that the resource names and for those of its recorded processes alone. What descends from a process
that belongs, and what was recorded with its pid and start time, belongs whoever its user is.
"""

from __future__ import annotations

import os

from arkcore.machine import processes
from arkcore.machine.machine_wide import serves_machine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from arkcore.context.marks import Marks
    from arkcore.machine.processes import Process
    from arkcore.memory.state import State
    from arkcore.resources.resource import Resource


class Owner:
    """One resource, as the owner of processes.

    `named`: the users, by name, that its options give it. `others`: makes, of this owner and of
    further users, what knows of the other resources.
    """

    def __init__(
        self,
        resource: Resource,
        state: State,
        named: Collection[str] = (),
        others: Callable[[Owner, Collection[str]], Others] = lambda owner, users: Others(),
    ) -> None:
        self.others = others
        self._resource = resource.name
        self.plugin, self.shares_host = resource.plugin.name, resource.application.shares_host
        self.logical_host = resource.logical_host
        self.spare = resource.application.machine_wide
        self.state = state
        self._named = tuple(named)
        #: The names of the options that hold a user, of this plugin's resources.
        self.user_options: tuple[str, ...] = ("user", "process_user")
        #: Whether a user that it names could not be looked up: then others' may be its own.
        self.lacks_user = False
        #: What the last search left alone, though it inherited a claim: it serves the machine.
        self.spared: set[Process] = set()
        #: Names of executables that a start may make and that serve others, as the plugin says.
        self.apart: frozenset[str] = frozenset()

    def marks(self) -> Marks:
        """The marks of its starts, as they are written down now."""
        from arkcore.context.marks import Marks

        commands = self.state.commands
        others = [each.mark for each in commands.all() if each.kind != "start"]
        return Marks(self._resource, self.state.paths.prefix, commands.start_marks(), others)

    def is_marked_by_another(self, environment: list[bytes]) -> bool:
        """Whether its marks are in another resource's name, whoever wrote them."""
        from arkcore.context.marks import entry_of

        ours = entry_of(f"{self._resource}:")
        marks = [each for each in environment if each.startswith(entry_of(""))]
        return bool(marks) and not any(each.startswith(ours) for each in marks)

    def users(self, named: Collection[str] = ()) -> frozenset[int]:
        """The ids of the users whose processes may be its own; `named`: further ones, by name.

        One that cannot be looked up adds nobody, and `lacks_user` holds from then on.
        """
        found = {0, os.geteuid(), *self.state.processes.users()}
        for name in {*self._named, *named}:
            import pwd

            try:
                found.add(pwd.getpwnam(name).pw_uid)
            except KeyError:
                self.lacks_user = True
        return frozenset(found)

    def whose_marks(self, user: str | None = None) -> frozenset[int] | None:
        """The ids of the users whose processes are asked for a mark; `user`: one more, by name.

        None is everybody, where one cannot be looked up: a mark that was written down is known to
        nobody but root and the product.
        """
        found = self.users((user,) if user else ())
        return None if self.lacks_user else found

    def started(self) -> tuple[list[Process], set[Process]]:
        """What starts made, and what shows no environment although it runs a program.

        While a process executes a new program nothing shows whose it is; or it was started without
        any environment. The child of a process that is clearly another's is another's, too: on a
        busy machine there is always somebody who begins a program.
        """
        marks, users = self.marks(), self.users()
        seen: dict[int, Process] = {}
        found, foreign, unclear = set(), set(), set()
        # Each is asked as it comes: one that goes on by way of its children lives for a moment.
        for pid in processes.pids():
            process = processes.look(pid)
            if process is None:
                continue
            seen[pid] = process
            if process.is_kernel_thread:
                continue  # half of a node's table
            # Before anything is read of it: what another user's process shows costs nothing.
            if processes.owner(pid) not in users:
                foreign.add(process)
                continue
            environment = processes.environment(pid)
            if marks.are_in(environment):
                if is_one_of(pid, users) and _can_be_here(pid, marks):
                    found.add(process)
            elif not environment and processes.executable(pid):
                unclear.add(process)
        # What this very action has made may have another user by now.
        below = foreign & processes.descendants({os.getppid()}, seen) if foreign else set()
        if self.lacks_user and marks.are_known:
            below = foreign  # a mark that we wrote down is known to nobody but root and the product
        found |= {each for each in below if marks.are_in(processes.environment(each.pid))}
        found |= self.remembered(seen)
        found |= processes.descendants({process.pid for process in found}, seen)
        mine = {os.getpid(), os.getppid()}
        others = seen.keys() - {each.pid for each in found | unclear} - {1} - mine
        unclear = {each for each in unclear if each.ppid not in others}
        from arkcore.machine.offspring import apart_from

        apart = {each for each in apart_from(self.spare, found, seen) if each.pid not in mine}
        return sorted(apart, key=lambda each: each.pid), unclear

    def remembered(self, seen: dict[int, Process]) -> set[Process]:
        """Those of the table `seen` that were recorded when it was last RUNNING."""
        known = self.state.processes.known()
        return {each for each in seen.values() if (each.pid, each.start) in known}

    def may_have(self, process: Process, users: frozenset[int]) -> bool:
        """Whether its user is one of `users`, it was recorded, or this action has made it.

        Where a user could not be looked up, a mark that was written down shows as much.
        """
        if is_one_of(process.pid, users):
            return True
        if (process.pid, process.start) in self.state.processes.known():
            return True
        if self.lacks_user:
            marks = self.marks()
            if marks.are_known and marks.are_in(processes.environment(process.pid)):
                return True
        return os.getppid() in (each.pid for each in ancestors(process))


class Others:
    """The other resources of a node, as owners of processes: none; see `arkcore.context.others`."""

    def among(self, named: set[int], ours: set[int], found: dict[int, Process]) -> set[int]:
        """Those of `named`, which name our logical host, that another resource has."""
        return set()

    def started(self, process: Process) -> bool:
        """Whether it bears a mark that a start of another resource has written down."""
        return False


def ancestors(process: Process) -> Iterator[Process]:
    """The process that made it, the one that made that, and so on; the first one of all not."""
    seen: Process | None = process
    met: set[int] = set()
    while seen is not None and seen.ppid > 1 and seen.ppid not in met:
        met.add(seen.ppid)
        seen = processes.look(seen.ppid)
        if seen is not None:
            yield seen


def is_one_of(pid: int, users: frozenset[int]) -> bool:
    """Whether both the real and the effective user of `pid` are among `users`."""
    if processes.owner(pid) not in users:
        return False
    both = processes.users(pid)
    return bool(both) and both <= users


def _can_be_here(pid: int, marks: Marks) -> bool:
    """A container's processes are another machine's, unless a mark that we wrote down is theirs."""
    return marks.are_known or processes.in_our_namespace(pid)


class Search:
    """One look for the processes of a logical host beneath some directories.

    `parts`: where they are given, the executables for which an inherited claim counts: the value of
    a variable, or a mark. `users`: names of users whose processes they may be.
    """

    def __init__(
        self,
        owner: Owner,
        beneath: Sequence[str],
        variables: Sequence[str],
        commands: Sequence[str],
        *,
        parts: Collection[str] = (),
        users: Collection[str] = (),
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
        self._wanted = frozenset(variable + self._host for variable in self._variables)
        self._parts = tuple(parts)
        self._names = users
        #: Once they were asked for.
        self._users: frozenset[int] | None = None
        self._marks: Marks | None = None
        self._others: Others | None = None
        #: What names this logical host, and is provably another resource's.
        self._apart: set[int] = set()
        self._paths: dict[int, str] = {}  # the executables of what was looked at, by pid
        #: What has inherited a claim, and is no part of a logical host by its name.
        self._suspects: dict[int, Process] = {}
        #: What claims nothing, for its user may not.
        self._strangers: dict[int, Process] = {}

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
            if path.rpartition("/")[2] in self._commands:
                continue
            process = processes.look(pid)
            if process is None:
                continue
            self._paths[pid] = path
            if not serves_machine(process, self._spare):
                yield process
            elif self._parts and self._has_inherited(process):
                self._suspects[pid] = process

    def owned(self) -> list[Process]:
        """Those of the logical host, without what is provably another resource's."""
        found, owned = {}, set()
        named: set[int] = set()
        remembered = self._owner.state.processes.known()
        self._marks, self._suspects, self._strangers = None, {}, {}
        self._others, self._apart = None, set()
        for process in self.candidates():
            pid = process.pid
            found[pid] = process
            if (pid, process.start) in remembered:
                owned.add(pid)
            elif self._claims(process):
                ours = self._known_marks().are_in(processes.environment(pid))
                (owned if ours else named).add(pid)
        if named:
            self._apart = self._known_others().among(named, owned, found)
            owned |= named - self._apart
        self._add_heirs(owned, found)
        # Between it and what it descends from there may be programs of others, a shell's for one.
        late = {
            pid
            for pid, process in self._suspects.items()
            if pid in found and pid not in owned
            if any(each.pid in owned for each in ancestors(process))
        }
        if late:
            owned |= late
            self._add_heirs(owned, found)
        if self._parts:
            self._owner.spared = {each for pid, each in self._suspects.items() if pid not in owned}
        return [found[pid] for pid in sorted(owned)]

    def _known_others(self) -> Others:
        self._others = self._others or self._owner.others(self._owner, self._names)
        return self._others

    def _add_heirs(self, owned: set[int], found: dict[int, Process]) -> None:
        heirs = owned
        while heirs:
            heirs = {
                pid
                for pid, process in found.items()
                if process.ppid in owned and pid not in owned and pid not in self._apart
                if not self._is_elsewhere(process)
            }
            owned |= heirs

    def _claims(self, process: Process) -> bool:
        """Whether it shows for itself that it belongs here."""
        pid = process.pid
        if not self._user_may(process):
            self._strangers[pid] = process
            return False
        if self._host in processes.arguments(pid)[1:]:
            return self._user_may(process, exactly=True) and self._is_here(pid)
        # A machine-wide daemon hands on what its starter's environment was, to whomever it serves.
        if not self._has_inherited(process) or self._serves_the_machine(process):
            return False
        if self._parts and not self._is_part(process):
            self._suspects[pid] = process
            return False
        return True

    def _has_inherited(self, process: Process) -> bool:
        """Whether its environment shows the logical host, or a mark of ours and no other host."""
        environment = processes.environment(process.pid)
        bears_mark = self._known_marks().are_in(environment)
        named = not self._wanted.isdisjoint(environment)
        if not named and (not bears_mark or self._names_a_host(environment)):
            return False
        if not self._user_may(process, exactly=True):
            return False
        return (bears_mark and self._known_marks().are_known) or self._is_here(process.pid)

    def _user_may(self, process: Process, *, exactly: bool = False) -> bool:
        if self._users is None:
            self._users = self._owner.users(self._names)
        if not exactly and processes.owner(process.pid) in self._users:
            return True
        return self._owner.may_have(process, self._users)

    def _known_marks(self) -> Marks:
        self._marks = self._marks or self._owner.marks()
        return self._marks

    def _is_here(self, pid: int) -> bool:
        """Whether it runs the product's file, and no container's."""
        return processes.in_our_namespace(pid) and processes.runs_file(pid, self._paths[pid])

    def _is_part(self, process: Process) -> bool:
        names = (process.name, self._paths[process.pid].rpartition("/")[2])
        for part in self._parts:
            if part.endswith("*"):
                if any(name.startswith(part[:-1]) for name in names):
                    return True
            elif part in names or process.name == os.fsdecode(os.fsencode(part)[:15]):
                return True
        return False

    def _serves_the_machine(self, process: Process) -> bool:
        """Whether one of its ancestors is a machine-wide daemon."""
        return bool(self._spare) and any(
            serves_machine(each, self._spare) for each in ancestors(process)
        )

    def _names_a_host(self, environment: list[bytes]) -> bool:
        return any(
            entry.startswith(variable) for entry in environment for variable in self._variables
        )

    def _is_elsewhere(self, process: Process) -> bool:
        """Whether it names another host or another resource started it, whoever its ancestors."""
        environment = processes.environment(process.pid)
        if self._names_a_host(environment) and self._wanted.isdisjoint(environment):
            return True
        by_another = self._owner.is_marked_by_another(environment)
        return by_another and self._known_others().started(process)
