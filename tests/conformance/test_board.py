"""What follows from what the lanes of the conformance kit find: nothing is run here."""

from __future__ import annotations

from collections.abc import Sequence

from ark_testing import Capability, plan
from ark_testing.board import Board, Found, Next
from ark_testing.checks import CHECKS, Check
from ark_testing.in_order import InOrder
from ark_testing.result import Outcome, Result

BASIC = "status_is_true_after_start_and_stop"
OF_OTHERS = "stop_and_forced_stop_end_only_their_own"
#: One that needs no start, two that do, and one that looks at a whole node.
PAPER, LATE, NODE = "every_option_is_read", "half_death_is_seen", "log_is_in_pairs"
NAMED = {check.name: check for check in CHECKS}


class Run:
    """A board of these checks, and what came of them."""

    def __init__(self, names: Sequence[str], lanes: int = 2) -> None:
        self.checks = [check for check in CHECKS if check.name in names]
        self.told = InOrder(self.checks, frozenset(Capability))
        self.board = Board(self.checks, lanes, self.told)

    def begins(self, lane: int) -> str:
        """The name of the check that a lane begins, or what it is told instead."""
        found = self.board.next(lane)
        return found.value if isinstance(found, Next) else found.name

    def ends(
        self,
        lane: int,
        name: str,
        outcome: Outcome = Outcome.KEPT,
        told: str = "",
        *,
        raised: str = "",
        gave_up: str = "",
    ) -> bool:
        result = Result(NAMED[name], outcome, told, 0.1)
        found = Found(result, frozenset({raised} if raised else ()), gave_up)
        ended = self.board.ends(lane, NAMED[name], found)
        self.board.tell()
        return ended

    def outcomes(self) -> dict[str, str]:
        self.board.tell()
        found = {check.name: self.told.of(check) for check in self.checks}
        return {name: each.outcome.value for name, each in found.items() if each is not None}


def test_only_the_first_lane_starts_it_until_it_starts_and_stops() -> None:
    run = Run([BASIC, PAPER, LATE])
    assert run.begins(0) == BASIC
    assert run.begins(1) == PAPER
    run.ends(1, PAPER)
    assert run.begins(1) == "wait"
    run.ends(0, BASIC)
    assert run.begins(1) == LATE


def test_what_was_found_is_told_in_the_order_of_the_checks() -> None:
    run = Run(["second_restore_changes_nothing", LATE])
    assert (run.begins(0), run.begins(1)) == ("second_restore_changes_nothing", LATE)
    run.ends(1, LATE)
    assert run.outcomes() == {}
    run.ends(0, "second_restore_changes_nothing")
    assert list(run.outcomes()) == ["second_restore_changes_nothing", LATE]


def test_where_it_does_not_start_nothing_after_that_is_begun() -> None:
    run = Run([BASIC, LATE, NODE])
    assert run.begins(0) == BASIC
    assert run.ends(0, BASIC, Outcome.BROKEN, "it does not start", gave_up="it does not start")
    assert run.begins(1) == "end"
    run.board.left(1)
    assert run.begins(0) == "end"
    assert run.outcomes() == {BASIC: "broken", LATE: "unreached", NODE: "unreached"}
    late = run.told.of(NAMED[LATE])
    assert late is not None
    assert late.told == "not begun: it does not start"


def test_what_gives_up_beside_others_counts_only_where_it_does_so_alone() -> None:
    for alone in ("", "it does not start"):
        run = Run(["second_restore_changes_nothing", LATE])
        assert (run.begins(0), run.begins(1)) == ("second_restore_changes_nothing", LATE)
        assert run.ends(1, LATE, Outcome.UNREACHED, gave_up="it does not start")
        run.ends(0, "second_restore_changes_nothing")
        assert run.begins(0) == "wait"  # until the other one has ended
        assert run.begins(1) == "end"
        run.board.left(1)
        assert LATE not in run.outcomes()
        assert run.begins(0) == LATE
        outcome = Outcome.UNREACHED if alone else Outcome.KEPT
        run.ends(0, LATE, outcome, gave_up=alone)
        assert run.outcomes()[LATE] == outcome.value


def test_a_failure_is_told_once_no_lane_can_have_harmed_another() -> None:
    run = Run(["second_restore_changes_nothing", OF_OTHERS])
    assert run.begins(0) == "second_restore_changes_nothing"
    assert run.begins(1) == OF_OTHERS  # before what merely lasts long
    run.ends(0, "second_restore_changes_nothing", Outcome.BROKEN, "two of them")
    assert run.outcomes() == {}
    run.ends(1, OF_OTHERS)
    assert run.outcomes() == {"second_restore_changes_nothing": "broken", OF_OTHERS: "kept"}


def test_where_a_lane_was_harmed_its_failure_is_asked_for_once_more_alone() -> None:
    run = Run(["second_restore_changes_nothing", OF_OTHERS])
    assert (run.begins(0), run.begins(1)) == ("second_restore_changes_nothing", OF_OTHERS)
    run.ends(0, "second_restore_changes_nothing", Outcome.BROKEN, "killed by the other lane")
    assert run.ends(1, OF_OTHERS, Outcome.BROKEN, "kills by name")
    run.board.left(1)
    assert run.outcomes() == {}
    assert run.begins(0) == "second_restore_changes_nothing"
    run.ends(0, "second_restore_changes_nothing")
    assert run.begins(0) == OF_OTHERS
    run.ends(0, OF_OTHERS, Outcome.BROKEN, "kills by name")
    assert run.outcomes() == {"second_restore_changes_nothing": "kept", OF_OTHERS: "broken"}


