"""Whose the time of an operation was: the product's, a timer's, or ours."""

from __future__ import annotations

import pytest
from ark_lab.cluster.measure import ProductCall, Split, account
from ark_lab.cluster.service import TIMERS

from arkcore.testing.cluster import Operation

STOP, FORCE, START = "jajs_stop.cluster", "jajs_killall.cluster", "jajs_start.cluster"
#: Seconds after an operation's begin at which the forced stop's turn comes.
LIMIT = TIMERS["remove.process"] - TIMERS["remove.force_reserve"]
WAIT = TIMERS["force_stop_wait"]
BEGAN = 1000.0


def split_of(
    action: str,
    seconds: float,
    *calls: tuple[str, float, float | None],
    force_over: float = 0.0,
) -> tuple[float, float, float]:
    """Product, waits and ours of an operation; the calls' times count from its begin."""
    operation = Operation("n1", "lh1-ajs3", action, BEGAN)
    operation.ended = BEGAN + seconds
    made = []
    for command, began, ended in calls:
        call = ProductCall(command, BEGAN + began)
        call.ended = None if ended is None else BEGAN + ended
        made.append(call)
    split = Split(seconds, 0.0)
    account(split, operation, made, BEGAN + force_over)
    return split.product, split.waits, split.ours


@pytest.mark.parametrize(
    ("case", "parts"),
    [
        # A stop that goes well, however long it takes.
        (split_of("stop", 1.1, (STOP, 0.05, 1.05)), (1.0, 0.0, 0.1)),
        (split_of("stop", LIMIT + 2, (STOP, 0.05, LIMIT + 1.9)), (LIMIT + 1.85, 0.0, 0.15)),
        # Followed by the forced stop at once: what lies between is ours, near the limit too.
        (split_of("stop", 3.9, (STOP, 0.1, 3.0), (FORCE, 3.5, 3.8)), (3.2, 0.0, 0.7)),
        (split_of("stop", 4.1, (STOP, 0.1, 3.2), (FORCE, 3.7, 4.0)), (3.4, 0.0, 0.7)),
        # What outlives its stop command is given until the limit.
        (
            split_of("stop", LIMIT + 0.5, (STOP, 0.1, 1.0), (FORCE, LIMIT + 0.1, LIMIT + 0.2)),
            (1.0, LIMIT - 1.0, 0.5),
        ),
        (split_of("stop", LIMIT + 0.5, (STOP, 0.1, 0.2)), (0.1, LIMIT - 0.2, 0.6)),
        # A stop that hangs: ours from the limit on, but for the second between TERM and KILL.
        (
            split_of("stop", LIMIT + 1.2, (STOP, 0.1, None), (FORCE, LIMIT + 1.1, LIMIT + 1.15)),
            (LIMIT - 0.1 + 0.05, 1.0, 0.25),
        ),
        (
            split_of("stop", LIMIT + 0.5, (STOP, 0.1, None), (FORCE, LIMIT + 0.4, LIMIT + 0.45)),
            (LIMIT - 0.1 + 0.05, 0.0, 0.55),
        ),
        # A start waits until a forced stop's time is over, and no longer.
        (split_of("start", 2.0, (START, 1.5, 1.9), force_over=1.3), (0.4, 1.3, 0.3)),
        (split_of("start", 2.0, (START, 0.5, 1.9), force_over=1.3), (1.4, 0.5, 0.1)),
    ],
)
def test_each_second_of_an_operation_is_somebody_s(
    case: tuple[float, float, float], parts: tuple[float, float, float]
) -> None:
    assert case == pytest.approx(parts)


def test_the_wait_after_a_forced_stop_counts_from_its_end() -> None:
    operation = Operation("n1", "lh1-ajs3", "stop", BEGAN)
    operation.ended = BEGAN + 2
    call = ProductCall(FORCE, BEGAN + 1)
    call.ended = BEGAN + 1.5
    assert account(Split(2.0, 0.0), operation, [call], 0.0) == pytest.approx(BEGAN + 1.5 + WAIT)
