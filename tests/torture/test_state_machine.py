"""The pure rules of the four actions, held to a model by hypothesis.

The guard and its flows are the real ones. Only what a worker would do is answered from a world that
is made up, and the clock is one that the test moves; so a run of hours takes milliseconds.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from arkcore.actions import quick_check, recover, remove, restore
from arkcore.base.call import Action, Call, Caller
from arkcore.base.deadline import Deadline
from arkcore.base.paths import Paths
from arkcore.base.status import Outcome, Status, Verdict
from arkcore.guard.guard import Guard
from arkcore.guard.healthy import HealthyCheck
from arkcore.guard.run import ActionRun
from arkcore.memory.intent import Wanted
from arkcore.memory.lock import ResourceLock
from arkcore.memory.maintenance import Maintenance
from arkcore.memory.state import State
from arkcore.memory.undecided import UndecidedClock
from arkcore.plugin.source import PluginSource
from arkcore.resources.resource import ApplicationFacts, LogSettings, RasSettings, Resource
from arkcore.resources.timers import Timers
from arkcore.worker.signals import Signals

TIMER, WINDOW, ATTEMPTS, RUN_LIMIT = 480.0, 1800.0, 3, 18.0
#: Two observations further apart than this: nobody was watching.
GAP = 360.0
CLEAR, UNCLEAR, HANGS, BROKEN = "clear", "unclear", "hangs", "broken"
_PARTS = (
    quick_check.check,
    recover.confirm,
    remove.bring_down,
    remove.bring_down_by_force_too,
    remove.kill_rest,
    remove.take_down,
    remove.take_down_by_force_too,
    restore.bring_up,
    restore.clean,
)

#: Those that stop.
STOPS = (
    remove.bring_down,
    remove.bring_down_by_force_too,
    remove.kill_rest,
    remove.take_down,
    remove.take_down_by_force_too,
)


class KilledFromOutside(BaseException):
    """The guard was ended by SIGKILL."""


class FakeWorld:
    """The node: one application, what it answers, the cluster manager's state, and the time."""

    def __init__(self) -> None:
        self.now = 100_000.0
        self.boots = 1
        self.status = Status.STOPPED
        self.answers = CLEAR
        self.in_service = True
        self.shutting_down = False
        self.obeys_stop = True
        self.obeys_start = True
        #: Whether the plugin names commands that tell a healthy application.
        self.names_commands = True
        #: Done once, in the middle of the next part: what another call may do meanwhile.
        self.meanwhile: Callable[[], None] | None = None
        self.killed_in_part = False
        #: The manager's word when the application was last started, and by which action.
        self.starts: list[tuple[Action, str]] = []
        #: When an action has stopped it in order to start it again.
        self.restarts: list[float] = []

    def boottime(self) -> float:
        return self.now

    def boot_id(self) -> str:
        return f"boot-{self.boots}"

    def do(self, work: object, within: float, action: Action, wanted: Callable[[], str]) -> Verdict:
        """What a worker would answer, and what it would have done to the application."""
        if work not in _PARTS:
            return Verdict(Outcome.WELL)  # clearing up after what was killed
        self.begin_question()
        if work is quick_check.check:
            return self._check(within)
        if work is recover.confirm:
            return self._confirm(within)
        if work in STOPS:
            if action is Action.RECOVER and work is not remove.kill_rest:
                self.restarts.append(self.now)
            return self._stop()
        if work is restore.bring_up:
            return self._start(action, wanted)
        return self._stop()  # restore.clean

    def begin_question(self) -> None:
        self.now += 0.1
        if self.meanwhile:
            meanwhile, self.meanwhile = self.meanwhile, None
            meanwhile()
        if self.killed_in_part:
            self.killed_in_part = False
            raise KilledFromOutside

    def _broken(self) -> Verdict:
        return Verdict(Outcome.INTERNAL, "the plugin cannot be loaded")

    def _check(self, within: float) -> Verdict:
        if self.answers == BROKEN:
            return self._broken()
        if self.answers != CLEAR:
            self.now += within
            return Verdict(Outcome.UNDECIDED, "no answer", Status.UNKNOWN)
        if self.status is Status.RUNNING:
            return Verdict(Outcome.WELL, status=Status.RUNNING)
        self.now += 3
        return Verdict(Outcome.FAILED, f"It is {self.status.value}.", self.status)

    def _confirm(self, within: float) -> Verdict:
        if self.answers == BROKEN:
            return self._broken()
        if self.answers == CLEAR and self.status is Status.RUNNING:
            self.now += 3
            return Verdict(Outcome.WELL, status=Status.RUNNING)
        self.now += within if self.answers == HANGS else 1
        return Verdict(Outcome.FAILED, "It is not well.", Status.UNKNOWN)

    def _stop(self) -> Verdict:
        if self.answers == BROKEN:
            return self._broken()
        self.now += 5
        if not self.obeys_stop and self.status is not Status.STOPPED:
            return Verdict(Outcome.FAILED, "Still alive: pid 1", Status.PARTIAL)
        self.status = Status.STOPPED
        return Verdict(Outcome.WELL, status=Status.STOPPED)

    def _start(self, action: Action, wanted: Callable[[], str]) -> Verdict:
        if self.answers == BROKEN:
            return self._broken()
        if self.answers == CLEAR and self.status is Status.RUNNING:
            return Verdict(Outcome.WELL, "It was running already.", Status.RUNNING)
        self.now += 5
        self.starts.append((action, wanted()))
        if self.obeys_start and self.answers == CLEAR:
            self.status = Status.RUNNING
            return Verdict(Outcome.WELL, status=Status.RUNNING)
        self.status = Status.PARTIAL
        return Verdict(Outcome.FAILED, "Expected RUNNING, seen PARTIAL", Status.PARTIAL)


