"""What a plugin's hook is handed: the resource, the time left, and the ways to act."""

from __future__ import annotations

import os

from arkcore.base import budget
from arkcore.base.deadline import Deadline
from arkcore.base.errors import MachineError
from arkcore.context.ownership import Others, Owner, Search
from arkcore.machine import command, processes
from arkcore.machine.channel import Event, Log
from arkcore.machine.command import CommandResult
from arkcore.machine.machine_wide import serves_machine
from arkcore.machine.output import Output
from arkcore.machine.spawn import command_line, words_of
from arkcore.memory.lock import NodeLock
from arkcore.plugin.application import users_among

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from typing import Any

    from arkcore.context.foreground import Foreground
    from arkcore.context.helpers import Helpers
    from arkcore.context.start_group import StartGroup
    from arkcore.machine.channel import Sender
    from arkcore.machine.processes import Process
    from arkcore.memory.state import State
    from arkcore.resources.resource import Resource
else:
    Helpers = object

#: The kinds of command. What those of the first two leave behind may go on stopping things.
FORCE, STOP, START, STATUS = "force", "stop", "start", "status"
#: A status command that lasts longer, in seconds, is noted with its pid.
_SHORT = 0.5


class StepAtWork:
    """The step that hooks serve now: the kind of its commands, and how each of them ended."""

    __slots__ = ("kind", "results")

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.results: list[CommandResult] = []


class EngineSide:
    """What the engine shares with a context and keeps from its plugin.

    `step`: the step at work, which the engine sets. `owner`: the resource as the owner of
    processes. `group`: the control group of its starts. `shown`: the processes that the context
    has shown to be this logical host's. `daemons`: what was started in the foreground. `sighted`:
    why the pid file that was asked about last shows no process; "" where it shows one.
    """

    def __init__(self, resource: Resource, state: State, owner: Owner, log: Log) -> None:
        self.step = StepAtWork(STATUS)
        self.owner = owner
        self.shown: set[Process] = set()
        self.daemons: list[Foreground] = []
        self.sighted = ""
        self._resource = resource
        self._state = state
        self._log = log
        self._group: StartGroup | None = None

    @property
    def group(self) -> StartGroup:
        """What the starts of this resource have made. A healthy check does without it."""
        if self._group is None:
            from arkcore.context.start_group import group_of

            self._group = group_of(self._resource, self._state, self.owner, self._log)
        return self._group

    def tell_ended(self, how: str, wanted: Iterable[Process], left: Sequence[Process]) -> None:
        """Name those of `wanted` that were ended; `left` live on. At every detail of the log."""
        spare = self._resource.application.machine_wide
        ended = [each for each in wanted if each not in left and not serves_machine(each, spare)]
        if ended:
            self._log.warning(f"{how}: " + ", ".join(f"pid {each}" for each in ended))


def engine_side(context: Context) -> EngineSide:
    """The engine's side of a context."""
    return context._engine


