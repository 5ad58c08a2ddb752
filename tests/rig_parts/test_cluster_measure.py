"""Whose the time of an operation was: the product's, a timer's, or ours."""

from __future__ import annotations

import json
import time
from types import SimpleNamespace
from typing import Any

import pytest
from rigs.cluster import ClusterError, Operation
from rigs.jp1_cluster.measure import (
    ForcedStops,
    ProductCall,
    Split,
    account,
    measure,
    noted_forced_stops,
)
from rigs.jp1_cluster.service import TIMERS

STOP, FORCE, START = "jajs_stop.cluster", "jajs_killall.cluster", "jajs_start.cluster"
#: Seconds after an operation's begin at which the forced stop's turn comes.
LIMIT = TIMERS["remove.process"] - TIMERS["remove.force_reserve"]
WAIT = TIMERS["force_stop_wait"]
BEGAN = 1000.0
AJS3 = ("n1", "lh1-ajs3")


def split_of(
    action: str,
    seconds: float,
    *calls: tuple[str, float, float | None],
    forced: float | None = None,
    noted: float | None = None,
) -> tuple[float, float, float]:
    """Product, waits and ours of an operation; all times count from its begin.

    `forced` is the end of a forced stop by the calls before, `noted` of one by the engine's note.
    """
    split = Split(seconds, 0.0)
    account(split, operation(action, seconds), made(*calls), at(forced), at(noted))
    return split.product, split.waits, split.ours


def operation(action: str, seconds: float) -> Operation:
    made = Operation(*AJS3, action, BEGAN)
    made.ended = BEGAN + seconds
    return made


def made(*calls: tuple[str, float, float | None]) -> list[ProductCall]:
    found = []
    for command, began, ended in calls:
        call = ProductCall(command, BEGAN + began)
        call.ended = None if ended is None else BEGAN + ended
        found.append(call)
    return found


def at(moment: float | None) -> ForcedStops:
    return {} if moment is None else {AJS3: BEGAN + moment}


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
        # The forced stop is the engine's own, without a command.
        (
            split_of("stop", LIMIT + 0.5, (STOP, 0.1, 0.2), noted=LIMIT + 0.3),
            (0.1, LIMIT - 0.2, 0.6),
        ),
        # A stop that is slow, but was never forced: no timer has made anybody wait.
        (split_of("stop", LIMIT + 0.5, (STOP, 0.1, 0.2)), (0.1, 0.0, LIMIT + 0.4)),
        (split_of("stop", LIMIT + 0.5, (STOP, 0.1, 0.2), noted=-3.0), (0.1, 0.0, LIMIT + 0.4)),
        (split_of("stop", LIMIT + 0.5, (STOP, 0.1, 0.2), noted=9.0), (0.1, 0.0, LIMIT + 0.4)),
        # A stop that hangs: ours from the limit on, but for the second between TERM and KILL.
        (
            split_of("stop", LIMIT + 1.2, (STOP, 0.1, None), (FORCE, LIMIT + 1.1, LIMIT + 1.15)),
            (LIMIT - 0.1 + 0.05, 1.0, 0.25),
        ),
        (
            split_of("stop", LIMIT + 0.5, (STOP, 0.1, None), (FORCE, LIMIT + 0.4, LIMIT + 0.45)),
            (LIMIT - 0.1 + 0.05, 0.0, 0.55),
        ),
        # Killed before, and nobody knows when: none of it is known to be the product's.
        (split_of("stop", 3.5, (STOP, 0.1, None), (FORCE, 3.0, 3.4)), (0.4, 0.0, 3.1)),
        (split_of("start", 9.0, (START, 0.1, None)), (0.0, 0.0, 9.0)),
        (
            split_of("stop", LIMIT + 2, (STOP, 0.1, 1.0), (FORCE, 1.1, None)),
            (0.9, 0.0, LIMIT + 1.1),
        ),
        # A call that outlives its operation is the product's as long as that lasts.
        (split_of("stop", 2.0, (STOP, 0.1, 2.5)), (1.9, 0.0, 0.1)),
        # A start waits until a forced stop's time is over, and no longer.
        (split_of("start", 2.0, (START, 1.5, 1.9), forced=1.3 - WAIT), (0.4, 1.3, 0.3)),
        (split_of("start", 2.0, (START, 0.5, 1.9), forced=1.3 - WAIT), (1.4, 0.5, 0.1)),
        (split_of("start", 2.0, (START, 1.5, 1.9), forced=-WAIT - 1), (0.4, 0.0, 1.6)),
        # The engine's own note is exact; that of a later forced stop says nothing.
        (
            split_of("start", 2.0, (START, 1.5, 1.9), forced=1.4 - WAIT, noted=1.3 - WAIT),
            (0.4, 1.3, 0.3),
        ),
        (
            split_of("start", 2.0, (START, 1.5, 1.9), forced=1.3 - WAIT, noted=50.0),
            (0.4, 1.3, 0.3),
        ),
        # A forced stop within the start itself: what it took is no wait.
        (
            split_of("start", 4.0, (FORCE, 0.2, 0.7), (START, 0.8 + WAIT, 3.5)),
            (0.5 + 2.7 - WAIT, WAIT, 0.8),
        ),
    ],
)
def test_each_second_of_an_operation_is_somebody_s(
    case: tuple[float, float, float], parts: tuple[float, float, float]
) -> None:
    assert case == pytest.approx(parts)


