"""The healthy path of a quickCheck. It can say one thing only: that the application is well.

It says so where all of this holds, and leaves every other case to the guard:

* the resource is as it was recorded, and its plugin has named the commands that tell its health;
* nothing is remembered that is not ordinary: the resource is wanted up, the last verdict was that
  it runs, and no command, script, maintenance, doubt or blindness is open;
* no other action is at work;
* each of those commands returns 0 in its time, and leaves nothing below this process;
* each process that was recorded when the application was last RUNNING still lives;
* and the whole process table was looked at within the last ten minutes.

The guard goes on with what has begun here (:class:`Begun`): the lock is held, the start line is
written, and the clock of the undecided runs. A command that did not return 0 it has the plugin ask
again; one that took all of the check's time was asked, and is the answer.

Each command is started by a fork, not by posix_spawn: that would wait for the program to be read,
and a program may lie on a disk that hangs.
"""

from __future__ import annotations

import os
import time

from arkcore.base import budget
from arkcore.base.call import Action
from arkcore.base.deadline import Deadline
from arkcore.base.status import Outcome, Status, Verdict
from arkcore.base.stderr import complain
from arkcore.machine import output, processes
from arkcore.machine.child import Child
from arkcore.machine.descent import has_children
from arkcore.machine.spawn import clean_environment, close_others, default_signals
from arkcore.memory import files, private
from arkcore.memory.intent import Wanted
from arkcore.memory.lock import NodeLock, ResourceLock
from arkcore.memory.open_script import OpenScript
from arkcore.memory.state import State
from arkcore.memory.undecided import UndecidedClock
from arkcore.ras.format import format_line
from arkcore.ras.sink import RasSink
from arkcore.resources import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from arkcore.base.call import Call
    from arkcore.base.paths import Paths
    from arkcore.resources.resource import LogSettings, Resource
    from arkcore.worker.signals import Signals

#: The kind that a status command is noted with.
_STATUS = "status"
#: Seconds between two looks at the size of what a command writes.
_LONGEST_LOOK = 0.05
#: Files of a resource's memory that are not there while all is ordinary.
_EXTRAORDINARY = frozenset({"blind.json", "commands.json", "undecided.json"})
#: A command that lasts longer, in seconds, is noted with its pid: one that clears its environment
#: would else be known by nothing.
_SHORT = 0.5
#: Levels of a sink that is told of nothing that goes well.
_QUIET = ("warning", "error", "none")


class Begun:
    """What of a quickCheck has begun when the guard takes it over.

    `resource`: as it was recorded. `lock`: which is held. `clock`: of the undecided, which runs.
    `answer`: what the check's part has answered, where its time is used up; None where the plugin
    is to be asked.
    """

    __slots__ = ("answer", "clock", "lock", "resource")

    def __init__(self, resource: Resource, lock: ResourceLock, clock: UndecidedClock) -> None:
        self.resource = resource
        self.lock = lock
        self.clock = clock
        self.answer: Verdict | None = None


