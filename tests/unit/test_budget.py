"""The division of time: what must hold for every timer and limit, and figures found by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arkcore.base import budget

seconds = st.floats(0.0, 1e5, allow_nan=False)
timers = st.floats(0.1, 1e5, allow_nan=False)
limits = st.none() | st.floats(0.0, 1e5, allow_nan=False)


@given(seconds, seconds, seconds, limits)
def test_a_part_ends_before_its_worker_and_that_before_the_action(
    now: float, within: float, cleanup: float, left: float | None
) -> None:
    limit = None if left is None else now + left
    deadline, end = budget.of_part(now, now + within, cleanup, limit)
    assert deadline <= end
    assert deadline <= now + within
    assert end <= now + within + budget.ENDING
    assert limit is None or end <= limit


@given(seconds, st.floats(2.0, 1e5), st.floats(0.6, 1e5))
def test_a_part_with_a_cleanup_leaves_time_to_answer_within_the_limit(
    now: float, left: float, cleanup: float
) -> None:
    _, end = budget.of_part(now, now + 1e6, cleanup, now + left)
    assert end <= now + left - 0.3 + 1e-6


@given(seconds, st.floats(2.0, 1e5), seconds, limits)
def test_a_worker_has_time_to_tell_what_it_could_not_do(
    now: float, within: float, cleanup: float, left: float | None
) -> None:
    limit = None if left is None else now + max(2.0, left)
    deadline, end = budget.of_part(now, now + within, cleanup, limit)
    assert end - deadline >= min(0.4, (end - now) / 4) - 1e-6


@pytest.mark.parametrize(
    ("within", "cleanup", "limit", "deadline", "end"),
    [
        (480.0, 120.0, None, 480.0, 485.0),  # half a cleanup, 5 s at most
        (480.0, 4.0, None, 480.0, 482.0),
        (10.0, 0.0, None, 9.6, 10.0),  # no cleanup: the worker still has 0.4 s to tell
        (1.0, 0.0, None, 0.75, 1.0),  # of a short time a quarter
        (480.0, 120.0, 60.0, 55.0, 59.7),  # Pacemaker's timeout: 0.3 s are for the answer
        (480.0, 0.2, 60.0, 59.5, 59.9),
    ],
)
def test_the_times_of_a_part(
    within: float, cleanup: float, limit: float | None, deadline: float, end: float
) -> None:
    now = 1000.0
    at = None if limit is None else now + limit
    found = budget.of_part(now, now + within, cleanup, at)
    assert found == pytest.approx((now + deadline, now + end))


@given(timers, seconds, seconds, st.floats(1.0, 1e5))
def test_a_check_with_its_cleanup_and_excuses_fits_into_the_manager_s_time(
    timer: float, undecided: float, cleanup: float, limit: float
) -> None:
    within, ending = budget.of_check(timer, undecided, cleanup, limit)
    assert within + ending + limit / 9 <= limit + 1e-6
    assert ending <= min(cleanup, limit / 6) + 1e-9
    assert within > 0


@given(timers, seconds, seconds)
def test_a_check_without_a_limit_has_the_rest_of_its_timer_and_a_second_at_least(
    timer: float, undecided: float, cleanup: float
) -> None:
    within, ending = budget.of_check(timer, undecided, cleanup, None)
    assert within == max(1.0, timer - undecided)
    assert ending == cleanup


def test_lifekeeper_s_eighteen_seconds_leave_three_for_a_hung_status_command() -> None:
    assert budget.of_check(120.0, 0.0, 60.0, 18.0) == pytest.approx((13.0, 3.0))


@given(timers, seconds, st.floats(2.0, 1e5))
def test_timers_that_are_cut_fit_into_the_time_with_the_answer(
    process: float, cleanup: float, given_time: float
) -> None:
    shorter, ending = budget.cut(process, cleanup, given_time)
    assert shorter <= process
    assert ending <= min(cleanup, given_time / 4)
    assert shorter + ending <= given_time - min(2.0, given_time / 10) + 1e-6


@given(timers, timers)
def test_a_forced_stop_never_takes_more_than_half_of_a_stop_s_time(
    reserve: float, process: float
) -> None:
    assert budget.for_force(reserve, process) <= process / 2


@given(seconds)
def test_ending_what_is_left_and_looking_again_fit_into_the_time_left(left: float) -> None:
    killing = budget.for_killing(left)
    assert killing + budget.for_last_look(left - killing) <= left


@given(seconds)
def test_a_hung_worker_s_black_box_takes_an_eighth_of_its_time_at_most(left: float) -> None:
    assert budget.for_recording(left) <= left / 8


@given(seconds, limits)
def test_loading_is_over_in_time_to_say_so(now: float, left: float | None) -> None:
    limit = None if left is None else now + left
    end = budget.of_loading(now, limit)
    assert end <= now + budget.LOADING
    assert limit is None or end <= limit


def test_a_check_waits_a_second_for_the_lock_and_others_for_whatever_is_at_work() -> None:
    assert budget.for_lock("quickcheck", 120.0, None) == 1.0
    assert budget.for_lock("restore", 480.0, None) == 480.0
    assert budget.for_lock("recover", 60.0, 480.0) == 485.0


def test_a_check_is_stuck_two_seconds_after_its_limit_and_never_without_one() -> None:
    assert not budget.is_stuck(19.9, 18.0)
    assert budget.is_stuck(20.1, 18.0)
    assert not budget.is_stuck(1e9, None)
