"""Asking again until something is so. tenacity repeats; the pace and the end are ours."""

from __future__ import annotations

import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from tenacity import RetryCallState

    from arkcore.base.deadline import Deadline

#: The longest pause between two questions: an action ends this soon after the product is ready.
LONGEST_PAUSE = 0.15
_FIRST_PAUSE = 0.02


def ask_until(
    question: Callable[[], bool],
    deadline: Deadline,
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> bool:
    """Ask until the answer is True, or the deadline has come (False).

    The pause grows with the time already waited, from 0.02 s to 0.15 s, and from the second one on
    is never shorter than the last question took, so that asking costs the product at most half of
    the time. The last question is asked at the deadline itself, not after it.
    """
    if question():
        return True
    if deadline.passed:
        return False
    began = asked = time.monotonic()
    took = 0.0
    # Loaded only where a first answer was not enough, in the pause that follows it.
    from tenacity import RetryError, Retrying, retry_if_result

    def ask() -> bool:
        nonlocal asked, took
        asked = time.monotonic()
        answer = question()
        took = time.monotonic() - asked
        return answer

    def pause(_: RetryCallState) -> float:
        waited = time.monotonic() - began
        paced = max(_FIRST_PAUSE, min(waited / 10, LONGEST_PAUSE), took)
        return min(paced, deadline.remaining())

    def over(_: RetryCallState) -> bool:
        return deadline.passed

    again = Retrying(
        stop=over, wait=pause, sleep=sleep, retry=retry_if_result(lambda answer: not answer)
    )
    sleep(max(0.0, min(began + _FIRST_PAUSE - time.monotonic(), deadline.remaining())))
    try:
        return bool(again(ask))
    except RetryError:
        return False
