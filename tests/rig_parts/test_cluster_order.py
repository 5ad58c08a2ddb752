"""Starts and stops: upwards and downwards, on one node, and told of the service that runs."""

from __future__ import annotations

import pytest
from rigs.cluster import Operation
from rigs.jp1_cluster.order import in_order

UPWARDS = ("ip", "disk", "base", "ajs3", "web")
DOWNWARDS = tuple(reversed(UPWARDS))


def operations(*told: tuple[str, str, tuple[str, ...]]) -> list[Operation]:
    """Starts or stops of layers on a node, one a second, from the first second on."""
    made: list[Operation] = []
    for action, node, layers in told:
        for layer in layers:
            made.append(Operation(node, f"lh1-{layer}", action, float(len(made) + 1)))
    return made


def test_a_service_that_moves_in_order_is_well() -> None:
    moved = operations(
        ("start", "n1", UPWARDS), ("stop", "n1", DOWNWARDS), ("start", "n2", UPWARDS)
    )
    assert in_order(moved, [], "n2") == []


def test_what_a_node_ran_ends_with_its_power() -> None:
    started = operations(("start", "n1", UPWARDS), ("start", "n2", UPWARDS))
    assert in_order(started, [(5.5, "n1")], "n2") == []
    # It may be written down in either order.
    assert in_order(started, [(6.01, "n1")], "n2") == []
    # And so does what the logs say of the time before the last death.
    found = in_order(operations(("start", "n1", UPWARDS)), [(9.0, "n1")], "n1")
    assert [problem.text for problem in found] == ["it runs on n1, and by the starts and stops: {}"]


@pytest.mark.parametrize(
    ("told", "text"),
    [
        (
            operations(("start", "n1", ("ip", "disk", "ajs3", "base", "web"))),
            "start lh1-ajs3 on n1: None, 0.00 s: without ['base']",
        ),
        (
            operations(
                ("start", "n1", UPWARDS),
                ("stop", "n1", ("base",)),
                ("start", "n1", ("base",)),
            ),
            "stop lh1-base on n1: None, 0.00 s: before ['ajs3', 'web']",
        ),
    ],
)
def test_what_is_out_of_order_is_told(told: list[Operation], text: str) -> None:
    [found] = in_order(told, [], "n1")
    assert found.text == text
    assert not found.double


def test_a_start_while_another_node_runs_it_means_two_at_once() -> None:
    told = operations(("start", "n1", UPWARDS), ("start", "n2", ("ip",)))
    [two, _] = in_order(told, [], "n1")
    assert two.text == "start lh1-ip on n2: None, 0.00 s: while it is up on ['n1']"
    assert two.double


@pytest.mark.parametrize(
    "told", [[], operations(("start", "n1", UPWARDS[:4])), operations(("start", "n2", UPWARDS))]
)
def test_logs_that_do_not_tell_of_what_runs_prove_nothing(told: list[Operation]) -> None:
    [found] = in_order(told, [], "n1")
    assert found.text.startswith("it runs on n1, and by the starts and stops: ")
