"""What is ahead, at work and found in all lanes, and what follows from it. No lane, no clock.

Lane 0 is the first one. The lanes ask under one lock: see :mod:`ark_testing.lanes`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from ark_testing.checks import Check
from ark_testing.in_order import InOrder
from ark_testing.plan import OF_OTHERS, OF_THE_WHOLE_NODE, Group, first_of, grouped
from ark_testing.result import Outcome, Result


@dataclass(frozen=True)
class Found:
    """What a check came to in one lane."""

    result: Result
    #: What hooks raised that they may not, told by this check.
    raised: frozenset[str] = frozenset()
    #: Why nothing after it needs to be begun, "" where that is needed.
    gave_up: str = ""

    @property
    def is_good(self) -> bool:
        return not self.gave_up and self.result.outcome in (Outcome.KEPT, Outcome.NOT_RUN)


class Next(Enum):
    """Where there is no check for a lane."""

    WAIT = "wait"
    END = "end"


class _Phase(Enum):
    #: Lane 0 asks what the others build on; the other lanes ask what needs no start.
    FIRST = "first"
    BESIDE = "beside"
    #: Lane 0 alone: it asks once more what has failed beside others, and what is left.
    ALONE = "alone"


class Board:
    """The checks of one run in `lanes` lanes."""

    def __init__(self, checks: Sequence[Check], lanes: int, told: InOrder) -> None:
        self._order = list(checks)
        self._place = {check.name: place for place, check in enumerate(self._order)}
        self._told = told
        self._ordinary = [each for each in self._order if each.name not in OF_THE_WHOLE_NODE]
        self._of_nodes = [each for each in self._order if each.name in OF_THE_WHOLE_NODE]
        self._ahead = self._grouped(self._ordinary)
        self._first = first_of(self._order)
        self._phase = _Phase.FIRST if self._first else _Phase.BESIDE
        #: The lanes that have not ended, those that ran something, and what each runs in a row.
        self._lanes = set(range(lanes))
        self._worked: set[int] = set()
        self._mine: dict[int, list[Check]] = {lane: [] for lane in self._lanes}
        self._at_work: dict[int, tuple[Check, _Phase]] = {}
        self._found: dict[str, Found] = {}
        self._uncertain: set[str] = set()
        #: What was found of whole nodes, by lane.
        self._nodes: dict[str, dict[int, Found]] = {each.name: {} for each in self._of_nodes}
        #: The place of the first check that has given up for certain: none after it counts.
        self._until = len(self._order)

    # What a lane asks and tells.

    def next(self, lane: int) -> Check | Next:
        """What a lane is to run now."""
        if self._phase is _Phase.ALONE and lane:
            return Next.END
        if self._phase is _Phase.ALONE and self._lanes != {0}:
            return Next.WAIT
        while self._mine[lane] or self._takes_more(lane):
            check = self._mine[lane].pop(0)
            if self._place[check.name] <= self._until:
                self._at_work[lane] = (check, self._phase)
                self._worked.add(lane)
                return check
        if self._ahead or self._phase is _Phase.FIRST:
            return Next.WAIT
        return self._next_of_nodes(lane)

    def _next_of_nodes(self, lane: int) -> Check | Next:
        """What looks at all that a node has been through, once nothing else is left."""
        at_work = any(check in self._ordinary for check, _ in self._at_work.values())
        if at_work or any(self._mine.values()):
            return Next.WAIT
        for check in self._of_nodes:
            wanted = lane in self._worked or not lane
            if wanted and self._place[check.name] <= self._until:
                if lane not in self._nodes[check.name]:
                    self._at_work[lane] = (check, self._phase)
                    return check
        return Next.END

    def _takes_more(self, lane: int) -> bool:
        group = self._choice(lane)
        if group is not None:
            self._ahead.remove(group)
            self._mine[lane] = list(group.checks)
        return group is not None

    def _choice(self, lane: int) -> Group | None:
        self._ahead = [each for each in self._ahead if each.place <= self._until]
        if self._phase is _Phase.FIRST:
            for group in self._ahead:
                if group.names & self._first if lane == 0 else group.needs_no_start:
                    return group
            return None
        if lane == 0 or not self._ahead:
            # In order, for so they are told; but first what ends all others where it is broken.
            basic = [each for each in self._ahead if each.is_basic]
            return next(iter(basic or self._ahead), None)
        return min(self._ahead, key=lambda each: each.urgency)

    def ends(self, lane: int, check: Check, found: Found) -> bool:
        """Take what a check came to. Whether all lanes but the first must end now, at once."""
        _, began = self._at_work.pop(lane)
        if self._phase is _Phase.ALONE and lane:
            return False  # it was ended
        if check in self._of_nodes:
            self._nodes[check.name][lane] = found
            return False
        self._found[check.name] = found
        if began is not _Phase.BESIDE:
            self._uncertain.discard(check.name)
            if found.gave_up:
                self._until = min(self._until, self._place[check.name])
        elif not found.is_good:
            self._uncertain.add(check.name)
        return self._goes_on(check, found, began)

    def _goes_on(self, check: Check, found: Found, began: _Phase) -> bool:
        if self._phase is _Phase.ALONE:
            if began is _Phase.BESIDE and not found.is_good:
                self._begin_alone()  # it was at work when the others ended
            return False
        harmed = check.name in OF_OTHERS and found.result.outcome is Outcome.BROKEN
        if found.gave_up or (harmed and began is _Phase.BESIDE):
            self._begin_alone()
            return True
        if self._phase is _Phase.FIRST and self._first <= set(self._found):
            self._phase = _Phase.BESIDE
        return False

    def _begin_alone(self) -> None:
        self._phase = _Phase.ALONE
        for name in self._uncertain:
            del self._found[name]
        self._uncertain.clear()
        self._nodes = {each.name: {} for each in self._of_nodes}
        at_work = self._at_work.get(0)
        done = {*self._found, at_work[0].name if at_work else ""}
        self._mine[0] = []
        self._ahead = self._grouped([each for each in self._ordinary if each.name not in done])

    def _grouped(self, checks: Sequence[Check]) -> list[Group]:
        return grouped(checks, self._place)

    @property
    def is_first(self) -> bool:
        """Whether nothing is begun yet that could harm another lane."""
        return self._phase is _Phase.FIRST

    @property
    def is_alone(self) -> bool:
        """Whether the first lane is the only one that goes on."""
        return self._phase is _Phase.ALONE

    def left(self, lane: int) -> None:
        """A lane has ended. What it was to run in a row is ahead again."""
        self._lanes.discard(lane)
        self._at_work.pop(lane, None)
        rest, self._mine[lane] = self._mine[lane], []
        if rest:
            ahead = [check for group in self._ahead for check in group.checks]
            wanted = {each.name for each in (*ahead, *rest)}
            self._ahead = self._grouped([each for each in self._order if each.name in wanted])

    # What is known.

    def tell(self) -> None:
        """Tell in order what is known for certain."""
        while (check := self._told.next()) is not None:
            if self._told.is_left_out(check):
                self._told.leave_out(check)
                continue
            found = self._of_nodes_found(check) if check in self._of_nodes else self._certain(check)
            if found is None:
                return
            self._told.take(found.result, found.raised, found.gave_up)
            self._uncertain.discard(check.name)

    def _certain(self, check: Check) -> Found | None:
        if check.name in self._uncertain and self._others_are_open():
            return None
        return self._found.get(check.name)

    def _others_are_open(self) -> bool:
        """Whether it is not known yet that no lane has harmed another."""
        wanted = [each for each in self._ordinary if each.name in OF_OTHERS]
        return any(each.name not in self._found for each in wanted)

    def _of_nodes_found(self, check: Check) -> Found | None:
        """The first one that is not good, of all lanes that ran something."""
        found = self._nodes[check.name]
        if self._ahead or self._phase is _Phase.FIRST or not found:
            return None
        asked = {0} if self._phase is _Phase.ALONE else {0, *(self._lanes & self._worked)}
        if not asked <= set(found):
            return None
        each = [found[lane] for lane in sorted(found)]
        return next((one for one in each if not one.is_good), each[0])
