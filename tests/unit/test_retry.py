"""Asking until it is so: the pace, the end, and what is loaded for it."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from arkcore.base import retry
from arkcore.base.deadline import Deadline
from arkcore.base.retry import LONGEST_PAUSE, ask_until


class Clock:
    """A monotonic clock that moves when somebody sleeps on it."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.naps: list[float] = []

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.naps.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(time, "monotonic", lambda: made.now)
    return made


def test_a_first_answer_that_is_yes_costs_no_sleep(clock: Clock) -> None:
    assert ask_until(lambda: True, Deadline.after(10), sleep=clock.sleep)
    assert clock.naps == []


def test_a_deadline_that_has_passed_still_allows_one_question(clock: Clock) -> None:
    asked: list[int] = []

    def answer() -> bool:
        asked.append(1)
        return False

    assert not ask_until(answer, Deadline(0), sleep=clock.sleep)
    assert asked == [1]


def test_it_is_asked_until_it_is_so(clock: Clock) -> None:
    since = clock.now
    assert ask_until(lambda: clock.now >= since + 3, Deadline.after(10), sleep=clock.sleep)
    assert since + 3 <= clock.now <= since + 3 + LONGEST_PAUSE


def test_the_pauses_grow_from_tens_of_milliseconds_and_stay_short(clock: Clock) -> None:
    ask_until(lambda: False, Deadline.after(30), sleep=clock.sleep)
    pauses = clock.naps[:-1]
    assert pauses[0] == pytest.approx(0.02)
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_PAUSE <= 0.25


def test_the_last_question_is_asked_at_the_deadline_and_not_after_it(clock: Clock) -> None:
    asked: list[float] = []
    deadline = Deadline.after(1.0)

    def answer() -> bool:
        asked.append(clock.now)
        return False

    assert not ask_until(answer, deadline, sleep=clock.sleep)
    assert asked[-1] == pytest.approx(deadline.at)
    assert clock.now == pytest.approx(deadline.at)


def test_asking_takes_at_most_half_of_the_time(clock: Clock) -> None:
    def slow() -> bool:
        clock.now += 2.0
        return False

    ask_until(slow, Deadline.after(60), sleep=clock.sleep)
    assert all(pause >= 2.0 for pause in clock.naps[2:-1])


def test_an_error_of_the_question_is_the_asker_s(clock: Clock) -> None:
    answers = iter([False, False])
    with pytest.raises(StopIteration):
        ask_until(lambda: next(answers), Deadline.after(10), sleep=clock.sleep)


def test_in_real_time_an_answer_is_noticed_soon() -> None:
    began = time.monotonic()
    assert ask_until(lambda: time.monotonic() >= began + 0.3, Deadline.after(30))
    assert time.monotonic() - began < 1.5


def test_tenacity_is_loaded_only_when_a_first_answer_was_not_enough() -> None:
    program = f"""
import sys
from {retry.__name__} import ask_until
from arkcore.base.deadline import Deadline
ask_until(lambda: True, Deadline.after(1))
print("tenacity" in sys.modules)
ask_until(lambda: False, Deadline.after(0.05))
print("tenacity" in sys.modules)
"""
    child = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert child.stdout == b"False\nTrue\n"
