"""Asking how the application is: the plugin's answer and the processes, judged together."""

from __future__ import annotations

import time

from arkcore.base.errors import described
from arkcore.base.status import Status, StatusReport
from arkcore.base.text import listed
from arkcore.context.context import STATUS, StepAtWork
from arkcore.machine import command, processes
from arkcore.machine.channel import Event
from arkcore.machine.machine_wide import serves_machine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from arkcore.base.deadline import Deadline
    from arkcore.context.context import Context, EngineSide
    from arkcore.machine.channel import Sender
    from arkcore.machine.processes import Process
    from arkcore.memory.state import State
    from arkcore.plugin.calls import DirectHooks
    from arkcore.resources.resource import Resource


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


class Asking:
    """Asks the plugin and looks at the processes; neither is believed alone."""

    def __init__(
        self,
        resource: Resource,
        hooks: DirectHooks,
        ctx: Context,
        engine: EngineSide,
        state: State,
        sender: Sender,
    ) -> None:
        self._resource = resource
        self._hooks = hooks
        self._ctx = ctx
        self._engine = engine
        self._state = state
        self._sender = sender
        #: Why the processes could not be listed, where that was told last.
        self._unlisted = ""
        #: What was listed last, without the help of the start's control group.
        self.last_listed: list[Process] = []
        #: The last answer of this step that was given in time.
        self._answer: Assessment | None = None

    def forget_answer(self) -> None:
        """Forget the last answer: it says nothing of how the next step goes."""
        self._answer = None

    def assess(self) -> Assessment:
        """Ask the plugin for the status, list the processes, and judge both together."""
        began = time.time()
        # The step at work keeps its kind and its results: the question is a step of its own.
        step, question = self._engine.step, StepAtWork(STATUS)
        unasked = self._ctx.deadline.passed
        self._engine.step = question
        self._sender.send(Event.NOW, "asking for the status")
        try:
            report = self._hooks.status(self._ctx)
            if not isinstance(report, StatusReport):
                report = StatusReport(Status.UNKNOWN, f"the plugin answered {report!r}")
        except BaseException as error:  # a plugin's exit() or interrupt is an answer too: UNKNOWN
            report = StatusReport(Status.UNKNOWN, f"ark_status raised {described(error)}")
        finally:
            late = [result.told() for result in question.results if result.late]
            unasked = unasked or any(each.error == command.NO_TIME for each in question.results)
            self._engine.step = step
        seen = self.list_processes(quick=report.status is Status.RUNNING)
        status, detail = self._judge(report, seen)
        detail = "; ".join([each for each in (detail, self._spared_besides(detail)) if each])
        if status is not Status.RUNNING:
            # Where to look: the command that hung, and its black box.
            detail = "; ".join([detail, *(each for each in late if each not in detail)]).strip("; ")
        if status is Status.RUNNING and seen:
            self._state.processes.note(seen, processes.users)
        nobody_said = report.status is Status.UNKNOWN and not late and not self._ctx.deadline.passed
        # A question that was not answered in time must not hide the answer before it.
        unanswered = status is Status.UNKNOWN and self._ctx.deadline.passed
        before = self._answer if unanswered else None
        if before and unasked:
            detail = "no time was left to ask again"
        assessment = Assessment(status, detail, seen, began, nobody_said=nobody_said, before=before)
        if not unanswered:
            self._answer = assessment
        if self._resource.ras.detail == "full":
            self._ctx.log.debug(f"Status: {assessment}")
        return assessment

    def _spared_besides(self, detail: str) -> str:
        """The processes left alone because they serve the machine; "" where `detail` names them."""
        spared = [each for each in self._engine.owner.spared if str(each) not in detail]
        return f"left alone: {listed(spared)}" if spared else ""

    def _judge(self, report: StatusReport, seen: list[Process] | None) -> tuple[Status, str]:
        """Compare the plugin's answer with the processes: the status that holds, and the detail."""
        if seen is None:
            return Status.UNKNOWN, "its processes could not be listed"
        if report.status is Status.STOPPED and seen:
            said = f"it says STOPPED ({report.detail})" if report.detail else "it says STOPPED"
            return Status.PARTIAL, f"{said}, but there lives {listed(seen)}"
        if (
            report.status is Status.RUNNING
            and not seen
            and self._resource.application.runs_as_processes
        ):
            # Else the author of a plugin looks everywhere but at the pid file.
            why = f": {self._engine.sighted}" if self._engine.sighted else ""
            return Status.UNKNOWN, f"it says RUNNING, but none of its processes lives{why}"
        return report.status, report.detail

    def list_processes(self, *, quick: bool = False, grouped: bool = True) -> list[Process] | None:
        """The live processes of this logical host; None where the plugin could not tell.

        `quick`: list what the plugin and the record of the last RUNNING show. Otherwise also search
        the sessions that the last start created and, where `grouped`, the control group of the
        starts.
        """
        try:
            spare = self._resource.application.machine_wide
            found = set(self._hooks.processes(self._ctx))
            found |= self._recorded_alive({(each.pid, each.start) for each in found})
            found |= set() if quick else self._left_in_sessions()
            alive = {each for each in found if not serves_machine(each, spare)}
            self.last_listed = [*alive]
            if grouped and not quick:
                alive |= self._engine.group.members(alive)
            return sorted(alive, key=lambda each: each.pid)
        except BaseException as error:  # a plugin's exit() or interrupt, too: nobody knows
            # The processes are listed many times a second: the same problem is told once.
            told, self._unlisted = self._unlisted, f"ark_processes raised {described(error)}"
            if self._unlisted != told:
                self._ctx.log.error(self._unlisted)
            return None

    def _recorded_alive(self, known: set[tuple[int, int]]) -> set[Process]:
        """The live ones of the processes recorded when the application was last RUNNING.

        They are found although the options have changed since.

        `known`: pid and start time of those that the plugin has listed already.
        """
        recorded = self._state.processes.known() - known
        looked = [processes.look(pid) for pid, _ in recorded]
        return {each for each in looked if each and (each.pid, each.start) in recorded}

    def _left_in_sessions(self) -> set[Process]:
        """Processes that run a program of the application in a session that its last start made.

        The session alone identifies a process that was forked later, lost its parent and wrote over
        its environment, as nginx's workers do. Its user must be the application's: when the whole
        session is gone, the kernel gives its number to anybody.
        """
        sessions = self._state.sessions.read()
        if not sessions.leaders:
            return set()
        seen = processes.table()
        found = set()
        owner = self._engine.owner
        users = owner.users()
        for process in seen.values():
            began = sessions.leaders.get(process.session)
            if began is None or processes.executable(process.pid) not in sessions.programs:
                continue
            if not owner.may_have(process, users):
                continue
            # A number is given again only when the whole session is gone; its leader tells.
            leader = seen.get(process.session)
            if leader is None or leader.start == began:
                found.add(process)
        from arkcore.machine import offspring

        return found - offspring.marked(self._is_anothers, found)

    def _is_anothers(self, mark: str) -> bool:
        return not mark.startswith(f"{self._resource.name}:")

    def _ask_again(self, decide: Callable[[Assessment], bool], deadline: Deadline) -> Assessment:
        """Ask until `decide` is satisfied or the deadline has come; the last answer."""
        found = self.assess()

        def decided() -> bool:
            nonlocal found
            found = self.assess()
            return decide(found)

        if not decide(found):
            from arkcore.base import retry

            retry.ask_until(decided, deadline)
        return found

    def settle(self, deadline: Deadline, confirm: float) -> Assessment:
        """Ask until the answer can be acted upon: an application that may be well is never ended.

        `confirm`: seconds for an answer that is not clear. STARTING is awaited to the deadline.
        """
        found = self.assess()
        if found.status is Status.STARTING:
            found = self._ask_again(lambda seen: seen.status is not Status.STARTING, deadline)
        unclear = (Status.UNKNOWN, Status.STOPPING, Status.STARTING)
        if found.status in unclear and found.processes != []:
            limit = deadline.sooner(confirm)
            found = self._ask_again(lambda seen: seen.status not in unclear, limit)
        return found