class HealthyCheck:
    """One quickCheck, as far as the healthy path goes."""

    def __init__(self, call: Call, paths: Paths, signals: Signals) -> None:
        self._call = call
        self._paths = paths
        self._signals = signals
        if call.caller.called_at is None:
            call.caller.called_at = time.monotonic()
        self._state = State(paths, call.resource)
        #: What the guard goes on with; None where it begins anew.
        self.begun: Begun | None = None
        #: Whether the end line is written.
        self._is_over = False

    def is_well(self) -> bool:
        """Whether the check is over, and all was well. Never raises for what it finds."""
        lock = ResourceLock(self._state.directory)
        try:
            resource = self._recorded()
            if resource is None or not self._has_taken(lock) or not self._is_ordinary(resource):
                return False
            return self._checks(resource, lock)
        except Exception as error:  # a fault of ours: the guard asks as ever
            complain(f"{self._call.resource}: healthy path: {type(error).__name__}: {error}")
            return self._is_over
        finally:
            if self.begun is None:
                lock.release()

    # What has to hold before anything is done.

    def _recorded(self) -> Resource | None:
        """The resource, where it is one for this path."""
        call = self._call
        if call.caller.traces or has_children():
            return None
        private.secure(self._paths, call.resource)
        resource = record.load(self._paths, call.resource, call.parameters)
        if resource is None or not resource.health or resource.observers:
            return None
        as_usual = resource.ras.detail == "guide" and resource.ras.quickcheck == "every"
        return resource if as_usual and _is_quiet(resource.log) else None

    def _has_taken(self, lock: ResourceLock) -> bool:
        """Whether the lock is ours now, and nobody holds that of an earlier version."""
        age = time.monotonic() - self._began_at
        try:
            taken = lock.try_take(Action.QUICK_CHECK.word, files.boottime() - age)
        except OSError:
            return False
        return taken and not lock.stranger_holds_earlier

    def _is_ordinary(self, resource: Resource) -> bool:
        """Whether nothing is remembered that the guard would have to see to."""
        state, paths, name = self._state, self._paths, resource.name
        if not _EXTRAORDINARY.isdisjoint(os.listdir(state.directory)):
            return False
        if any(map(os.path.lexists, (paths.maintenance(name), paths.open_script(name)))):
            return False
        last = state.verdict.read()
        if last.outcome is not Outcome.WELL or last.status is not Status.RUNNING:
            return False
        return state.intent.wanted is Wanted.UP and state.processes.were_looked_at_lately()

    @property
    def _began_at(self) -> float:
        return self._call.caller.called_at or 0.0

    # The check itself.

    def _checks(self, resource: Resource, lock: ResourceLock) -> bool:
        caller, timers = self._call.caller, resource.timers
        run_limit = caller.run_limit(timers)
        limit = caller.ends
        if limit is None and run_limit is not None:
            limit = Deadline(self._began_at + run_limit)
        timer = timers["quickcheck.process"]
        within, cleanup = budget.of_check(timer, 0.0, timers["quickcheck.cleanup"], run_limit)
        now = time.monotonic()
        at, end = budget.of_part(now, now + within, cleanup, None if limit is None else limit.at)

        script = OpenScript(self._paths, resource.name)
        sink = RasSink(self._paths.ras_log, group=resource.log.group)
        gap = UndecidedClock.gap_for(caller.check_interval)
        clock = self._state.undecided_clock(timer, gap)
        self.begun = Begun(resource, lock, clock)
        script.begin(Action.QUICK_CHECK.script, True, None if limit is None else limit.remaining())
        self._tell(sink, resource, "start.")
        clock.observe()
        output.trim_kept(self._paths.start_output(resource.name))

        if not self._all_return_0(resource, clock, Deadline(at), Deadline(end)):
            return False
        if not self._all_live() or self._signals.received:
            return False
        clock.reset()
        self._tell(sink, resource, "completed.")
        self._is_over = True
        script.end()
        verdict = Verdict(Outcome.WELL, status=Status.RUNNING)
        self._state.verdict.note(Action.QUICK_CHECK.word, verdict)
        lock.release()
        return True

    def _tell(self, sink: RasSink, resource: Resource, how: str) -> None:
        message = f"{Action.QUICK_CHECK.script} {how}"
        sink.write(format_line(resource.name, resource.logical_host, message, time.time()))

    def _all_live(self) -> bool:
        """Whether every recorded process lives, and there is one."""
        known = self._state.processes.known()
        return bool(known) and all(processes.is_alive(pid, start) for pid, start in known)

    def _all_return_0(
        self, resource: Resource, clock: UndecidedClock, deadline: Deadline, end: Deadline
    ) -> bool:
        """Run the commands; whether each returned 0 in time, and nothing of them is left."""
        mark = f"{resource.name}:{os.urandom(16).hex()}"
        self._state.commands.note(mark, _STATUS)
        well = True
        assert self.begun is not None
        for argv, timeout, env, node_lock in resource.health:
            environment = clean_environment(mark, self._of_prefix(env))
            command = _Command(self.begun, self._signals, self._state, argv, environment)
            if node_lock:
                lock = NodeLock(
                    self._paths.node_lock(node_lock),
                    _UntilTold(deadline.at, self._signals),
                    on_wait=clock.withdraw,
                    on_taken=clock.observe,
                )
                with lock as taken:
                    well = taken and command.returns_0(timeout, deadline, end)
            else:
                well = command.returns_0(timeout, deadline, end)
            if not well:
                break
        if has_children():
            return False  # the guard ends what is left, and knows it by the mark
        self._state.commands.forget([mark])
        return well

    def _of_prefix(self, env: Mapping[str, str | None]) -> dict[str, str | None]:
        prefix = self._paths.prefix
        return {**env, **({"ARK_PREFIX": prefix} if prefix else {})}