class FakeCaller(Caller):
    """LifeKeeper, or a person where `is_manager` is False."""

    def __init__(self, world: FakeWorld, is_manager: bool) -> None:
        self.is_manager = is_manager
        self._world = world

    def run_limit(self, timers: Timers) -> float:
        return RUN_LIMIT

    def in_service(self, resource: str) -> bool:
        return self._world.in_service


class NoSignals(Signals):
    """Signals of a process that never gets any; none of this one's handlers is changed."""

    def __init__(self) -> None:
        self.received = self._last = 0
        self._muted = False

    def wait(self, seconds: float, *descriptors: int) -> None: ...


class FakeRun(ActionRun):
    """The real run of an action; a worker's part is answered by the world."""

    world: FakeWorld

    def take_turn(self, action: Action) -> Verdict | None:
        return None  # the lock is always free

    def sweep(self, action: Action, verdict: Verdict) -> None: ...

    def is_shutting_down(self) -> bool:
        return self.world.shutting_down

    def part(self, work: Any, *, within: Any, **_: Any) -> Verdict:
        seconds = within if isinstance(within, int | float) else within.remaining()
        return self.world.do(
            work, seconds, self.case.call.action, lambda: self.state.intent.wanted.value
        )


class FakeHealthyCheck(HealthyCheck):
    """The real healthy path; what it would run and look at is answered by the world."""

    world: FakeWorld
    made: Resource

    def _recorded(self) -> Resource | None:
        # A plugin that is broken by an update has made its record stale.
        may = self.world.names_commands and self.world.answers != BROKEN
        return self.made if may else None

    def _has_taken(self, lock: ResourceLock) -> bool:
        os.makedirs(self._state.directory, exist_ok=True)
        return True

    def _all_live(self) -> bool:
        return self.world.status is Status.RUNNING

    def _all_return_0(
        self, resource: Resource, clock: UndecidedClock, deadline: Deadline, end: Deadline
    ) -> bool:
        assert self.begun is not None
        self.world.begin_question()
        if self.world.answers != CLEAR:
            self.world.now += deadline.remaining()
            self.begun.answer = Verdict(Outcome.UNDECIDED, "no answer", Status.UNKNOWN)
            return False
        return self.world.status is Status.RUNNING


class FakeGuard(Guard):
    """The real guard, whose resource is loaded already."""

    make_run = FakeRun
    world: FakeWorld
    made: Resource

    def load(self) -> Verdict | None:
        self.use(self.made)
        return None

    def use(self, resource: Resource, warning: str = "") -> ActionRun:
        run = super().use(resource, warning)
        assert isinstance(run, FakeRun)
        run.world = self.world
        return run


def _resource() -> Resource:
    timers = {"quickcheck.process": TIMER, "recover.window": WINDOW, "recover.attempts": ATTEMPTS}
    return Resource(
        name="app",
        logical_host="LHOST",
        plugin=PluginSource("fake", "fake", "Fake", "fake", "1", ""),
        application=ApplicationFacts(
            force_before_restart=False, runs_as_processes=True, machine_wide=()
        ),
        timers=Timers(timers),
        options={},
        ras=RasSettings(),
        log=LogSettings(stderr="none"),
    )


