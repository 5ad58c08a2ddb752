"""Carries out the plan of one seed, and has the model judge each step."""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from ark_testing.ras_reading import Entry, RasReading

from rigs.torture import eyes
from rigs.torture.calls import CallEnd
from rigs.torture.eyes import Seen
from rigs.torture.finding import Violation
from rigs.torture.machine import Machine
from rigs.torture.model import Model, came_to_act
from rigs.torture.plan import STOPPED_FOR, Plan, Step, Strike, make_plan
from rigs.torture.tally import Tally
from rigs.torture.world import NEIGHBOUR, RESOURCE, World

#: Nothing may take this long, whatever it waits for.
_HUNG = 45.0


class SeedRun:
    """One seed's run: its figures, and a trace that a person can read."""

    def __init__(self, plan: Plan, directory: Path) -> None:
        self.tally = Tally(seeds=[plan.seed])
        self.trace: list[str] = []
        self._plan = plan
        self._at = 0
        self._began = time.monotonic()
        self._world = World(directory)
        self._model = Model(self._world, self._violation)
        self._ras = RasReading(self._world.log / "ras.log")
        self._machine = Machine(self._world)
        self._strangers: list[subprocess.Popen[bytes]] = []

    def perform(self, until: float = float("inf")) -> None:
        """The whole plan, or as much as there is time for; then settle, and clear away."""
        try:
            self._begin()
            for step in self._plan.steps:
                if time.monotonic() >= until:
                    break
                self._at += 1
                self._perform(step)
            self._settle()
        finally:
            self._ras.close()
            self._end()

    # Telling.

    def _tell(self, text: str) -> None:
        self.trace.append(f"{time.monotonic() - self._began:8.3f}  {text}")

    def _violation(self, kind: str, text: str) -> None:
        found = Violation(kind, self._plan.seed, self._at, text)
        self.tally.violations.append(found)
        self._tell(f"VIOLATION {found}")

    # Beginning and end.

    def _begin(self) -> None:
        # A process that has nothing to do with any of it, in the product's own directory.
        stranger = subprocess.Popen(
            [self._world.product / "main", "100000"],
            stdin=subprocess.DEVNULL,
            env={},
            start_new_session=True,
        )
        self._strangers.append(stranger)
        self._perform(Step(("restore",)))
        self._expect("restore", 0, NEIGHBOUR)
        self._meet_bystanders()

    def _meet_bystanders(self) -> None:
        seen = [eyes.look(each.pid) for each in self._strangers]
        self._model.meet_bystanders([each for each in seen if each is not None])

    def _settle(self) -> None:
        """With all faults over, everything goes well, and nothing is left."""
        self._at += 1
        self._perform(Step(("remove",)), expected=0)
        self._perform(Step(("restore",)), expected=0)
        self._perform(Step(("quickcheck",)), expected=0)
        self._expect("quickcheck", 0, NEIGHBOUR)
        self._perform(Step(("remove",)), expected=0)
        for script in self._ras.unpaired():
            self._violation("line", f"a start without an end: {script}")

    def _expect(self, action: str, code: int, resource: str) -> None:
        got = self._world.call(action, resource).wait(_HUNG)
        if got != code:
            self._violation("unsettled", f"{action} of {resource} ended with {got}")

    def _end(self) -> None:
        self._world.end_everything()
        for stranger in self._strangers:
            stranger.kill()
            stranger.wait()

    # One step.

    def _perform(self, step: Step, expected: int | None = None) -> None:
        self._tell(f"step {self._at}: {step}")
        self.tally.faults.update(step.faults())
        self._world.set_faults(step.product, step.plugin)
        if step.machine:
            self._tell(self._machine.disturb(step.machine, step.which))
            if self._machine.rebooted:
                self._after_reboot()
        if step.crash:
            self._world.crash(step.crash)
        calls = self._make_calls(step)
        self.tally.faults.update(self._world.faults_met())
        entries = self._read_lines(calls)
        told = not self._machine.log_is_blind
        for call in calls:
            self._tell(str(call))
            self._count(call, [each for each in calls if each is not call])
        self._model.judge(step, calls, told=told)
        if self._model.bystanders_hurt():
            self._meet_bystanders()
        self._count_pairs(entries, calls, told)
        self._machine.mend()
        for call in calls:
            if expected is not None and call.code != expected:
                self._violation("unsettled", str(call))

    def _after_reboot(self) -> None:
        """Nothing of before is alive, so nothing of before can have been left."""
        self._model.killed_pending = True
        for stranger in self._strangers:
            stranger.wait()
        self._strangers.clear()
        self._expect("restore", 0, NEIGHBOUR)
        self._meet_bystanders()

    def _count(self, call: CallEnd, others: list[CallEnd]) -> None:
        self.tally.actions[call.action] += 1
        name = signal.Signals(-call.code).name if call.code < 0 else str(call.code)
        self.tally.ends[name] += 1
        if not call.killed:
            self.tally.overshoots.append(self._model.overshoot(call, others))

    def _read_lines(self, calls: list[CallEnd]) -> list[Entry]:
        """What the step has written, each call's end line given to it."""
        problems: list[str] = []
        entries = self._ras.news(problems)
        self.tally.lines = self._ras.lines
        for entry in entries:
            self._tell(f"    {entry.resource}: {entry.message}")
        if not self._machine.log_is_blind:
            for problem in problems:
                self._violation("line", problem)
        ends = [each for each in entries if each.resource == RESOURCE and each.ends]
        # Those that were killed last: they may have written none. One that answered 1 has failed.
        for call in sorted(calls, key=lambda each: (each.killed, each.code != 1, each.ended)):
            mine = [end for end in ends if end.script == call.action]
            mine.sort(key=lambda end: end.what == "completed" if call.code == 1 else False)
            if call.code == 0:
                mine.sort(key=lambda end: end.what == "failed")
            if mine:
                call.entry = mine[0]
                ends.remove(mine[0])
        return entries

    def _count_pairs(self, entries: list[Entry], calls: list[CallEnd], told: bool) -> None:
        killed = self._model.killed_pending or any(call.sent("guard:SIGKILL") for call in calls)
        if not told:
            self._ras.forget()
            self._killed_before = killed
            return
        problems: list[str] = []
        self._ras.count(entries, killed=killed or self._killed_before, problems=problems)
        self._killed_before = killed
        for call in calls:
            if not call.killed and call.entry is None and not call.hung:
                problems.append(f"no end line of {call.action}, which ended with {call.code}")
        if came_to_act(max(calls, key=lambda call: call.ended), told) and not killed:
            problems += [f"a start without an end: {each}" for each in self._ras.unpaired()]
            if self._ras.unpaired():
                self._ras.forget()
        for problem in problems:
            self._violation("line", problem)

    _killed_before = False

    # The calls themselves.

    def _make_calls(self, step: Step) -> list[CallEnd]:
        began = time.monotonic()
        events: list[tuple[float, Callable[[], None]]] = []
        running: dict[int, tuple[subprocess.Popen[bytes], int]] = {}
        made: dict[int, tuple[CallEnd, subprocess.Popen[bytes]]] = {}
        poll = select.poll()

        def call(number: int) -> None:
            up = self._model.is_up(self._world.everything())
            end = CallEnd(step.actions[number], time.monotonic(), up)
            process = self._world.call(step.actions[number])
            made[number] = (end, process)
            descriptor = os.pidfd_open(process.pid)
            running[descriptor] = (process, number)
            poll.register(descriptor, select.POLLIN)

        def strike(blow: Strike) -> None:
            if blow.call in made:
                self._strike(blow, *made[blow.call], later)

        def later(seconds: float, what: Callable[[], None]) -> None:
            events.append((time.monotonic() + seconds, what))

        for number in range(len(step.actions)):
            events.append((began + number * step.apart, partial(call, number)))
        for blow in step.strikes:
            when = began + blow.call * step.apart + blow.after
            events.append((when, partial(strike, blow)))

        while running or any(number not in made for number in range(len(step.actions))):
            events.sort(key=lambda event: event[0])
            while events and events[0][0] <= time.monotonic():
                events.pop(0)[1]()
            next_at = events[0][0] if events else began + _HUNG
            for descriptor, _ in poll.poll(max(0.0, next_at - time.monotonic()) * 1000 + 1):
                process, number = running.pop(descriptor)
                poll.unregister(descriptor)
                os.close(descriptor)
                self._note_end(made[number][0], process)
            if time.monotonic() - began > _HUNG:
                for process, number in running.values():
                    made[number][0].hung = True
                    process.kill()
        return [made[number][0] for number in range(len(step.actions))]

    def _note_end(self, end: CallEnd, process: subprocess.Popen[bytes]) -> None:
        end.ended = time.monotonic()
        end.seen = self._world.everything()
        end.code = process.wait()
        daemons = self._world.daemons(end.seen)
        if daemons and not self._model.is_up(end.seen):
            # For a moment, while a process executes a new program, nobody can tell what it is.
            time.sleep(0.01)
            again = self._world.everything()
            end.seen += [seen for seen in again if seen not in end.seen]

    def _strike(
        self,
        blow: Strike,
        end: CallEnd,
        process: subprocess.Popen[bytes],
        later: Callable[[float, Callable[[], None]], None],
    ) -> None:
        victim: Seen | None = eyes.look(process.pid)
        if victim is None:
            return
        if blow.whom == "worker":
            victim = self._world.worker_of(process.pid)
            if victim is None:
                return
        number = signal.Signals[blow.signal]
        self._send(victim, number)
        self._tell(f"  {blow.signal} to the {blow.whom}, pid {victim.pid}")
        self.tally.faults[f"ourselves: {blow.signal} to a {blow.whom}"] += 1
        end.signals.append((f"{blow.whom}:{blow.signal}", time.monotonic()))
        if number == signal.SIGSTOP:
            if blow.whom == "guard":
                end.stopped += STOPPED_FOR
            later(STOPPED_FOR, partial(self._send, victim, signal.SIGCONT))

    @staticmethod
    def _send(victim: Seen, number: int) -> None:
        if eyes.lives(victim):
            try:
                os.kill(victim.pid, number)
            except ProcessLookupError:
                return


def run_seed(seed: int, *, steps: int = 25, until: float = float("inf")) -> SeedRun:
    """The run of one seed, in a directory of its own that is gone afterwards."""
    directory = Path(tempfile.mkdtemp(prefix=f"ark-torture-{seed}-"))
    try:
        run = SeedRun(make_plan(seed, steps), directory)
        run.perform(until)
        return run
    finally:
        shutil.rmtree(directory, ignore_errors=True)