class _Command:
    """One health command: started, awaited, and ended where it is late."""

    def __init__(
        self,
        begun: Begun,
        signals: Signals,
        state: State,
        argv: Sequence[str],
        environment: dict[str, str],
    ) -> None:
        self._begun = begun
        self._signals = signals
        self._state = state
        self._argv = argv
        self._environment = environment

    def returns_0(self, timeout: float | None, deadline: Deadline, end: Deadline) -> bool:
        """Whether it ends with 0 within `timeout` seconds.

        `deadline`: the check's; what is late then is the check's answer. `end`: by when it is dead.
        Where this process is told to end, the command lives on: the guard ends it.
        """
        if deadline.passed:
            return False  # not what it is at: the one before was late
        own = deadline if timeout is None else deadline.sooner(timeout)
        written = output.Output.discarded()
        is_noted = False
        try:
            began = time.monotonic()
            child = Child.fork(lambda: self._become(written))
            while not child.is_over():
                if self._signals.received:
                    return False
                if not is_noted and time.monotonic() - began > _SHORT:
                    is_noted = True
                    self._note(child.pid)
                if own.passed:
                    told = self._end(child, written, time.monotonic() - began, end)
                    if deadline.passed:
                        seen = f"{Status.UNKNOWN.value} ({told})"
                        answer = Verdict(Outcome.UNDECIDED, f"It is {seen}", Status.UNKNOWN)
                        self._begun.answer = answer
                    return False
                # The end of the child wakes us. Awake in any case, to cut back a flood of output.
                self._signals.wait(min(_LONGEST_LOOK, own.remaining()))
                written.trim()
            return child.code == 0
        finally:
            written.close()

    def _note(self, pid: int) -> None:
        """Note which process it is."""
        try:
            process = processes.look(pid)
        except OSError:
            return  # its mark has to be enough
        if process is not None:
            mark = self._environment[processes.MARK]
            self._state.commands.note(mark, _STATUS, pid, process.start)

    def _become(self, written: output.Output) -> None:
        """In the child: be the command."""
        os.setsid()
        default_signals()
        if not _is_ordinary_process():
            from arkcore.context.scheduling import be_ordinary

            be_ordinary()
        os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
        os.dup2(written.descriptor, 1)
        os.dup2(written.errors, 2)
        # Locks among them: the program may lie on a disk that hangs, and this child with it.
        close_others()
        os.execve(self._argv[0], list(self._argv), self._environment)

    def _end(self, child: Child, written: output.Output, seconds: float, end: Deadline) -> str:
        """Write a black box of what is late, end it, and say so."""
        from arkcore.machine import blackbox
        from arkcore.machine.command import CommandResult, end_late
        from arkcore.machine.spawn import command_line

        resource, log = self._begun.resource, self._begun.resource.log
        headline = f"{resource.name} ({resource.logical_host}): late: {command_line(self._argv)}"

        def record_late(tree: list[processes.Process], last: bytes) -> str:
            return blackbox.record(
                self._state.paths.blackboxes,
                resource.name,
                headline,
                lambda: tree,
                output=last,
                within=budget.for_command_box(blackbox.TIME, end.remaining()),
                group=log.group,
                keeping=blackbox.Keeping(log.blackboxes, log.blackbox_days, log.incident_days),
            )

        box, left = end_late(
            child,
            self._environment[processes.MARK],
            written,
            spare=resource.application.machine_wide,
            on_late=record_late,
            end=_UntilTold(end.at, self._signals),
        )
        late = CommandResult(self._argv, seconds=seconds, late=True, blackbox=box, left=left)
        return late.told()


class _UntilTold(Deadline):
    """A deadline that has also passed once this process was told to end."""

    __slots__ = ("_signals",)

    def __init__(self, at: float, signals: Signals) -> None:
        super().__init__(at)
        self._signals = signals

    @property
    def passed(self) -> bool:
        return bool(self._signals.received) or super().passed

    def remaining(self) -> float:
        return 0.0 if self._signals.received else super().remaining()

    def sooner(self, seconds: float) -> Deadline:
        return _UntilTold(super().sooner(seconds).at, self._signals)


def _is_quiet(log: LogSettings) -> bool:
    """Whether no sink besides the RAS log is told of a script that goes well."""
    return log.stderr in _QUIET and log.journal in _QUIET and not (log.json or log.trace)


def _is_ordinary_process() -> bool:
    """Whether a command inherits the scheduling here that it should have."""
    return os.sched_getscheduler(0) == os.SCHED_OTHER and not os.getpriority(os.PRIO_PROCESS, 0)
