"""In which order a service was started and stopped, and where, by the cluster's own logs."""

from __future__ import annotations

from collections.abc import Iterable

from rigs.cluster import Operation, Problem
from rigs.jp1_cluster.service import LAYERS

#: Seconds: two log lines of one moment may be written in either order.
_CLOSE = 0.02


def in_order(
    operations: Iterable[Operation], deaths: Iterable[tuple[float, str]], serving: str
) -> list[Problem]:
    """Each start upon all that lies below, each stop before, and nowhere while elsewhere.

    :param operations: all starts and stops of one service, in their order.
    :param deaths: when which node's power was cut.
    :param serving: where it runs now. The logs must say so too: those that lack operations, or
        are not there, prove nothing.
    """
    found = []
    up: dict[str, set[int]] = {}
    left = sorted(deaths)
    for operation in operations:
        while left and left[0][0] <= operation.began + _CLOSE:
            up.pop(left.pop(0)[1], None)
        found += follow(operation, up)
    for _, name in left:
        up.pop(name, None)
    told = {
        name: [LAYERS[each] for each in sorted(layers)] for name, layers in up.items() if layers
    }
    if told != {serving: list(LAYERS)}:
        found.append(Problem(f"it runs on {serving}, and by the starts and stops: {told}"))
    return found


def follow(operation: Operation, up: dict[str, set[int]]) -> list[Problem]:
    """What is wrong with an operation, by which layers are up where; `up` then holds it too."""
    layer = LAYERS.index(operation.resource.rpartition("-")[2])
    here = up.setdefault(operation.node, set())
    if operation.action == "stop":
        above = [LAYERS[each] for each in sorted(here) if each > layer]
        here.discard(layer)
        return [Problem(f"{operation}: before {above}")] if above else []
    found = []
    below = [LAYERS[each] for each in range(layer) if each not in here]
    if below:
        found.append(Problem(f"{operation}: without {below}"))
    elsewhere = [name for name, there in up.items() if there and name != operation.node]
    if elsewhere:
        found.append(Problem(f"{operation}: while it is up on {elsewhere}", double=True))
    here.add(layer)
    return found
