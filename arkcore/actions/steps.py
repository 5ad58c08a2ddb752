"""The steps that parts of actions are made of: ask, start, stop, force, kill. In a worker."""

from __future__ import annotations

import os
import time

from arkcore.actions.awaiting import await_running
from arkcore.base import budget, retry
from arkcore.base.deadline import Deadline
from arkcore.base.errors import ArkError
from arkcore.base.status import Outcome, Status, StatusReport
from arkcore.context import context
from arkcore.machine import command, ending, offspring, processes
from arkcore.machine.channel import Event, Report, Step

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from arkcore.context.context import Context
    from arkcore.machine.channel import Sender
    from arkcore.machine.command import CommandResult
    from arkcore.machine.processes import Process
    from arkcore.memory.state import State
    from arkcore.plugin.calls import DirectHooks
    from arkcore.resources.resource import Resource

#: Where something may come to light, so many scans in a row must show nothing new; at most so many
#: scans are made. Seconds between two scans: these, or those in doubt.
_QUIET_LOOKS, _MOST_LOOKS = 6, 16
_SECOND_LOOK = 0.005
_SECOND_LOOK_IN_DOUBT = 0.02


class Assessment:
    """What the engine makes of a plugin's answer and of the processes it sees."""

    __slots__ = ("before", "began", "detail", "nobody_said", "processes", "status")

    def __init__(
        self,
        status: Status,
        detail: str,
        seen: list[Process] | None,
        began: float,
        *,
        nobody_said: bool = False,
        before: Assessment | None = None,
    ) -> None:
        self.status = status
        self.detail = detail
        #: None where they could not be listed.
        self.processes = seen
        #: When the question was asked, in seconds since the epoch.
        self.began = began
        #: Whether the plugin itself answered UNKNOWN, and not because a question was late.
        self.nobody_said = nobody_said
        #: The last answer that was given in time, where this one was not.
        self.before = before

    def __str__(self) -> str:
        if self.before is not None:
            return f"{self.before}; {self.detail}"
        return f"{self.status.value} ({self.detail})" if self.detail else self.status.value


