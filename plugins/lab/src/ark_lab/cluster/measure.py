"""Where the time of a failover went: detection, the cluster's work, ours, the product's."""

from __future__ import annotations

from ark_lab.cluster.service import ROOT, TIMERS, Service
from arkcore.testing.cluster import Node, Operation

#: The product's commands that start, stop or force; what only asks is our doing.
_STARTS = ("jbs_start.cluster", "jajs_start.cluster", "start")
_STOPS = ("jbs_stop.cluster", "jajs_stop.cluster", "stop")
_FORCES = ("jbs_killall.cluster", "jajs_killall.cluster")
_OURS = ("base", "ajs3", "web")
#: Seconds between TERM and KILL for a command that is late and does not hear.
_GRACE = 1.0


class ProductCall:
    """One of the product's own commands at work. Times are CLOCK_MONOTONIC."""

    __slots__ = ("began", "command", "ended")

    def __init__(self, command: str, began: float) -> None:
        self.command = command
        self.began = began
        #: None where it was killed.
        self.ended: float | None = None


class Split:
    """The seconds from a fault to service again at the client, and whose they were."""

    __slots__ = ("cluster", "detection", "ours", "product", "total", "waits")

    def __init__(self, total: float, detection: float) -> None:
        self.total = total
        #: Until the cluster did something about it: a fencing asked for, a first stop or start.
        self.detection = detection
        #: Fencing, decisions, virtual address, shared disk, and the client's own polling.
        self.cluster = 0.0
        #: The product's start, stop and forced stop commands, from their begin to their end.
        self.product = 0.0
        #: What timers set: `force_stop_wait`, as far as nothing else was done meanwhile, and the
        #: patience with processes that outlive their stop command, until the forced stop, and with
        #: a command that is late, from TERM to KILL.
        self.waits = 0.0
        #: What our agents took beside that: engine, status commands, polling.
        self.ours = 0.0


def measure(service: Service, fault: float, back: float) -> Split:
    """Account for the time between a fault and the client's first good answer after it."""
    nodes = service.cluster.nodes.values()
    operations = [
        each
        for each in service.cluster.operations(fault)
        if each.resource in service.resources and each.began <= back
    ]
    reactions = [each.began for each in operations]
    reactions += [each.asked for each in service.cluster.power_switch.fenced if each.asked >= fault]
    first = min(reactions, default=back)
    split = Split(back - fault, min(first, back) - fault)
    calls = {node.name: product_calls(node, service) for node in nodes}
    force_over = 0.0
    for operation in sorted(operations, key=lambda each: each.began):
        if operation.resource.rpartition("-")[2] not in _OURS or operation.ended is None:
            continue
        force_over = account(split, operation, calls[operation.node], force_over)
    split.cluster = split.total - split.detection - split.product - split.waits - split.ours
    return split


def account(
    split: Split, operation: Operation, calls: list[ProductCall], force_over: float
) -> float:
    """Account for one operation, with a node's calls; when the last forced stop's wait is over.

    What is neither a product's command at work nor a wait that a timer sets is ours.
    """
    ended = operation.ended or operation.began
    own = [each for each in calls if operation.began <= each.began <= ended]
    limit = operation.began + TIMERS["remove.process"] - TIMERS["remove.force_reserve"]
    product = waits = 0.0
    for call, following in zip(own, [*own[1:], None], strict=True):
        over = call.ended or (following.began if following else ended)
        if call.command in _STARTS:
            waits += max(0.0, min(force_over, call.began) - operation.began)
        elif call.command in _FORCES:
            force_over = over + TIMERS["force_stop_wait"]
        elif call.ended is None and over > limit > call.began:
            # It hung until its time was up. To record and end it is ours, but for the grace.
            waits += _GRACE if over - limit >= _GRACE else 0.0
            over = limit
        product += over - call.began
    if operation.action == "stop":
        stops = [call.ended for call in own if call.command in _STOPS and call.ended]
        forces = [call.began for call in own if call.command in _FORCES]
        if stops and min(forces, default=ended) >= limit > stops[-1]:
            waits += limit - stops[-1]
        if not forces and ended > limit:
            # The engine itself ended what was left, without a command of the product's.
            force_over = ended + TIMERS["force_stop_wait"]
    split.product += product
    split.waits += waits
    split.ours += operation.seconds - product - waits
    return force_over


def product_calls(node: Node, service: Service) -> list[ProductCall]:
    """The product's starts, stops and forced stops for a logical host on a node, in their order."""
    found: list[ProductCall] = []
    at_work: dict[str, ProductCall] = {}
    text = node.text(f"{ROOT}/opt/lab/calls") + node.text("/var/log/calls")
    for line in text.splitlines():
        moment, event, pid, command, about = line.split("\t")
        if command not in (*_STARTS, *_STOPS, *_FORCES) or about not in (service.host, service.web):
            continue
        if event == "begin":
            at_work[pid] = ProductCall(command, float(moment))
            found.append(at_work[pid])
        elif pid in at_work:
            at_work.pop(pid).ended = float(moment)
    return sorted(found, key=lambda each: each.began)
