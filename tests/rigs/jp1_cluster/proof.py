"""What must hold after every fault: one node, never two, in order, told in full, nothing left."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from arkcore import Process, processes
from rigs.cluster import (
    Cluster,
    ClusterError,
    Node,
    Problem,
    never_two,
    signatures,
    wait_for,
)
from rigs.jp1_cluster.order import in_order
from rigs.jp1_cluster.ras import RasProof
from rigs.jp1_cluster.service import Service

#: What JP1 starts once on a machine and nobody ever stops.
MACHINE_WIDE = ("hntr2mon", "ajsqlagtd", "ajsqlftpd")


class Proof:
    """Follows the logs and records of a cluster; `problems` is asked when a fault is over.

    What proves something must be there: a record or log that cannot be read, or does not tell of
    the service that runs, is a problem.

    :param services: what runs in the cluster, each at home when the proof begins.
    :param mark_of: the mark of one of our commands on a process.
    :param patience: seconds for what is at work just now.
    """

    def __init__(
        self,
        cluster: Cluster,
        services: list[Service],
        *,
        mark_of: Callable[[int], str] = processes.mark_of,
        patience: float = 20.0,
    ) -> None:
        self._cluster = cluster
        self._services = services
        self._mark_of = mark_of
        self._patience = patience
        self._logs = {
            node.name: RasProof(node, partial(cluster.monitors_cut_short, node), patience)
            for node in cluster.nodes.values()
        }

    def problems(self) -> list[Problem]:
        """Everything that is not as it must be; empty where all is well.

        What is at work just now (a monitor, its commands) is waited for.
        """
        found: list[Problem] = []

        def well() -> bool:
            found[:] = [
                problem
                for service in self._services
                for problem in (*self._on_one_node(service), *self._nothing_left(service))
            ]
            return not found

        try:
            wait_for("nothing is where it must not be", well, self._patience)
        except ClusterError:
            pass
        at_work = set()
        for service in self._services:
            serving = "".join(node.name for node in self._mounted(service)[:1])
            at_work.add(serving)
            found += [
                problem.within(service.name)
                for problem in (
                    *self._one_writer(service, serving),
                    *_jp1(service, serving),
                    *self._in_order(service, serving),
                )
            ]
        for name, log in self._logs.items():
            told = log.problems(at_work=name in at_work)
            found += [Problem(text).within(f"RAS log of {name}") for text in told]
        return found

    def close(self) -> None:
        for log in self._logs.values():
            log.close()

    # Processes and mounts.

    def _mounted(self, service: Service) -> list[Node]:
        return [each for each in self._cluster.nodes.values() if each.mounted(service.mount)]

    def _on_one_node(self, service: Service) -> list[Problem]:
        mounted = [node.name for node in self._mounted(service)]
        found = []
        if len(mounted) != 1:
            text = f"{service.mount} is mounted on {mounted}"
            found.append(Problem(text, double=len(mounted) > 1))
        for node in self._cluster.nodes.values():
            here = [process.name for process in service.processes(node)]
            if node.name not in mounted and here:
                text = f"{service.name} on {node.name}, without its disk: {here}"
                found.append(Problem(text, double=True))
            if node.name in mounted:
                for name, number in (("jbs_spmd", 1), ("jajs_spmd", 1), ("nginx", 3)):
                    if here.count(name) != number:
                        text = f"{name} on {node.name}: {here.count(name)} and not {number}"
                        found.append(Problem(text))
        return found

    def _nothing_left(self, service: Service) -> list[Problem]:
        """Marked processes that belong to no service that runs."""
        found = []
        for node in self._cluster.nodes.values():
            if not node.alive:
                continue
            known = {each for every in self._services for each in every.processes(node)}
            marked: list[tuple[Process, str]] = [
                (process, mark)
                for process in node.processes()
                if (mark := self._mark_of(process.pid)).startswith(f"{service.name}-")
            ]
            for process, mark in marked:
                if process not in known and process.name not in MACHINE_WIDE:
                    found.append(Problem(f"orphan on {node.name}: {process}, of {mark}"))
            if node.mounted(service.mount) and not marked:
                found.append(Problem(f"no process of {service.name} on {node.name} has its mark"))
        return found

    # Records.

    def _one_writer(self, service: Service, serving: str) -> list[Problem]:
        """Never two at once, by the disk's own record, to which the service adds while it runs."""
        asked = time.monotonic()
        record = ""

        def signed() -> bool:
            nonlocal record
            record = service.record()
            last = signatures(record)[-1:]
            return bool(last) and last[0].node == serving and last[0].time >= asked

        try:
            wait_for(f"{serving} signs the record", signed, self._patience)
        except ClusterError as error:
            return [*never_two(record), Problem(str(error))]
        return never_two(record)

    def _in_order(self, service: Service, serving: str) -> list[Problem]:
        operations = [
            each for each in self._cluster.operations() if each.resource in service.resources
        ]
        deaths = [
            (moment, node.name) for node in self._cluster.nodes.values() for moment in node.deaths
        ]
        return in_order(operations, deaths, serving)


def _jp1(service: Service, serving: str) -> list[Problem]:
    """What JP1's own records say: no start while another node ran it; the last was on `serving`."""
    try:
        records = service.jp1_records()
    except ClusterError as error:
        return [Problem(str(error))]
    found = []
    for product, record in records.items():
        lines = [line.split("\t") for line in record.splitlines()]
        found += [
            Problem(f"{product}: {' '.join(line)}", double=True)
            for line in lines
            if "DOUBLE" in line
        ]
        starts = [node for _, node, _, event, *_ in lines if event == "start"]
        if starts[-1:] != [serving]:
            told = f"on {starts[-1]}" if starts else "nowhere"
            found.append(Problem(f"{product}: runs on {serving}, was started {told}"))
    return found