class Work:
    """What one part of an action works with."""

    def __init__(
        self,
        resource: Resource,
        hooks: DirectHooks,
        ctx: Context,
        state: State,
        sender: Sender,
        deadline: Deadline,
        strangers: Collection[Process] | None,
    ) -> None:
        self.resource = resource
        self.hooks = hooks
        self.ctx = ctx
        self.engine = context.engine_side(ctx)
        self.state = state
        self.deadline = deadline
        self._sender = sender
        #: What was below the guard before the action began; None where its other children are
        #: not this action's.
        self._strangers = strangers
        #: Why the processes could not be listed, where that was told last.
        self._unlisted = ""
        #: What was listed last, without the help of the start's control group.
        self._last_listed: list[Process] = []
        #: The last answer of this step that was given in time.
        self._answer: Assessment | None = None
        #: Whether the last look of `is_gone` showed that nothing lives that a start has made.
        self.starts_left_nothing = False

    def timer(self, key: str) -> float:
        return self.resource.timers[key]

    # Asking.

    def assess(self) -> Assessment:
        """Ask the plugin, look at the processes, and believe neither alone."""
        began = time.time()
        # A question within a step takes nothing from the step: neither its kind nor its results.
        kind, results = self.engine.step.kind, self.engine.step.results
        unasked = self.ctx.deadline.passed
        self.engine.step.kind, self.engine.step.results = context.STATUS, []
        self.now("asking for the status")
        try:
            report = self.hooks.status(self.ctx)
            if not isinstance(report, StatusReport):
                report = StatusReport(Status.UNKNOWN, f"the plugin answered {report!r}")
        except BaseException as error:  # a plugin's exit() or interrupt is an answer too: UNKNOWN
            report = StatusReport(Status.UNKNOWN, f"ark_status raised {_described(error)}")
        finally:
            late = [result.told() for result in self.engine.step.results if result.late]
            unasked = unasked or any(
                each.error == command.NO_TIME for each in self.engine.step.results
            )
            self.engine.step.kind, self.engine.step.results = kind, results
        seen = self.list_processes(well=report.status is Status.RUNNING)
        status, detail = self._judge(report, seen)
        detail = "; ".join([each for each in (detail, self._spared_besides(detail)) if each])
        if status is not Status.RUNNING:
            # Where to look: the command that hung, and its black box.
            detail = "; ".join([detail, *(each for each in late if each not in detail)]).strip("; ")
        if status is Status.RUNNING and seen:
            self.state.processes.note(seen, processes.users)
        nobody_said = report.status is Status.UNKNOWN and not late and not self.ctx.deadline.passed
        # A question that was not answered in time must not hide the answer before it.
        unanswered = status is Status.UNKNOWN and self.ctx.deadline.passed
        before = self._answer if unanswered else None
        if before and unasked:
            detail = "no time was left to ask again"
        assessment = Assessment(status, detail, seen, began, nobody_said=nobody_said, before=before)
        if not unanswered:
            self._answer = assessment
        if self.resource.ras.detail == "full":
            self.ctx.log.debug(f"Status: {assessment}")
        return assessment

    def _spared_besides(self, detail: str) -> str:
        """What serves the machine, as it seems, and is left alone; "" where `detail` names it."""
        spared = [each for each in self.engine.owner.spared if str(each) not in detail]
        return f"left alone: {_listed(spared)}" if spared else ""

    def _judge(self, report: StatusReport, seen: list[Process] | None) -> tuple[Status, str]:
        if seen is None:
            return Status.UNKNOWN, "its processes could not be listed"
        if report.status is Status.STOPPED and seen:
            said = f"it says STOPPED ({report.detail})" if report.detail else "it says STOPPED"
            return Status.PARTIAL, f"{said}, but there lives {_listed(seen)}"
        if (
            report.status is Status.RUNNING
            and not seen
            and self.resource.application.runs_as_processes
        ):
            return Status.UNKNOWN, "it says RUNNING, but none of its processes lives"
        return report.status, report.detail

    def list_processes(self, *, well: bool = False, grouped: bool = True) -> list[Process] | None:
        """The live processes of this logical host; None where the plugin could not tell.

        `well`: it runs. Else it is looked as well for what nothing but its session tells of, and,
        where `grouped`, for all that lives in the control group of its starts.
        """
        try:
            spare = self.resource.application.machine_wide
            found = set(self.hooks.processes(self.ctx))
            found |= self._recorded_alive({(each.pid, each.start) for each in found})
            found |= set() if well else self._left_in_sessions()
            alive = {each for each in found if not processes.bears(each, spare)}
            self._last_listed = [*alive]
            if grouped and not well:
                alive |= self.engine.group.members(alive)
            return sorted(alive, key=lambda each: each.pid)
        except BaseException as error:  # as above
            # It is looked many times a second: told once, the log shows what else there is.
            told, self._unlisted = self._unlisted, f"ark_processes raised {_described(error)}"
            if self._unlisted != told:
                self.ctx.log.error(self._unlisted)
            return None

    def _recorded_alive(self, known: set[tuple[int, int]]) -> set[Process]:
        """Those recorded when it was last RUNNING that live, also where options have changed.

        `known`: pid and start time of those that the plugin has listed already.
        """
        recorded = self.state.processes.known() - known
        looked = [processes.look(pid) for pid, _ in recorded]
        return {each for each in looked if each and (each.pid, each.start) in recorded}

    def _left_in_sessions(self) -> set[Process]:
        """What runs a program of the application's in a session that its last start has made.

        A process that was forked since, has lost its parent and writes over its environment (nginx
        does) shows nothing else of whose it is.
        """
        sessions = self.state.sessions.read()
        if not sessions.leaders:
            return set()
        seen = processes.table()
        found = set()
        for process in seen.values():
            began = sessions.leaders.get(process.session)
            if began is None or processes.executable(process.pid) not in sessions.programs:
                continue
            # A number is given again only when the whole session is gone; its leader tells.
            leader = seen.get(process.session)
            if leader is None or leader.start == began:
                found.add(process)
        return found - offspring.marked(self._is_anothers, found)

    def _is_anothers(self, mark: str) -> bool:
        return not mark.startswith(f"{self.resource.name}:")

    def tell_status(self, found: Assessment) -> None:
        """Write a status into the RAS log: it decides what happens now."""
        self._sender.send(Event.BEGAN, Step.STATUS.value[0], at=found.began)
        self._sender.send(Event.COMPLETED, Step.STATUS.value[0], str(found))

    def is_gone(self) -> bool:
        """Whether nothing of this logical host is alive. Where that cannot be known: no."""
        group = self.engine.group
        known: set[Process] = set()
        quiet = 0
        for look in range(_MOST_LOOKS):
            newest = processes.newest()
            if self.list_processes() != [] or not group.is_empty():
                return False
            # Looked at twice, and more often while there come new ones: what goes on by way of its
            # children can slip through one look.
            proven = group.settles()
            may_come = set() if proven else self._may_come_to_light()
            if may_come is None:
                return False
            self.starts_left_nothing = not may_come
            # What was there before shows by now all that it ever will, and whose its children are.
            stayed = {each.pid for each in may_come & known}
            news = any(each.ppid not in stayed for each in may_come - known)
            quiet = 0 if news else quiet + 1
            known = may_come
            # Where the group proves it, whoever else begins on this node says nothing.
            if look > 0 and not may_come and (proven or processes.newest() == newest):
                break
            if quiet >= _QUIET_LOOKS:
                break
            if may_come or look == 0:
                time.sleep(_SECOND_LOOK_IN_DOUBT if may_come else _SECOND_LOOK)
        else:
            return False  # new ones came to the last
        if not group.is_empty():
            return False
        self.state.sessions.forget()
        group.forget()
        if self.resource.application.runs_as_processes:
            return True  # whatever the status command says
        return self.assess().status is Status.STOPPED

    def _may_come_to_light(self) -> set[Process] | None:
        """What no look has shown for its own, and may be, or may make some of it anew.

        For a moment, while a process executes a new program, nothing shows whose it is; and what a
        start has made besides the product may be a shell that watches over it. None: nobody knows.
        """
        try:
            started, unclear = self.engine.owner.started()
            return unclear.union(started)
        except OSError:
            return None

    # Starting.

    def start(self) -> Report:
        """Start, and ask until it is RUNNING; a product that has died meanwhile fails at once."""
        refusal = self._wait_for_force_to_be_over()
        if refusal:
            return Report(Outcome.FAILED, refusal)
        self._step(Step.START)
        self._begin(context.START, self.deadline)
        self.state.commands.begin_starts()
        try:
            self.hooks.start(self.ctx)
        except BaseException as error:  # a plugin's exit() is a failed start
            return self._failed(Step.START, _described(error))
        finally:
            self._remember_adopted()
        if self.deadline.passed:
            told = "".join(f"; {result.told()}" for result in self.engine.step.results)
            return self._failed(Step.START, f"The start did not end in its time{told}")
        found = await_running(self)
        if found.status is Status.RUNNING:
            self._remember_sessions(found)
            self.engine.group.hold(found.processes or ())
            # What it has left beside the product is none of ours to end from now on.
            self.state.commands.forget_kind(context.START)
            self._done(Step.START)
            return Report(Outcome.WELL, status=Status.RUNNING)
        told = "".join(f"; {_said(result)}" for result in self.engine.step.results)
        return self._failed(Step.START, f"Expected RUNNING, seen {found}{told}", found.status)

    def _remember_sessions(self, found: Assessment) -> None:
        """Record the sessions that this start has made: later nothing may tell whose a fork is."""
        from arkcore.memory.recorded_sessions import Sessions

        # Every session but the guard's own, among what came below it, was made by this start.
        own = os.getsid(os.getppid())
        made = {
            each
            for each in self.adopted() & {*(found.processes or ())}
            if each.session not in (0, own)
        }
        started = {each.session: processes.look(each.session) for each in made}
        leaders = {session: each.start if each else 0 for session, each in started.items()}
        programs = {processes.executable(each.pid) for each in made} - {""}
        self.state.sessions.note(Sessions(leaders, programs))

    def made_here(self, some: set[Process]) -> bool:
        """Whether all of `some` descend from this guard: then their end cannot escape it."""
        return not some or (self._strangers is not None and some <= self.adopted())

    def start_was_refused(self) -> bool:
        """Whether the last command of the start has returned something else than 0."""
        if not self.resource.application.start_code_decides or not self.engine.step.results:
            return False
        return self.engine.step.results[-1].returncode not in (0, None)

    def start_goes_on(self) -> bool:
        """Whether something of the start command itself is still at work in the background."""
        return bool({*self.ctx.started_processes()} - self.engine.owner.spared)

    def _remember_adopted(self) -> None:
        """Record what the start made: a daemon may have cleared our mark from its environment.

        The guard is the subreaper, so every daemon has become its child by now.
        """
        if self.resource.application.runs_as_processes:
            return  # its plugin recognises it by other means
        self.state.processes.note(self.adopted(), processes.users)

    def adopted(self) -> set[Process]:
        """What has come below the guard since the action began, this worker's own apart."""
        if self._strangers is None:
            return set()
        seen = processes.table()
        strangers = {each for each in self._strangers if seen.get(each.pid) == each}
        others = {each.pid for each in strangers} | {os.getpid()}
        found = processes.descendants({os.getppid()}, seen)
        found -= strangers | processes.descendants(others, seen)
        spare = self.resource.application.machine_wide
        return {each for each in offspring.apart_from(spare, found, seen) if each.pid not in others}

    def _wait_for_force_to_be_over(self) -> str:
        """A forced stop goes on killing in the background: let it end, and some time pass.

        Returns why a start must not follow; "" where it may.
        """
        wait = self.timer("force_stop_wait")

        def over() -> bool:
            return self.state.forced_stop.age() >= wait and not self.background()

        if over():
            return ""
        self.now("waiting after a forced stop")
        self.ctx.log.info("waiting until the forced stop is over")
        # So long at least. To ask meanwhile would tell nothing, and be late by up to one pause.
        known = min(wait - self.state.forced_stop.age(), self.deadline.remaining())
        time.sleep(max(0.0, known))
        if self.ctx.wait_until(over, within=self.deadline.remaining()):
            return ""
        left = self.background()
        if left:
            return f"a stop or forced stop still goes on in the background: {_listed(left)}"
        return f"no time was left to wait {wait:g} s after a forced stop"

    def background(self) -> list[Process]:
        """What stop and forced stop commands have left running in the background."""
        marks = {
            each.mark: (each.pid, each.start)
            for each in self.state.commands.all()
            if each.kind in (context.STOP, context.FORCE)
        }
        if not marks:
            return []
        found = list(_left_of(marks))
        if found:
            product = self.list_processes() or []
            found = [each for each in found if each not in product]
        if not found:
            self.state.commands.forget(marks)
        return found

    # Stopping.

    def stop(self, *, always_force: bool = False) -> Report:
        """Stop; what does not go in time, or at all, is stopped by force, then killed."""
        process = self.deadline.remaining()
        reserve = budget.for_force(self.timer("remove.force_reserve"), process)
        end = self.deadline.before(reserve)
        self._step(Step.STOP)
        self._begin(context.STOP, end)
        self.engine.group.hold(self._last_listed)
        refusal = ""
        try:
            self.hooks.stop(self.ctx)
        except BaseException as error:  # a plugin's exit() is a refused stop
            refusal = _described(error)
            self._explain(refusal)
        self.now("waiting until it has stopped")
        gone = not refusal and self._wait_gone(end)
        if gone and not always_force:
            self._done(Step.STOP)
            return Report(Outcome.WELL, status=Status.STOPPED)
        return self.force()

    def force(self) -> Report:
        """The forced stop of this logical host, verified; what is left then is killed."""
        self._step(Step.FORCE)
        self._begin(context.FORCE, self.deadline)
        self.state.forced_stop.note()
        try:
            if self.hooks.has("ark_force_stop"):
                self.hooks.force_stop(self.ctx)
            else:
                self.ctx.terminate(self.list_processes() or [])
        except BaseException as error:  # the check below judges, whatever was raised
            self._explain(_described(error))
        finally:
            self.state.forced_stop.note()  # the wait before a start begins when it is over
        self._end_what_the_plugin_misses()
        self.now("waiting until nothing is left")
        # A forced stop partly goes on in the background: some time is left to it.
        reserve = self.deadline.sooner(self.timer("remove.force_reserve"))
        gone = self._wait_gone(reserve) or (not self.deadline.passed and self.kill_rest())
        if gone or self.is_gone():
            self.end_leftovers()
            self._done(Step.FORCE)
            return Report(Outcome.WELL, status=Status.STOPPED)
        # The step stays open: a cleanup may still end it well.
        self._explain("")
        return self._what_is_left()

    def _end_what_the_plugin_misses(self) -> None:
        """End what only the engine knows for the application's: nobody's forced stop goes for it.

        So there is nothing to wait for.
        """
        try:
            left = self.list_processes()
            if left:
                listed = set(self.hooks.processes(self.ctx))
                self.ctx.terminate([each for each in left if each not in listed], grace=1.0)
        except BaseException as error:  # the check that follows judges
            self.ctx.log.info(_described(error))

    def kill_rest(self) -> bool:
        """KILL what is left of this logical host; whether nothing of it is alive then."""
        self.now("killing what is left")
        self.state.forced_stop.note()
        left = self.list_processes() or []
        # Dead before it is asked for again: a second question takes longer than a death.
        by = self.deadline.sooner(budget.for_killing(self.deadline.remaining()))
        alive = ending.end(lambda: filter(processes.still_lives, left), by, grace=0.0)
        self.engine.tell_ended("killed", left, alive)
        self.engine.group.end(by)
        last = budget.for_last_look(self.deadline.remaining())
        return self._wait_gone(self.deadline.sooner(last))

    def finish_force(self) -> Report:
        """What a cleanup does for a forced stop that ran out of time: kill, and look.

        There is little time, and the machine may be slow: the application comes first. What our
        commands have left could start some of it again, so it is looked for once more after that.
        """
        self.kill_rest()
        self.end_leftovers(adopted=True)
        if self.is_gone() or self.kill_rest():
            return Report(Outcome.WELL, status=Status.STOPPED)
        return self._what_is_left()

    def _what_is_left(self) -> Report:
        left = self.list_processes()
        if left is None:
            reason = "Its processes cannot be listed: nobody knows what still runs"
            return Report(Outcome.FAILED, reason, Status.UNKNOWN)
        unseen = "" if left else self.engine.group.unseen()
        if unseen:
            return Report(Outcome.FAILED, unseen, Status.PARTIAL)
        if not left:
            found = self.assess()
            return Report(Outcome.FAILED, f"Expected STOPPED, seen {found}", found.status)
        reason = f"Still alive: {_listed(left)}"
        if any(process.state == "D" for process in left):
            reason += "; reboot this node before starting elsewhere"
        return Report(Outcome.FAILED, reason, Status.PARTIAL)

    def _wait_gone(self, end: Deadline) -> bool:
        def is_gone() -> bool:
            gone = self.is_gone()
            if not gone:  # what a stop leaves of the start beside the product is nobody else's
                self.engine.group.end_what_the_stop_left()
            return gone

        return self.ctx.wait_until(is_gone, within=end.remaining())

    # Leftovers of our own commands.

    def end_leftovers(
        self, *, adopted: bool = False, ask_plugin: bool = True, hurry: bool = False
    ) -> Report:
        """End what our commands have left running; a well-started product is no leftover.

        `adopted`: also whatever has become the guard's child. Not where the guard has started the
        product, whose daemons are its children too. `ask_plugin`: which processes are the
        product's; not where nothing was started, or the plugin cannot tell. `hurry`: it is the last
        that is done, and there is little time.
        """
        self.now("ending what our commands left behind")
        commands = self.state.commands.all()
        spare = self.resource.application.machine_wide

        def find() -> list[Process]:
            product = self.list_processes(grouped=False) if ask_plugin else None
            # What a start has made may be the product: ended only where that is known.
            ended = {
                each.mark: (each.pid, each.start)
                for each in commands
                if each.kind != context.START or product is not None
            }
            found = _left_of(ended) | self._copies_of_the_guard()
            if adopted:
                found |= self.adopted()
            found -= {*(product or ()), *self.engine.owner.spared}
            return list(offspring.apart_from(spare, found, processes.table())) if found else []

        # Else half of the time, so that some is left to look at what else there is.
        by = self.deadline if hurry else self.deadline.sooner(self.deadline.remaining() / 2)
        left = ending.end(find, by, spare=spare, grace=0.3 if hurry else 1.0)
        if left:
            reason = f"could not be ended: {_listed(left)}"
            self.ctx.log.warning(reason)
            return Report(Outcome.FAILED, reason)
        self.state.commands.forget([each.mark for each in commands])
        return Report(Outcome.WELL)

    def _copies_of_the_guard(self) -> set[Process]:
        """Forks of us that a plugin has left behind: no product runs our program's very call."""
        guard = os.getppid()
        own = processes.arguments(guard)
        return {
            each
            for each in self.adopted()
            if processes.arguments(each.pid) == own
            and processes.executable(each.pid) == processes.executable(guard)
        }

    # Telling.

    def _begin(self, kind: str, deadline: Deadline) -> None:
        self.engine.step.kind = kind
        self.engine.step.results = []
        self.ctx.deadline = deadline
        self._answer = None  # what was so before this step says nothing of how it went

    def _step(self, step: Step) -> None:
        self._sender.send(Event.BEGAN, step.value[0])

    def now(self, text: str) -> None:
        self._sender.send(Event.NOW, text)

    def _done(self, step: Step) -> None:
        self._sender.send(Event.COMPLETED, step.value[0], "")

    def _failed(self, step: Step, reason: str, status: Status | None = None) -> Report:
        self._explain("")
        self._sender.send(Event.FAILED, step.value[0], reason)
        return Report(Outcome.FAILED, reason, status)

    def _explain(self, reason: str) -> None:
        """Tell why a step is going badly: the reason, each command's end, its last lines."""
        told = [result for result in self.engine.step.results if not result.ok]
        if reason and not any(result.told() in reason for result in told):
            self.ctx.log.warning(reason)
        for result in self.engine.step.results:
            if result in told or not reason:
                self.ctx.log.warning(result.told())
            for line in result.last_lines():
                self.ctx.log.warning(f"| {line}")
        self.engine.step.results = []


