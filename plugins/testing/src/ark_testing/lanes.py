"""Runs checks beside one another: each lane has an installation, a node and a log of its own.

Most checks wait: for a deadline, for a start, for an end. Lanes let them wait together. What is
told is what would be told if the checks had run one after another: in their order, each mistake
once, and nothing after a check that others build on and that is broken.

No lane may harm another. Until it is known that the application starts and stops, only the first
lane starts it. Where a check finds that others are harmed, or that the application does not start
any more, the other lanes end. The first one then asks once more, alone, what has failed meanwhile,
and only that counts.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence

from ark_testing.board import Board, Found, Next
from ark_testing.checks import Check
from ark_testing.in_order import InOrder
from ark_testing.in_use import clash, objection
from ark_testing.pulse import Pulse
from ark_testing.result import Result, run_check
from ark_testing.subject import Subject

#: So few checks are run in one lane.
_FEW = 6
#: So many lanes at most: more would only wait for a processor.
MOST = 5
#: Processes that each processor may have ready to run before the machine counts as busy.
_READY = 4.0
#: Seconds between two looks at how long the checks at work have lasted.
_LOOK = 1.0


def room(subject: Subject, checks: Sequence[Check], most: int | None = None) -> tuple[int, str]:
    """How many lanes there can be; where that is one, the reason in one line.

    `most`: what the author allows. None leaves it to the machine and its load. No reason is told
    where there is little to run, or nothing can be run.
    """
    if len(checks) < _FEW or "refused" in subject.declaration():
        return 1, ""
    if subject.installation.another is None:
        return 1, "Installation.another is not given"
    if most is not None:
        return max(1, most), "" if most > 1 else f"lanes = {most}"
    load = os.getloadavg()[0]
    found = max(1, min(MOST, int(_READY * len(os.sched_getaffinity(0)) - load)))
    return found, "" if found > 1 else f"this machine is busy, its load is {load:.1f}"


class Lanes:
    """Runs `checks` of `subject` in `count` lanes. The first has `subject` itself.

    `tell` hears of a check that lasts long, and of a lane that cannot be used.
    """

    def __init__(
        self,
        subject: Subject,
        checks: Sequence[Check],
        count: int,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._tell = tell
        self._told = InOrder(checks, subject.capabilities)
        self._board = Board(checks, count, self._told)
        #: Guards all that follows and the board; notified where something has changed.
        self._changed = threading.Condition()
        self._subjects = {0: subject}
        self._pulses: dict[int, Pulse] = {}
        self._words: list[str] = []
        self._error: BaseException | None = None
        self._ending = False
        self._making = threading.Lock()
        self._threads = [
            threading.Thread(target=self._lane, args=(lane,), name=f"lane {lane + 1}")
            for lane in range(count)
        ]
        self._begun = False

    def result(self, check: Check) -> Result:
        """What a check came to. Waits for it and for all before it."""
        self.begin()
        while True:
            with self._changed:
                self._board.tell()
                if self._error is not None:
                    raise self._error
                found = self._told.of(check)
                if found is None and not any(each.is_alive() for each in self._threads):
                    raise RuntimeError(f"no lane has run {check.name}")
                if found is None:
                    self._changed.wait(_LOOK)
                words, self._words = self._words, []
                pulses = list(self._pulses.values())
            for word in words:
                self._tell(word)
            for pulse in pulses:
                pulse()
            if found is not None:
                return found

    def settle(self) -> None:
        """Wait until nothing is at work in any lane."""
        if self._begun:
            for thread in self._threads:
                thread.join()

    def close(self) -> None:
        """End what is at work, and all lanes. The first one's subject stays as it is."""
        with self._changed:
            self._ending = True
            at_work = [each for lane, each in self._subjects.items() if lane or 0 in self._pulses]
            self._changed.notify_all()
        for subject in at_work:
            subject.halt()
        self.settle()
        for lane, subject in self._subjects.items():
            if lane:
                subject.close()

    def begin(self) -> None:
        """Have the lanes begin, where they have not."""
        if not self._begun:
            self._begun = True
            for thread in self._threads:
                thread.start()

    # In the lanes.

    def _lane(self, lane: int) -> None:
        try:
            subject = self._subject_of(lane)
            while subject is not None and (check := self._next(lane)) is not None:
                self._ends(lane, check, _ask(check, subject))
        except BaseException as error:  # a mistake of ours: whoever waits is told
            with self._changed:
                self._error = error
        finally:
            with self._changed:
                self._pulses.pop(lane, None)
                self._board.left(lane)
                self._changed.notify_all()

    def _subject_of(self, lane: int) -> Subject | None:
        """The subject of a lane. Tell why, and None, where its installation cannot be used."""
        if lane == 0:
            return self._subjects[0]
        try:
            # One at a time: whoever makes it need not think of threads.
            with self._making:
                made = self._subjects[0].beside(lane)
                with self._changed:
                    others = [each.installation for each in self._subjects.values()]
                    self._subjects[lane] = made
            why = clash(made.installation, others) or objection(made)
        except Exception as error:  # raised by the author's function, whatever it is
            why = f"{type(error).__name__}: {error}"
        if not why:
            return made
        with self._changed:
            if not self._ending and not self._board.is_alone:
                self._words.append(f"installation {lane + 1} is not used: {why}")
        return None

    def _next(self, lane: int) -> Check | None:
        with self._changed:
            while not self._ending:
                found = self._board.next(lane)
                if isinstance(found, Check):
                    self._pulses[lane] = Pulse(found.name, self._tell)
                    return found
                if found is Next.END:
                    break
                self._changed.wait()
            return None

    def _ends(self, lane: int, check: Check, found: Found) -> None:
        with self._changed:
            del self._pulses[lane]
            beside = not self._board.is_first
            alone = self._board.ends(lane, check, found) and not self._ending
            if alone and beside:
                why = found.gave_up or found.result.told
                told = why if why.startswith(check.name) else f"{check.name}: {why}"
                self._words.append(f"what has failed is run once more, alone: {told}")
            others = [each for number, each in self._subjects.items() if number and alone]
            self._changed.notify_all()
        for subject in others:
            subject.halt()


def _ask(check: Check, subject: Subject) -> Found:
    """What a check comes to by itself, whatever others have come to."""
    subject.given_up = ""
    subject.exceptions.clear()
    result = run_check(check, subject)
    return Found(result, frozenset(subject.exceptions), subject.given_up)