def test_what_was_at_work_when_the_others_ended_counts_only_alone() -> None:
    run = Run(["second_restore_changes_nothing", OF_OTHERS])
    assert (run.begins(0), run.begins(1)) == ("second_restore_changes_nothing", OF_OTHERS)
    run.ends(1, OF_OTHERS, Outcome.BROKEN, "kills by name")
    run.board.left(1)
    run.ends(0, "second_restore_changes_nothing", Outcome.BROKEN, "killed by the other lane")
    assert run.outcomes() == {}
    assert run.begins(0) == "second_restore_changes_nothing"


def test_what_a_lane_leaves_undone_is_done_by_another() -> None:
    names = ["second_remove_is_well", "stop_leaves_nothing_behind"]
    run = Run(["second_restore_changes_nothing", *names])
    assert run.begins(0) == "second_restore_changes_nothing"
    assert run.begins(1) == names[1]
    run.ends(1, names[1])
    run.board.left(1)
    run.ends(0, "second_restore_changes_nothing")
    assert run.begins(0) == names[0]


def test_each_lane_that_ran_something_is_asked_what_its_node_has_been_through() -> None:
    run = Run(["second_restore_changes_nothing", LATE, NODE], lanes=3)
    assert (run.begins(0), run.begins(1)) == ("second_restore_changes_nothing", LATE)
    assert run.begins(2) == "wait"
    run.ends(0, "second_restore_changes_nothing")
    assert run.begins(0) == "wait"  # the other one may still write
    run.ends(1, LATE)
    assert (run.begins(0), run.begins(1)) == (NODE, NODE)
    run.ends(0, NODE)
    assert NODE not in run.outcomes()
    run.ends(1, NODE, Outcome.BROKEN, "malformed")
    assert run.outcomes()[NODE] == "broken"
    assert [run.begins(lane) for lane in range(3)] == ["end"] * 3


def test_alone_what_comes_before_the_broken_one_is_still_run() -> None:
    group = ["remove_needs_no_forced_stop", "stop_is_over_when_it_says_so"]
    run = Run(["stop_is_well_where_nothing_ever_ran", *group, LATE])
    assert (run.begins(0), run.begins(1)) == (group[0], LATE)
    broken = "it ran, and was forced"
    assert run.ends(0, group[0], Outcome.BROKEN, broken, gave_up=broken)
    run.board.left(1)
    assert run.begins(0) == group[0]
    run.ends(0, group[0], Outcome.BROKEN, broken, gave_up=broken)
    assert run.begins(0) == "stop_is_well_where_nothing_ever_ran"
    run.ends(0, "stop_is_well_where_nothing_ever_ran")
    assert run.begins(0) == "end"
    assert list(run.outcomes().values()) == ["kept", "broken", "unreached", "unreached"]


def test_no_lane_ends_while_another_is_between_two_checks() -> None:
    names = ["stop_leaves_nothing_behind", "second_remove_is_well"]
    run = Run(["second_restore_changes_nothing", *names])
    assert (run.begins(0), run.begins(1)) == ("second_restore_changes_nothing", names[0])
    run.ends(0, "second_restore_changes_nothing")
    run.ends(1, names[0])
    assert run.begins(0) == "wait"
    assert run.begins(1) == names[1]
    assert run.ends(1, names[1], Outcome.UNREACHED, gave_up="it does not start")
    run.board.left(1)
    assert run.begins(0) == names[1]


def test_an_exception_that_was_told_is_not_told_by_the_check_after_it() -> None:
    run = Run(["hooks_raise_nothing", LATE])
    assert (run.begins(0), run.begins(1)) == ("hooks_raise_nothing", LATE)
    run.ends(1, LATE, Outcome.BROKEN, "seen: ValueError: x")
    told = "raised ValueError: x"
    run.ends(0, "hooks_raise_nothing", Outcome.BROKEN, told, raised="ValueError: x")
    assert run.outcomes() == {"hooks_raise_nothing": "broken", LATE: "unreached"}


def test_each_name_of_the_plan_is_that_of_a_check() -> None:
    together = [name for names in plan._TOGETHER for name in names]
    assert len(together) == len({*together})
    assert {*together, *plan._FIRST, *plan.OF_OTHERS, *plan.OF_THE_WHOLE_NODE} <= {*NAMED}


def test_every_check_is_run_once_however_many_lanes_there_are() -> None:
    for lanes in (1, 2, 4):
        run = Run([check.name for check in CHECKS], lanes)
        ran: list[Check] = []
        ended: set[int] = set()
        while len(ended) < lanes:
            for lane in range(lanes):
                found = run.board.next(lane)
                if isinstance(found, Check):
                    ran.append(found)
                    run.ends(lane, found.name)
                elif found is Next.END:
                    ended.add(lane)
        ordinary = [check.name for check in ran if check.name not in ("secrets_stay_secret", NODE)]
        assert sorted(ordinary) == sorted({*NAMED} - {"secrets_stay_secret", NODE})
        assert list(run.outcomes()) == [check.name for check in CHECKS]