def _left_of(commands: dict[str, tuple[int, int]]) -> set[Process]:
    """The live processes that came of commands: mark, and pid and start time where known."""
    seen = processes.table()
    found = offspring.marked(lambda mark: mark in commands, seen.values())
    roots = set()
    for pid, start in commands.values():
        process = seen.get(pid)
        if process is not None and process.start == start:
            found.add(process)
            roots.add(pid)
            # Its own group and session: what has lost its parent is still found there.
            found |= {each for each in seen.values() if pid in (each.pgrp, each.session)}
    return found | processes.descendants(roots, seen)


def _said(result: CommandResult) -> str:
    """How a command ended and, where that was not well, the last it wrote."""
    lines = [] if result.ok else result.last_lines(2)
    return ": ".join([result.told(), *([" | ".join(lines)] if lines else [])])


def _described(error: BaseException) -> str:
    return str(error) if isinstance(error, ArkError) else f"{type(error).__name__}: {error}"


def _listed(found: list[Process]) -> str:
    shown = ", ".join(f"pid {each.pid} {each.name} ({each.state})" for each in found[:8])
    return shown if len(found) <= 8 else f"{shown} and {len(found) - 8} more"


def ask_again(work: Work, decide: Callable[[Assessment], bool], deadline: Deadline) -> Assessment:
    """Ask until `decide` is satisfied or the deadline has come; the last answer."""
    found = work.assess()

    def decided() -> bool:
        nonlocal found
        found = work.assess()
        return decide(found)

    if not decide(found):
        retry.ask_until(decided, deadline)
    return found
