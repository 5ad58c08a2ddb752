"""The cluster with its services: made, broken by name, brought back to where it began."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from arkcore import Process, processes
from rigs.cluster import Client, Cluster, ClusterError, Node, wait_for
from rigs.jp1_cluster.proof import Proof
from rigs.jp1_cluster.service import ROOT, Service

#: Whose agents are installed.
PLUGINS = ("jp1-base", "jp1-ajs3-manager", "command")

HOSTS = {"lh1": ("LVMRH5LKB", 101), "lh2": ("LVMRH5LKA", 102)}


class World:
    """Two nodes and the logical host lh1, at home on n1; others by `add`."""

    def __init__(self, tell: Callable[[str], None] = lambda _: None) -> None:
        self.cluster = Cluster(tell)
        self.n1, self.n2 = self.cluster.n1, self.cluster.n2
        self.services: list[Service] = []
        self.homes: dict[str, Node] = {}
        self.clients: dict[str, Client] = {}
        try:
            self.cluster.start()
            ark = str(Path(sys.executable).with_name("ark"))
            for node in self.cluster.nodes.values():
                node.run(ark, "pacemaker", "install", *PLUGINS)
            self.service = self.add("lh1", self.n1)
        except BaseException:
            self.cluster.close()
            raise
        self.proof = Proof(self.cluster, self.services)

    def add(self, name: str, home: Node) -> Service:
        """Another logical host, in service on `home` when this returns; one of `HOSTS`."""
        service = Service(self.cluster, name, *HOSTS[name])
        self.services.append(service)
        self.homes[name] = home
        self.clients[name] = self.cluster.client(service.address)
        self.cluster.crm(service.configuration(home))
        self.wait_in_service(service, on=home)
        return service

    def close(self) -> None:
        self.proof.close()
        self.cluster.close()

    def __enter__(self) -> World:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def other(self, node: Node) -> Node:
        return self.n2 if node is self.n1 else self.n1

    # Waiting.

    def wait_in_service(
        self, service: Service, on: Node | None = None, within: float = 90.0
    ) -> Node:
        """Until all of a service's resources run on one node, and the client gets its answer."""
        until = time.monotonic() + within
        client = self.clients[service.name]
        while True:
            left = max(1.0, until - time.monotonic())
            name = self.cluster.wait_running(*service.resources, on=on, within=left)
            answers = client.answers(time.monotonic() - 1)
            if answers and answers[-1].node == name:
                return self.cluster.nodes[name]
            # What a node that is lost was running is believed to run until it is missed: ask anew.
            if time.monotonic() > until:
                raise ClusterError(f"not within {within:g} s: {service.name} answers from {name}")
            time.sleep(0.1)

    def wait_recovered(
        self, service: Service, fault: float, on: Node | None = None, within: float = 90.0
    ) -> float:
        """Until the client has missed the service after `fault` and has it again; when it had."""
        client = self.clients[service.name]
        wait_for(f"{service.name} is missed and answers again", lambda: client.gaps(fault), within)
        self.wait_in_service(service, on, within)
        return client.gaps(fault)[-1].back

    def mend(self) -> None:
        """Everything healed, both nodes up and out of standby, failures forgotten, nothing stopped.

        Services stay where they are.
        """
        cluster = self.cluster
        cluster.heal()
        cluster.boot_all()
        for node in cluster.nodes.values():
            self.service.clear_faults(node)
            cluster.standby(node, on=False)
        for service in self.services:
            cluster.allow_start(service.name)
        cluster.forget_failures()
        cluster.wait_idle()

    def settle(self) -> None:
        """Back to the beginning: mended, and every service at home."""
        self.mend()
        away = {
            service.name: self.homes[service.name]
            for service in self.services
            if self.cluster.where(service.resources[-1]) != self.homes[service.name].name
        }
        if away:
            self.cluster.move_at_once(away)
        for service in self.services:
            self.wait_in_service(service, on=self.homes[service.name])

    # Breaking.

    def kill(self, service: Service, node: Node, name: str, number: int = signal.SIGKILL) -> float:
        """Signal one process of a service by its name; when."""
        victim = service.daemons(node, name)[0]
        moment = time.monotonic()
        os.kill(victim.pid, number)
        return moment

    def kill_server(self, service: Service, node: Node) -> float:
        """SIGKILL the master of nginx; its workers live on, without it. When."""
        masters = service.daemons(node, "nginx")
        [master] = [each for each in masters if each.ppid not in {one.pid for one in masters}]
        moment = time.monotonic()
        os.kill(master.pid, signal.SIGKILL)
        return moment

    def signal(self, process: Process, number: int) -> None:
        """Signal a process that may have ended by itself meanwhile."""
        processes.send(process, number)

    def fault(self, node: Node, command: str, *settings: str) -> None:
        """Let a command of the stand-in, or a daemon, go wrong on one node."""
        self.service.lab(node, "fault", ROOT, command, *settings)
