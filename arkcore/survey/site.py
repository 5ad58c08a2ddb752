"""What the pair of nodes is, as its site file says: names, addresses, disks, logical hosts."""

from __future__ import annotations

from dataclasses import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

STANDBY, MUTUAL_STANDBY, DISASTER_RECOVERY = "standby", "mutual-standby", "disaster-recovery"
TOPOLOGIES = (STANDBY, MUTUAL_STANDBY, DISASTER_RECOVERY)
LIFEKEEPER, PACEMAKER = "lifekeeper", "pacemaker"
MANAGERS = (LIFEKEEPER, PACEMAKER)
SHARED, REPLICATED, NAS = "shared", "replicated", "nas"
STORAGE = (SHARED, REPLICATED, NAS)
#: The limits that the site file may demand.
LIMITS = ("nofile", "nproc", "memlock")
#: The checks that only a person can make, and may declare made.
BY_HAND = ("T4-3 #1",)


@dataclass(frozen=True)
class Node:
    """One server.

    `service`: its address on the service LAN. `heartbeat`: its addresses on the heartbeat LANs, in
    the same order on both nodes. `bonds`: the interfaces that are to be bonds.
    """

    name: str
    service: str
    heartbeat: tuple[str, ...]
    bonds: tuple[str, ...] = ()

    def lans(self) -> tuple[tuple[str, str], ...]:
        """Each LAN by its word in the site file, and this node's address there."""
        if len(self.heartbeat) == 1:
            return ("service", self.service), ("heartbeat", self.heartbeat[0])
        numbered = (
            (f"heartbeat {number}", address)
            for number, address in enumerate(self.heartbeat, start=1)
        )
        return ("service", self.service), *numbered


@dataclass(frozen=True)
class LogicalHost:
    """One logical host: where it normally runs, its disk, and the resources that make it up.

    `resources`: the plugin of each, by name, in the order of their start. `mount_point` and
    `device` are "" where the logical host has no disk of its own. `routed`: its address is in no
    network of the servers; a router or the cloud's route table leads to it.
    """

    name: str
    address: str
    active: str
    mount_point: str = ""
    device: str = ""
    storage: str = SHARED
    multipath: bool = False
    routed: bool = False
    resources: Mapping[str, str] = field(default_factory=dict)

    @property
    def has_disk(self) -> bool:
        return bool(self.mount_point or self.device)


@dataclass(frozen=True)
class Site:
    """The pair. `packages`: what the cluster software needs of the operating system.

    `limits`: what the products need at least, by the names of limits.conf: nofile, nproc, memlock
    (KiB).
    """

    topology: str
    manager: str
    nodes: tuple[Node, Node]
    logical_hosts: tuple[LogicalHost, ...]
    packages: tuple[str, ...] = ()
    confirmed: tuple[str, ...] = ()
    limits: Mapping[str, int] = field(default_factory=dict)

    def peer_of(self, node: Node) -> Node:
        return self.nodes[1] if node.name == self.nodes[0].name else self.nodes[0]

    def node(self, name: str) -> Node | None:
        return next((node for node in self.nodes if node.name == name), None)

    def logical_host(self, name: str) -> LogicalHost | None:
        return next((host for host in self.logical_hosts if host.name == name), None)

    def addresses(self) -> dict[str, str]:
        """The address that each name must stand for in /etc/hosts."""
        return {
            **{node.name: node.service for node in self.nodes},
            **{host.name: host.address for host in self.logical_hosts},
        }
