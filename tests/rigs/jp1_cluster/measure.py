"""Where the time of a failover went: detection, the cluster's work, ours, the product's."""

from __future__ import annotations

import json
import time

from arkcore.base.paths import Paths
from rigs.cluster import ClusterError, Node, Operation
from rigs.jp1_cluster.service import ROOT, TIMERS, Service

#: The product's commands that start, stop or force; what only asks is our doing.
_STARTS = ("jbs_start.cluster", "jajs_start.cluster", "start")
_STOPS = ("jbs_stop.cluster", "jajs_stop.cluster", "stop")
_FORCES = ("jbs_killall.cluster", "jajs_killall.cluster")
_OURS = ("base", "ajs3", "web")
#: Seconds between TERM and KILL for a command that is late and does not hear.
_GRACE = 1.0
#: Seconds that the clocks of the logs leave open.
_ROUNDING = 0.01

#: By node and resource: when the last forced stop was over, on CLOCK_MONOTONIC.
ForcedStops = dict[tuple[str, str], float]


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
        #: What our agents took beside that: engine, status commands, polling. Of starts and stops:
        #: a monitor's time is in the detection, a probe's in the cluster's.
        self.ours = 0.0

    def settle(self) -> None:
        """Give the cluster what is left.

        :raises ClusterError: somebody was given more than there was.
        """
        self.cluster = self.total - self.detection - self.product - self.waits - self.ours
        for part in ("detection", "cluster", "waits", "product", "ours"):
            seconds: float = getattr(self, part)
            if seconds < -_ROUNDING:
                raise ClusterError(f"{seconds:.3f} s of {self.total:.3f} s were {part}")
            setattr(self, part, max(0.0, seconds))


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
    noted, forced = noted_forced_stops(service), ForcedStops()
    for operation in sorted(operations, key=lambda each: each.began):
        if operation.resource.rpartition("-")[2] not in _OURS or operation.ended is None:
            continue
        # The client may have its answer before the start has looked whether all is well.
        operation.ended = min(operation.ended, back)
        account(split, operation, calls[operation.node], forced, noted)
    split.settle()
    return split


def account(
    split: Split,
    operation: Operation,
    calls: list[ProductCall],
    forced: ForcedStops,
    noted: ForcedStops,
) -> None:
    """Account for one operation, with its node's calls.

    What is not known to be a product's command at work, or a wait that a timer sets, is ours.

    :param forced: those of the operations before, by the calls; one of this operation is added.
    :param noted: what the engine noted itself. It also knows of those without a command.
    """
    began, ended = operation.began, operation.ended or operation.began
    key = operation.node, operation.resource
    own = [each for each in calls if began <= each.began <= ended]
    limit = began + TIMERS["remove.process"] - TIMERS["remove.force_reserve"]
    product = waits = 0.0
    for call, following in zip(own, [*own[1:], None], strict=True):
        over = call.ended
        if over is None:
            seen = following.began if following else ended
            hung = call.command in _STOPS and seen >= limit > call.began
            # A stop that hung until its time was up: to record and end it is ours, but for the
            # grace. Nobody knows when any other was killed.
            over = limit if hung else call.began
            waits += _GRACE if hung and seen - limit >= _GRACE else 0.0
        over = min(over, ended)
        product += over - call.began
        if call.command in _STARTS:
            waits += _wait_before(call, began, _last_force(call.began, key, forced, noted))
        elif call.command in _FORCES:
            forced[key] = over
    if operation.action == "stop":
        stops = [call.ended for call in own if call.command in _STOPS and call.ended]
        forces = [call.began for call in own if call.command in _FORCES]
        if not forces and began <= noted.get(key, 0.0) <= ended:
            forces = [noted[key]]  # without a command: the engine ended what was left
        if stops and forces and forces[0] >= limit > stops[-1]:
            waits += limit - stops[-1]
    split.product += product
    split.waits += waits
    split.ours += ended - began - product - waits


def _last_force(
    moment: float, key: tuple[str, str], forced: ForcedStops, noted: ForcedStops
) -> float | None:
    """When the last forced stop before `moment` was over; the engine's note is the exact one."""
    note = noted.get(key)
    return note if note is not None and note <= moment else forced.get(key)


def _wait_before(call: ProductCall, began: float, force: float | None) -> float:
    """How long a start's command had to wait for a forced stop, of its operation's time."""
    if force is None:
        return 0.0
    return max(0.0, min(force + TIMERS["force_stop_wait"], call.began) - max(force, began))


def noted_forced_stops(service: Service) -> ForcedStops:
    """The last forced stops, as the engine's state has them, of the nodes that are on."""
    found = ForcedStops()
    asleep = time.clock_gettime(time.CLOCK_BOOTTIME) - time.monotonic()
    for node in service.cluster.nodes.values():
        for resource in service.resources:
            path = f"{Paths().state(resource)}/force.json"
            text = node.run("cat", path, check=False).stdout if node.alive else ""
            if text:
                found[node.name, resource] = json.loads(text)["at"] - asleep
    return found


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
