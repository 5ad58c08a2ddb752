"""Says after each step what is true, and so which answers were not.

It knows the rules of the four actions and what the faults can do, and nothing of the engine's own
state: what is alive it sees in /proc, what was said it reads in the RAS log.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

from rigs.torture import eyes, product
from rigs.torture.calls import CallEnd
from rigs.torture.eyes import Seen
from rigs.torture.limits import limit_of, longest_wait
from rigs.torture.plan import Step
from rigs.torture.world import NEIGHBOUR_HOST, TIMERS, World

#: A violation from this on; less is told as overshoot.
WORST_OVERSHOOT = 1.0
#: A guard that is told to end does so within two seconds; the rest is for a busy machine.
_YIELDS_WITHIN = 3.0
_TOLD_TO_END = ("guard:SIGTERM", "guard:SIGALRM")
_STARTS = ("restore", "recover")
_OWN_SIGNALS = {-signal.SIGKILL, -signal.SIGTERM, -signal.SIGALRM}


class Model:
    """What is true in one world. `violation` hears a kind and a text."""

    def __init__(self, world: World, violation: Callable[[str, str], None]) -> None:
        self._world = world
        self._violation = violation
        self._bystanders: list[Seen] = []
        #: Since when the status may have been undecided.
        self._undecided_from = time.monotonic()
        #: A guard was killed, and no action has come to its own end since.
        self.killed_pending = False
        #: What starts that went well have left beside the daemons: told by a remove, never ended.
        self._came_along: set[tuple[int, int]] = set()

    def is_up(self, among: list[Seen]) -> bool:
        """Whether the application runs: each of its daemons lives."""
        alive = {seen.name for seen in self._world.daemons(among)}
        return alive == set(product.DAEMONS)

    # Bystanders.

    def meet_bystanders(self, strangers: list[Seen]) -> None:
        among = self._world.everything()
        neighbours = self._world.daemons(among, NEIGHBOUR_HOST)
        self._bystanders = [*neighbours, *self._world.shared(among), *strangers]

    def bystanders_hurt(self) -> int:
        hurt = [seen for seen in self._bystanders if not eyes.lives(seen)]
        for seen in hurt:
            self._violation("bystander", str(seen))
        self._bystanders = [seen for seen in self._bystanders if seen not in hurt]
        return len(hurt)

    # One step.

    def judge(self, step: Step, calls: list[CallEnd], *, told: bool) -> None:
        """Everything about a step that is over. `told`: the log could be written throughout."""
        by_end = sorted(calls, key=lambda call: call.ended)
        for call in by_end:
            others = [each for each in calls if each is not call]
            self._judge_code(call)
            if call.killed or call.hung:
                continue
            if call.action == "remove":
                self._judge_remove(call, others)
            elif call.action in _STARTS:
                self._judge_start(call, others, step, told)
            else:
                self._judge_check(call, step)
            self._judge_time(call, others)
            self._follow_clock(call)
        self._note_killed(by_end, told)
        self._judge_orphans(by_end)

    def _judge_code(self, call: CallEnd) -> None:
        if call.hung:
            self._violation("late", f"{call.action} never ended")
        elif call.code not in (0, 1) and call.code not in _OWN_SIGNALS:
            self._violation("exit-code", str(call))
        elif call.killed and not call.signals:
            self._violation("exit-code", f"{call}, and nobody sent it a signal")

    def _judge_remove(self, call: CallEnd, others: list[CallEnd]) -> None:
        # A restore that waited for this remove may have begun.
        overtaken = any(each.action == "restore" and each.ended > call.ended for each in others)
        if call.code == 0 and not overtaken:
            alive = self._world.daemons(call.seen)
            if alive:
                self._violation("untrue", f"{call}, but there lives {_listed(alive)}")

    def _judge_start(self, call: CallEnd, others: list[CallEnd], step: Step, told: bool) -> None:
        removed = any(each.action == "remove" and each.ended > call.began for each in others)
        if call.code == 0 and call.well and not removed:
            if step.product.get("start") == "dies":
                return  # it may have lived until just before: a moment's matter
            alive = self._world.daemons(call.seen)
            lied = step.product.get("status") == "alternate" and alive
            if not self.is_up(call.seen) and not lied:
                self._violation("untrue", f"{call}, but there lives {_listed(alive) or 'nothing'}")
        if call.code == 1 and told and not removed and not others and self._says_clean(call):
            alive = self._world.daemons(call.seen)
            if alive:
                text = f"{call}, no word of a failed cleanup, but there lives {_listed(alive)}"
                self._violation("untrue", text)

    def _says_clean(self, call: CallEnd) -> bool:
        """Whether a failed start says, by not saying otherwise, that it left a clean node."""
        if call.entry is None or call.signals:
            return False
        if call.action == "recover" and not call.entry.reason.startswith("Expected RUNNING"):
            return False  # it may have come to no start, and so to no cleanup
        no_cleanup = ("cleanup failed", "Ended by", "Pre-empted", "still at work", "Internal")
        unloaded = ("cannot be loaded", "plugin torture")
        return not any(each in call.entry.reason for each in (*no_cleanup, *unloaded))

    def _judge_check(self, call: CallEnd, step: Step) -> None:
        up = self.is_up(call.seen)
        if call.entry is None:
            return
        if call.code == 0 and call.entry.what == "completed" and not call.entry.reason:
            lied = step.product.get("status") == "alternate" and self._world.daemons(call.seen)
            if not (up or call.up_before or lied):
                self._violation("untrue", f"{call}, but it does not run")
        if call.code == 1:
            undecided = call.ended - self._undecided_from
            if "undecided for" in call.entry.reason:
                if undecided < TIMERS["quickcheck.process"] - 0.1:
                    text = f"{call}, but it can have been undecided for {undecided:.1f} s only"
                    self._violation("untrue", text)
            elif up and call.up_before:
                self._violation("untrue", f"{call}, but it runs")

    def _judge_time(self, call: CallEnd, others: list[CallEnd]) -> None:
        overshoot = self.overshoot(call, others)
        if overshoot > WORST_OVERSHOOT:
            limit = call.seconds - overshoot
            self._violation("late", f"{call}; its limit was {limit:.1f} s")
        told_to_end = [at for name, at in call.signals if name in _TOLD_TO_END]
        if told_to_end and not call.stopped and call.ended - told_to_end[0] > _YIELDS_WITHIN:
            seconds = call.ended - told_to_end[0]
            self._violation("late", f"{call}; it was told to end {seconds:.1f} s before")

    def overshoot(self, call: CallEnd, others: list[CallEnd]) -> float:
        """Seconds by which a call ended after it had to; never less than 0."""
        limit = limit_of(call.action) + call.stopped
        # Another one that is stopped holds the lock for longer, too.
        limit += max((longest_wait(call.action, each.action) for each in others), default=0.0)
        limit += sum(each.stopped for each in others)
        return max(0.0, call.seconds - limit)

    def _follow_clock(self, call: CallEnd) -> None:
        """The undecided clock begins anew with RUNNING and with each other action."""
        if call.action != "quickcheck" or (
            call.entry is not None and call.entry.what == "completed" and not call.entry.reason
        ):
            self._undecided_from = max(self._undecided_from, call.began)

    def _note_killed(self, calls: list[CallEnd], told: bool) -> None:
        """Whether what a killed guard has left may still be there: until an action of its own."""
        for call in calls:
            if call.killed:
                self.killed_pending = True
            elif came_to_act(call, told):
                self.killed_pending = False
                if call.action in _STARTS and call.well:
                    born = [seen for seen in self._world.commands(call.seen) if _of_start(seen)]
                    self._came_along |= {seen.key for seen in born}

    # Orphans.

    def _judge_orphans(self, calls: list[CallEnd]) -> None:
        last = calls[-1]
        if self.killed_pending or last.killed:
            return
        commands = self._world.commands(last.seen)
        left = [seen for seen in commands if seen.key not in self._came_along]
        left += self._world.guards_and_workers(last.seen)
        if not left:
            return
        time.sleep(0.1)  # what was killed a moment ago may still be dying
        left = [seen for seen in left if eyes.lives(seen)]
        if left:
            self._violation("orphan", f"after {last}: {_listed(left)}")
            self._came_along |= {seen.key for seen in left}  # told once


def _of_start(seen: Seen) -> bool:
    return seen.value(b"TORTURE_KIND") == b"start"


def came_to_act(call: CallEnd, told: bool) -> bool:
    """Whether an action took the lock and came to its end, as far as its end line tells."""
    if call.killed or call.hung:
        return False
    if call.entry is None:
        return not told
    brief = ("is at work", "is still at work", "Pre-empted by", "Ended by")
    return not any(each in call.entry.reason for each in brief)


def _listed(found: list[Seen]) -> str:
    return ", ".join(str(seen) for seen in found)
