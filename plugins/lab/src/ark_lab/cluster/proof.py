"""What must hold after every fault: one node, never two, in order, told in full, nothing left."""

from __future__ import annotations

from collections import Counter

from ark_lab.cluster.service import LAYERS, Service
from arkcore import processes
from arkcore.testing.cluster import Cluster, ClusterError, Node, Operation, never_two, wait_for
from arkcore.testing.torture.ras_reading import Entry, RasReading

#: What JP1 starts once on a machine and nobody ever stops.
MACHINE_WIDE = ("hntr2mon", "ajsqlagtd", "ajsqlftpd")

#: Seconds: two log lines of one moment may be written in either order.
_CLOSE = 0.02


class Proof:
    """Follows the logs and records of a cluster; `problems` is asked when a fault is over.

    :param services: what runs in the cluster, each at home when the proof begins.
    """

    def __init__(self, cluster: Cluster, services: list[Service]) -> None:
        self._cluster = cluster
        self._services = services
        #: How many kills of monitors, by node and resource, are over and done with.
        self._excused: Counter[tuple[str, str]] = Counter()
        self._readings = {
            node.name: RasReading(node.file("/var/log/ark/ras.log"))
            for node in cluster.nodes.values()
        }

    def problems(self) -> list[str]:
        """Everything that is not as it must be; empty where all is well.

        What is at work just now (a monitor, its commands) is waited for.
        """
        found: list[str] = []

        def well() -> bool:
            found[:] = [
                problem
                for service in self._services
                for problem in (*_on_one_node(service), *self._nothing_left(service))
            ]
            return not found

        try:
            wait_for("nothing is where it must not be", well, 20)
        except ClusterError:
            pass
        for service in self._services:
            found += [f"{service.name}: {problem}" for problem in never_two(service.record())]
            found += [f"JP1: {line}" for line in service.jp1_record() if "DOUBLE" in line]
            found += self._in_order(service)
        for node in self._cluster.nodes.values():
            found += self._told_in_full(node)
        return found

    def close(self) -> None:
        for reading in self._readings.values():
            reading.close()

    def _nothing_left(self, service: Service) -> list[str]:
        """Marked processes that belong to no service that runs."""
        found = []
        for node in self._cluster.nodes.values():
            if not node.alive:
                continue
            known = {each for every in self._services for each in every.processes(node)}
            for process in node.processes():
                mark = processes.mark_of(process.pid)
                ours = mark.startswith(f"{service.name}-") and process.name not in MACHINE_WIDE
                if ours and process not in known:
                    found.append(f"orphan on {node.name}: {process}, of {mark}")
        return found

    # Order.

    def _in_order(self, service: Service) -> list[str]:
        """Each start upon all that lies below, each stop before, and nowhere while elsewhere."""
        found = []
        up: dict[str, set[int]] = {name: set() for name in self._cluster.nodes}
        deaths = [
            (moment, node.name) for node in self._cluster.nodes.values() for moment in node.deaths
        ]
        for operation in self._cluster.operations():
            if operation.resource not in service.resources:
                continue
            for moment, name in deaths:
                if moment <= operation.began + _CLOSE:
                    up[name].clear()
            deaths = [each for each in deaths if each[0] > operation.began + _CLOSE]
            found += _follow(operation, up)
        return found

    # The RAS log.

    def _told_in_full(self, node: Node) -> list[str]:
        """Every line whole, every script's start with its end.

        A script that was at work when the power was cut is told as aborted by the next action on
        that resource, which may come much later or never.
        """
        reading = self._readings[node.name]
        died = bool(node.deaths)
        found: list[str] = []

        def paired() -> bool:
            for entry in reading.news(found):
                killed = self._was_cut_short(node, entry) or died
                reading.count([entry], killed=killed, problems=found)
            return not reading.unpaired()

        try:
            wait_for("every script has its end", paired, 2.0 if died else 20.0)
        except ClusterError:
            if died:
                reading.forget()
            else:
                found += [f"no end: {what}" for what in reading.unpaired()]
        return [f"RAS log of {node.name}: {problem}" for problem in found]

    def _was_cut_short(self, node: Node, entry: Entry) -> bool:
        """Does a line tell of a monitor that Pacemaker has killed since the last such line?"""
        if (entry.script, entry.what) != ("quickcheck", "aborted"):
            return False
        before = self._excused[node.name, entry.resource]
        killed = self._cluster.monitors_cut_short(node).count(entry.resource)
        self._excused[node.name, entry.resource] = killed
        return killed > before


def _on_one_node(service: Service) -> list[str]:
    nodes = service.cluster.nodes.values()
    mounted = [node.name for node in nodes if node.mounted(service.mount)]
    found = [] if len(mounted) == 1 else [f"{service.mount} is mounted on {mounted}"]
    for node in nodes:
        here = [process.name for process in service.processes(node)]
        if node.name not in mounted and here:
            found.append(f"{service.name} on {node.name}, without its disk: {here}")
        if node.name in mounted:
            for name, number in (("jbs_spmd", 1), ("jajs_spmd", 1), ("nginx", 3)):
                if here.count(name) != number:
                    found.append(f"{name} on {node.name}: {here.count(name)} and not {number}")
    return found


def _follow(operation: Operation, up: dict[str, set[int]]) -> list[str]:
    """What is wrong with an operation, by what is up where; `up` then holds it too."""
    layer = LAYERS.index(operation.resource.rpartition("-")[2])
    here = up[operation.node]
    if operation.action == "stop":
        above = [LAYERS[each] for each in here if each > layer]
        here.discard(layer)
        return [f"{operation}: before {above}"] if above else []
    found = []
    below = [LAYERS[each] for each in range(layer) if each not in here]
    if below:
        found.append(f"{operation}: without {below}")
    elsewhere = [name for name, there in up.items() if there and name != operation.node]
    if elsewhere:
        found.append(f"{operation}: while it is up on {elsewhere}")
    here.add(layer)
    return found