def test_the_wait_after_a_forced_stop_counts_from_its_end() -> None:
    forced: ForcedStops = {}
    calls = made((FORCE, 1.0, 1.5))
    account(Split(2.0, 0.0), operation("stop", 2.0), calls, forced, {})
    assert forced == pytest.approx({AJS3: BEGAN + 1.5})


@pytest.mark.parametrize("other", [("n2", "lh1-ajs3"), ("n1", "lh1-web")])
def test_a_forced_stop_of_another_resource_or_node_makes_no_start_wait(
    other: tuple[str, str],
) -> None:
    split = Split(2.0, 0.0)
    elsewhere: ForcedStops = {other: BEGAN - 0.5}
    calls = made((START, 1.5, 1.9))
    account(split, operation("start", 2.0), calls, elsewhere, elsewhere)
    assert split.waits == 0.0
    assert split.ours == pytest.approx(1.6)


def test_what_nobody_else_had_is_the_cluster_s() -> None:
    split = Split(5.0, 1.0)
    split.product, split.waits, split.ours = 1.5, 0.5, 0.25
    split.settle()
    assert split.cluster == pytest.approx(1.75)


@pytest.mark.parametrize("part", ["product", "waits", "ours"])
def test_more_than_there_was_is_an_error(part: str) -> None:
    split = Split(5.0, 1.0)
    setattr(split, part, 4.02)
    with pytest.raises(ClusterError, match=r"-0\.020 s of 5\.000 s were cluster"):
        split.settle()
    split = Split(5.0, 1.0)
    setattr(split, part, -0.02)
    with pytest.raises(ClusterError, match=f"were {part}"):
        split.settle()


def test_less_than_the_logs_can_tell_is_nothing() -> None:
    split = Split(5.0, 1.0)
    split.ours = 4.004
    split.settle()
    assert split.cluster == 0.0


class Machine:
    """As much of a node, of its service and of its cluster as the account looks at."""

    name, alive, host, web = "n1", True, "LHOST", "lh1-web"
    resources = ("lh1-ajs3", "lh1-web")

    def __init__(self) -> None:
        self.nodes = {"n1": self}
        self.cluster = self
        self.power_switch = SimpleNamespace(fenced=[])
        self.done: list[Operation] = []
        self.files: dict[str, str] = {}

    def operations(self, since: float) -> list[Operation]:
        return [each for each in self.done if each.began >= since]

    def text(self, path: str) -> str:
        return self.files.get(path, "")

    def run(self, program: str, path: str, *, check: bool) -> SimpleNamespace:
        assert (program, check) == ("cat", False)
        return SimpleNamespace(stdout=self.text(path))


def test_the_time_of_a_start_that_the_client_does_not_wait_for_is_nobody_s() -> None:
    service: Any = Machine()
    service.done = [operation("start", 3.0)]
    calls = [f"{BEGAN + 0.5}\tbegin", f"{BEGAN + 1.5}\tend"]
    lines = [f"{call}\t7\t{START}\tLHOST\n" for call in calls]
    service.files = {"/opt/jp1/opt/lab/calls": "".join(lines)}
    split = measure(service, BEGAN - 1.0, BEGAN + 2.0)
    parts = (split.total, split.detection, split.product, split.ours, split.cluster)
    assert parts == pytest.approx((3.0, 1.0, 1.0, 1.0, 0.0))


def test_the_engine_s_own_notes_of_forced_stops_are_on_the_clock_of_the_logs() -> None:
    service: Any = Machine()
    noted = time.clock_gettime(time.CLOCK_BOOTTIME)
    service.files = {
        "/run/ark/resources/lh1-web/force.json": json.dumps({"boot": "this", "at": noted})
    }
    [(key, moment)] = noted_forced_stops(service).items()
    assert key == ("n1", "lh1-web")
    assert moment == pytest.approx(time.monotonic(), abs=1.0)
    service.alive = False
    assert noted_forced_stops(service) == {}