class Rules(RuleBasedStateMachine):
    """What may happen on one node, in any order; and after each of it, what must be so."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp(prefix="ark-rules-"))
        self.paths = Paths(str(self.directory))
        self.world = FakeWorld()
        self.state = State(self.paths, "app")
        self.maintenance = Maintenance(self.paths, "app")
        self.resource = _resource()
        # The model.
        self.wanted = ""
        self.in_maintenance = False
        #: Boot times of the first and the last unanswered question in a row; None: none is open.
        self.unanswered: tuple[float, float] | None = None
        self.has_failed = False
        self.restarts: list[float] = []
        self.false_alarms: list[float] = []
        self.last: tuple[Action, Outcome] | None = None
        self._patches: list[Any] = [
            mock.patch("arkcore.memory.files.boottime", self.world.boottime),
            mock.patch("arkcore.memory.files.boot_id", self.world.boot_id),
            # Other tests' children, which this process may have, are nobody's here.
            mock.patch("arkcore.guard.run.has_children", return_value=False),
            mock.patch(
                "arkcore.memory.recorded_processes.RecordedProcesses.were_looked_at_lately",
                return_value=True,
            ),
        ]
        for patch in self._patches:
            patch.start()

    def teardown(self) -> None:
        for patch in self._patches:
            patch.stop()
        shutil.rmtree(self.directory)

    # Calls.

    def call(self, action: Action, by_manager: bool = True) -> Verdict | None:
        """The verdict; None where the guard was killed in the middle."""
        caller = FakeCaller(self.world, by_manager)
        call, signals = Call(action, "app", caller), NoSignals()
        try:
            begun = None
            if action is Action.QUICK_CHECK and by_manager:
                check = FakeHealthyCheck(call, self.paths, signals)
                check.world, check.made = self.world, self.resource
                if check.is_well():
                    self.last = (action, Outcome.WELL)
                    return Verdict(Outcome.WELL, status=Status.RUNNING)
                begun = check.begun
            guard = FakeGuard(call, self.paths, signals, begun=begun)
            guard.world, guard.made = self.world, self.resource
            verdict = guard.perform()
        except KilledFromOutside:
            return None
        finally:
            self.world.killed_in_part = False
            self.world.meanwhile = None
        self.last = (action, verdict.outcome)
        return verdict

    def excused(self) -> bool:
        world = self.world
        return (
            self.wanted == "down"
            or self.in_maintenance
            or world.shutting_down
            or not world.in_service
        )

    def forget_unanswered(self) -> None:
        self.unanswered, self.has_failed = None, False

    # The world.

    @rule(seconds=st.sampled_from([1.0, 60.0, 120.0, 119.0, 350.0, 361.0, 900.0, 2000.0]))
    def time_passes(self, seconds: float) -> None:
        self.world.now += seconds

    @rule(status=st.sampled_from([Status.RUNNING, Status.PARTIAL, Status.STOPPED]))
    def the_application_changes(self, status: Status) -> None:
        self.world.status = status

    @rule(answers=st.sampled_from([CLEAR, CLEAR, UNCLEAR, HANGS, BROKEN]))
    def the_answers_change(self, answers: str) -> None:
        self.world.answers = answers

    @rule(names=st.booleans())
    def its_plugin_names_commands(self, names: bool) -> None:
        self.world.names_commands = names

    @rule(stop=st.booleans(), start=st.booleans())
    def its_obedience_changes(self, stop: bool, start: bool) -> None:
        self.world.obeys_stop, self.world.obeys_start = stop, start

    @rule(begun=st.booleans(), end=st.sampled_from([None, 1e6, -1.0]))
    def maintenance_changes(self, begun: bool, end: float | None) -> None:
        if begun:
            self.maintenance.begin(None if end is None else time.time() + end)
        else:
            self.maintenance.end()
        self.in_maintenance = begun and end != -1.0

    @rule(in_service=st.booleans())
    def the_manager_changes_its_mind(self, in_service: bool) -> None:
        self.world.in_service = in_service

    @rule(shutting_down=st.booleans())
    def the_system_begins_to_shut_down(self, shutting_down: bool) -> None:
        self.world.shutting_down = shutting_down

    @rule()
    def the_node_reboots(self) -> None:
        self.world.boots += 1
        self.world.now = 30.0
        self.world.status = Status.STOPPED
        shutil.rmtree(self.state.directory, ignore_errors=True)
        self.wanted = ""
        self.forget_unanswered()
        self.restarts.clear()
        self.false_alarms.clear()
        self.last = None

    @rule()
    def the_clock_is_of_another_boot(self) -> None:
        """The kernel crashed so early that /run was never emptied."""
        self.world.boots += 1
        self.world.now = 40.0
        self.world.status = Status.STOPPED
        self.forget_unanswered()
        self.restarts.clear()
        self.false_alarms.clear()

    # quickCheck.

    @rule(killed=st.booleans())
    def quick_check(self, killed: bool) -> None:
        self._quick_check(killed and self.world.answers == HANGS)

    @rule(number=st.integers(2, 6))
    def quick_checks_in_their_interval(self, number: int) -> None:
        for _ in range(number):
            self._quick_check(False)
            self.world.now += 120.0

    def _quick_check(self, killed: bool) -> None:
        asked = self.world.now
        self.world.killed_in_part = killed
        verdict = self.call(Action.QUICK_CHECK)
        if self.world.answers == BROKEN:
            assert verdict is not None
            assert verdict.outcome is Outcome.INTERNAL  # never a word about the application
            return
        self._note_question(asked)
        if verdict is None:
            return
        outcome = verdict.outcome
        if self.world.answers == CLEAR and self.world.status is Status.RUNNING:
            assert outcome is Outcome.WELL
            self.forget_unanswered()
            return
        assert outcome is not Outcome.WELL, "it does not run"
        assert self.unanswered is not None
        ended = self.has_failed or self.world.now - self.unanswered[0] >= TIMER
        definite = self.world.answers == CLEAR
        if self.excused() and (definite or ended):
            assert outcome is Outcome.SKIPPED
        elif definite or ended:
            assert outcome is Outcome.FAILED
            self.has_failed = self.has_failed or not definite
        else:
            assert outcome is Outcome.UNDECIDED
        if self.in_maintenance:
            self.forget_unanswered()

    def _note_question(self, asked: float) -> None:
        first, last = self.unanswered or (asked, asked)
        if asked - last > GAP:
            first = asked  # what has failed stays failed: only an action knows better
        self.unanswered = (first, asked)

    # restore and remove.

    @rule(by_manager=st.booleans())
    def restore(self, by_manager: bool) -> None:
        if by_manager:
            self.wanted = "up"
            self.restarts.clear()
            self.false_alarms.clear()
        verdict = self.call(Action.RESTORE, by_manager)
        self.forget_unanswered()
        assert verdict is not None
        if verdict.outcome is Outcome.WELL:
            assert self.world.status is Status.RUNNING
        else:
            assert verdict.outcome in (Outcome.FAILED, Outcome.INTERNAL)

    @rule(by_manager=st.booleans())
    def remove(self, by_manager: bool) -> None:
        before = self.wanted
        verdict = self.call(Action.REMOVE, by_manager)
        self.forget_unanswered()
        assert verdict is not None
        if by_manager:
            self.wanted = "down" if verdict.outcome is Outcome.WELL else before
        if verdict.outcome is Outcome.WELL and self.world.answers != BROKEN:
            assert self.world.status is Status.STOPPED

    # recover.

    @rule()
    def recover(self) -> None:
        self._recover()

    @rule()
    def recover_while_a_remove_is_called(self) -> None:
        def remove_called() -> None:
            self.state.intent.want(Wanted.DOWN)
            self.wanted = "down"

        self.world.meanwhile = remove_called
        self._recover()

    def _recover(self) -> None:
        excused = self.excused()
        began = self.world.now
        starts, stops = len(self.world.starts), len(self.world.restarts)
        well = self.world.answers == CLEAR and self.world.status is Status.RUNNING
        verdict = self.call(Action.RECOVER)
        self.forget_unanswered()
        assert verdict is not None
        stopped = len(self.world.restarts) > stops
        started = len(self.world.starts) > starts
        if excused:
            assert verdict.outcome is Outcome.SKIPPED
            assert not stopped
            assert not started
            return
        if self.world.answers == BROKEN:
            assert verdict.outcome is Outcome.INTERNAL
            assert not started
            return
        self.restarts = self._within_window(self.restarts)
        self.false_alarms = self._within_window(self.false_alarms)
        if well:
            self.false_alarms.append(began)
        if well and len(self.false_alarms) < 3:
            assert verdict.outcome is Outcome.WELL
            assert not stopped
            return
        if len(self.restarts) >= ATTEMPTS:
            assert verdict.outcome is Outcome.FAILED
            assert not stopped, "the restarts were used up"
            return
        if stopped:
            self.restarts.append(self.world.restarts[-1])
        if self.excused():
            assert verdict.outcome is Outcome.SKIPPED
            assert not started
        elif verdict.outcome is Outcome.WELL:
            assert self.world.status is Status.RUNNING

    def _within_window(self, moments: list[float]) -> list[float]:
        """Those that are in the window still, a few seconds of the actions' own aside."""
        return [each for each in moments if self.world.now - each <= WINDOW + 30.0]

    # Always.

    @invariant()
    def the_intent_is_the_managers_word(self) -> None:
        assert self.state.intent.wanted.value == self.wanted

    @invariant()
    def no_recover_has_started_what_is_to_be_down(self) -> None:
        assert (Action.RECOVER, "down") not in self.world.starts

    @invariant()
    def no_more_restarts_than_allowed_within_the_window(self) -> None:
        assert len(self._within_window(self.restarts)) <= ATTEMPTS

    @precondition(lambda self: self.last is not None)
    @invariant()
    def the_last_verdict_is_remembered(self) -> None:
        assert self.last is not None
        action, outcome = self.last
        assert self.state.verdict.read().action == action.word
        assert self.state.verdict.read().outcome is outcome


TestRules = Rules.TestCase
TestRules.settings = settings(
    max_examples=100,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