class Context(Helpers):
    """One hook's world. Made by the engine; plugins only use it.

    `resource`, `logical_host`: names. `options`: the plugin's own options object. `deadline`: when
    the step at work must be over. `log`: see :class:`Log`. What is asked of services, pid files
    and the like is in :class:`arkcore.context.helpers.Helpers`.
    """

    def __init__(
        self,
        resource: Resource,
        options: Any,
        state: State,
        sender: Sender,
        deadline: Deadline,
        *,
        observed: Callable[[bool], None] = lambda _: None,
        notes: State | None = None,
        watches: bool = True,
        end: Deadline | None = None,
    ) -> None:
        self.resource = resource.name
        self.logical_host = resource.logical_host
        self.options = options
        self.deadline = deadline
        self.log = Log(sender)
        self._resource = resource
        self._state = state
        self._sender = sender
        self._observed = observed
        user_options = users_among(type(options))
        users = (getattr(options, key, "") for key in user_options)
        named = [each for each in users if each and type(each) is str]
        owner = Owner(resource, state, named, _others_of)
        owner.user_options = user_options
        self._engine: EngineSide = EngineSide(resource, state, owner, self.log)
        #: Where commands are noted: with the asker, where one resource only looks at another.
        self._notes = notes or state
        #: When the worker itself is ended: ending what is late has to fit before that.
        self._end = end or Deadline(deadline.at + 5.0)
        #: Whether it is looked for what a status command leaves running.
        self._watches = watches
        log = resource.log
        self._tells_all = bool(
            resource.ras.detail == "full" or log.json or "debug" in (log.stderr, log.journal)
        )

    if not TYPE_CHECKING:  # a type checker would take every name for one of ours

        def __getattr__(self, name):
            """One of the helpers, which are loaded where a plugin asks for one."""
            from arkcore.context import helpers

            found = getattr(helpers.Helpers, name, None)
            if found is None or name.startswith("__"):
                raise AttributeError(f"a context has no {name!r}")
            return found.__get__(self)

    # Commands.

    def run(
        self,
        argv: Sequence[str],
        *,
        timeout: float | None = None,
        user: str | None = None,
        env: Mapping[str, str | None] | None = None,
        encoding: str | None = None,
    ) -> CommandResult:
        """Run a command of the product and wait for its end; never raises for a return code.

        `argv`: an absolute path and its arguments; no shell reads them. `timeout`: seconds, never
        beyond the deadline. `user`: whose command it is, by default this process's. `env`: added
        to a clean environment (PATH, HOME, LANG=C); None takes a variable away. `encoding`: of
        its output, by default UTF-8. A late command is ended with all it made, after a black box
        was written; the result is then `late`. Output is bounded; a start's is kept in
        /var/log/ark/output.
        """
        argv = words_of("ctx.run", argv)
        deadline = self.deadline if timeout is None else self.deadline.sooner(timeout)
        if deadline.passed:  # not what it is at: the one before was late
            return self._told(CommandResult(argv, error=command.NO_TIME))
        kind = self._engine.step.kind
        if kind != STATUS:
            self._sender.send(Event.COMMAND, command_line(argv))
        self._sender.send(Event.NOW, f"{argv[0]} ({kind})")
        # Whoever only looks marks its commands as nobody's, lest they pass for the application's.
        owner = "-" if self._state.read_only else self.resource
        mark = f"{owner}:{os.urandom(16).hex()}"
        self._notes.commands.note(mark, kind)
        output = self._output()
        # A quick check needs not look: its guard, which has no other children, does at the end.
        before = processes.children(os.getppid()) if self._watches else None
        try:
            result = command.run(
                argv,
                mark=mark,
                deadline=deadline,
                output=output,
                user=user,
                env=self._environment(env),
                encoding=encoding,
                spare=self._resource.application.machine_wide,
                users=lambda: self._engine.owner.whose_marks(user),
                place=self._place_start if kind == START else None,
                on_spawn=lambda pid: self._note_spawned(mark, pid),
                # A healthy check has one file less to write: its command's mark is enough to find
                # it by, unless it clears its environment and hangs.
                told_after=_SHORT if kind == STATUS else 0.0,
                on_late=lambda tree, end: self._record_late(argv, tree, end),
                end=self._end,
            )
        finally:
            output.close()
        # What a stop or a forced stop leaves behind is looked for before the next start, and what a
        # start does until it has gone well, also by the action after one that was killed; what a
        # status command does has become the guard's child, and is looked for at the action's end.
        kept = kind in (STOP, FORCE, START)
        if kind == STATUS:
            kept = not self._watches or before != processes.children(os.getppid())
        if not result.left and not kept:
            self._notes.commands.forget([mark])
        return self._told(result)

    def _environment(self, extra: Mapping[str, str | None] | None) -> dict[str, str | None]:
        prefix = self._state.paths.prefix
        return {**(extra or {}), **({"ARK_PREFIX": prefix} if prefix else {})}

    def _told(self, result: CommandResult) -> CommandResult:
        self._engine.step.results.append(result)
        if self._tells_all:
            self.log.debug(f"{result.told()} after {result.seconds:.1f} s")
            for line in result.last_lines():
                self.log.debug(f"| {line}")
        return result

    def _output(self) -> Output:
        if self._engine.step.kind == START:
            path = self._state.paths.start_output(self.resource)
            try:
                return Output.kept(path, self._resource.log.group)
            except OSError as error:
                # In memory would be wrong: a daemon may write there long after we are gone.
                self.log.warning(f"cannot write {path}: {error.strerror}; output is lost")
                return Output(os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC))
        return Output.discarded()

    def _note_spawned(self, mark: str, pid: int) -> None:
        try:
            process = processes.look(pid)
        except OSError:
            return  # its mark has to be enough
        if process is not None:
            self._notes.commands.note(mark, self._engine.step.kind, pid, process.start)

    def _record_late(self, argv: Sequence[str], tree: Sequence[Process], output: bytes) -> str:
        if self._engine.step.kind != STATUS:
            self._sender.send(
                Event.LATE, f"ending {argv[0]} ({self._engine.step.kind}), which is late"
            )
        if self._notes.read_only:
            # A look at a hang is repeated, and its boxes would push out those of the scripts.
            return ""
        headline = f"{self.resource} ({self.logical_host}): late: {command_line(argv)}"
        from arkcore.machine import blackbox

        directory, log = self._state.paths.blackboxes, self._resource.log
        within = budget.for_command_box(blackbox.TIME, self._end.remaining())
        return blackbox.record(
            directory,
            self.resource,
            headline,
            lambda: tree,
            output=output,
            within=within,
            hide=self._sender.masked,
            group=log.group,
            keeping=blackbox.Keeping(log.blackboxes, log.blackbox_days, log.incident_days),
        )

    # Time.

    def wait_until(self, predicate: Callable[[], bool], *, within: float) -> bool:
        """Ask `predicate` again and again; False where `within` seconds or the deadline passed."""
        from arkcore.base import retry

        return retry.ask_until(predicate, self.deadline.sooner(within))

    def node_lock(self, name: str, *, within: float | None = None) -> NodeLock:
        """A lock shared by all resources of this node: `with ctx.node_lock("x") as taken:`.

        `taken` is False where the deadline, or `within` seconds, came first. Time spent waiting
        for it is not held against the application.
        """
        return NodeLock(
            self._state.paths.node_lock(name),
            self.deadline if within is None else self.deadline.sooner(within),
            on_wait=lambda: self._observed(False),
            on_taken=lambda: self._observed(True),
        )

    # Processes.

    def find_processes(
        self,
        beneath: Sequence[str],
        *,
        variables: Sequence[str] = (),
        commands: Sequence[str] = (),
        parts: Sequence[str] = (),
        users: Sequence[str] = (),
        apart: Sequence[str] = (),
    ) -> list[Process]:
        """The live processes of this logical host whose executable lies beneath a directory.

        `beneath`: directories of the product's own, or executables themselves: a product in a
        directory of the system's, such as /usr/bin, is named by its executables.

        One belongs here when the logical host's name is one of its arguments or the value of one
        of the environment `variables`, when it bears the mark of a start of this resource, when an
        ancestor belongs, or when it was recorded while the application was last RUNNING. What
        another resource has recorded, or has started with this plugin, is left out.

        `commands` names executables that are short-lived commands, and no part of the application.
        `parts` names the executables that are parts of one logical host; a `*` at the end of a name
        stands for anything. Where it is given, a variable or a mark tells of these alone: a daemon
        of the whole machine inherits them from whoever happens to start it. `users` names the users
        whose processes may say so of themselves, besides root, the running user, those of the
        options `user` and `process_user`, and the users of recorded processes. `apart` names
        executables, wherever they lie, that a start may make and that serve others too: they are
        never ended with the control group of the start.
        """
        self._engine.owner.apart = frozenset(apart)
        search = Search(self._engine.owner, beneath, variables, commands, parts=parts, users=users)
        found = search.owned()
        self._engine.shown.update(found)
        return found

    def may_be_ours(self, process: Process) -> bool:
        """Whether its user allows that it is the application's; says nothing else of it.

        Its real and effective user must be root, the running user, that of the option `user` or
        `process_user`, or of a recorded process; or it was recorded itself, or made by this very
        action.
        """
        return self._engine.owner.may_have(process, self._engine.owner.users())

    def started_processes(self) -> list[Process]:
        """What came of this resource's starts, wherever its executables lie.

        Those that bear the mark of a start of this resource, those recorded, and all that descend
        from them.
        """
        found = self._engine.owner.started()[0]
        self._engine.shown.update(found)
        return found

    def _place_start(self, make: Callable[[int], int]) -> int:
        """Have a start command live in the resource's group, as urgent as [start] says."""
        from arkcore.context.scheduling import enter_start

        leave = enter_start(self._resource.start, self.log.warning)
        try:
            return self._engine.group.spawn(make)
        finally:
            leave()

    def terminate(self, ended: Iterable[Process], *, grace: float = 10.0) -> None:
        """End these processes: TERM, and after `grace` seconds KILL. `MachineError` names the rest.

        Each one's start time is compared before each signal.
        """
        wanted = [process for process in ended if processes.still_lives(process)]

        def find() -> list[Process]:
            return [process for process in wanted if processes.still_lives(process)]

        spare = self._resource.application.machine_wide
        from arkcore.machine import ending

        left = ending.end(find, self.deadline, spare=spare, grace=grace)
        if self._engine.step.kind == FORCE:
            self._engine.tell_ended("ended by force", wanted, left)
        if left:
            raise MachineError("cannot be ended: " + ", ".join(str(process) for process in left))


def _others_of(owner: Owner, users: Collection[str]) -> Others:
    from arkcore.context.others import OthersOfNode

    return OthersOfNode(owner, users)
