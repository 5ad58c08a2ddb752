"""A Pacemaker cluster of two nodes on this machine: built, asked, broken, cleared away."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType

from arkcore.managers.crm_mon import View
from rigs.cluster import corosync
from rigs.cluster.client import Client
from rigs.cluster.disk import SharedDisk
from rigs.cluster.errors import ClusterError
from rigs.cluster.fencing import PowerSwitch
from rigs.cluster.network import Network
from rigs.cluster.node import Node
from rigs.cluster.operations import Operation, monitors_cut_short, operations
from rigs.cluster.requirements import check_machine
from rigs.cluster.waiting import wait_for
from rigs.cluster.workplace import Workplace

_FENCE_AGENT = Path(__file__).with_name("fence_agent.py")

_CIB = "/var/lib/pacemaker/cib/cib.xml"
_LOG = "/var/log/pacemaker/pacemaker.log"
#: Seconds between two questions to a cluster that is at work.
_SELDOM = 0.25

#: Before anything is configured: a node alone looks for a coordinator for 20 s, unless told.
_FIRST_CIB = """\
<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" epoch="1" num_updates="0"
     admin_epoch="0"><configuration><crm_config><cluster_property_set id="cib-bootstrap-options">
<nvpair id="cib-bootstrap-options-dc-deadtime" name="dc-deadtime" value="2s"/>
<nvpair id="cib-bootstrap-options-stonith-enabled" name="stonith-enabled" value="true"/>
</cluster_property_set></crm_config><nodes/><resources/><constraints/></configuration><status/>
</cib>
"""

#: Fencing on. A node that runs what has a priority wins when both would fence each other.
_PROPERTIES = """\
property stonith-enabled=true stonith-timeout=30s priority-fencing-delay=3s \
dc-deadtime=2s cluster-recheck-interval=60s
primitive power stonith:fence_ark params switch={switch} \
pcmk_host_list="{nodes}" pcmk_host_check=static-list
rsc_defaults resource-stickiness=100
"""


class Cluster:
    """Two nodes, n1 and n2, with fencing; used in a `with` statement.

    Everything lives in namespaces that end with this process, and in one directory beneath /tmp,
    which is removed at the end, and also when this process is killed.

    :param tell: hears what is done, one line at a time.
    :raises CannotBuild: not root, packages missing, or namespaces not to be had; it says which.
    """

    def __init__(self, tell: Callable[[str], None] = lambda _: None) -> None:
        check_machine()
        self.tell = tell
        self._workplace = Workplace()
        self.directory = self._workplace.path
        self._clients: list[Client] = []
        self._disks: list[SharedDisk] = []
        self._closing: list[Callable[[], None]] = [self._workplace.close]
        try:
            self._build()
        except BaseException:
            self.close()
            raise

    def _build(self) -> None:
        self.network = Network(self.directory / "switch.log")
        self._closing.append(self.network.close)
        self.n1 = Node("n1", 1, self.directory / "n1", self.network)
        self.n2 = Node("n2", 2, self.directory / "n2", self.network)
        self.nodes = {"n1": self.n1, "n2": self.n2}
        for node in self.nodes.values():
            self._closing.append(node.cut_power)
        self.power_switch = PowerSwitch(self.directory / "power", self.nodes, self.network)
        self._closing.append(self.power_switch.close)
        for node in self.nodes.values():
            self._furnish(node)

    def _furnish(self, node: Node) -> None:
        """Files that a node has before its first boot."""
        addresses = {each.name: Network.address(each.number) for each in self.nodes.values()}
        node.put("/etc/corosync/corosync.conf", corosync.configuration("ark", addresses))
        hosts = [f"{address} {name}\n" for name, address in addresses.items()]
        node.put("/etc/hosts", "127.0.0.1 localhost\n" + "".join(hosts))
        agent = _FENCE_AGENT.read_text(encoding="utf-8")
        node.put(_CIB, _FIRST_CIB, mode=0o600, owner="hacluster")
        node.put("/usr/sbin/fence_ark", f"#!{sys.executable} -I\n{agent}", mode=0o755)

    # Life.

    def start(self, within: float = 90.0) -> None:
        """Boot both nodes, wait until they are one cluster, and switch fencing on."""
        self.boot_all(within)
        nodes = " ".join(self.nodes)
        self.crm(_PROPERTIES.format(switch=self.power_switch.path, nodes=nodes))

    def boot_all(self, within: float = 90.0) -> None:
        """Boot what is off, and wait until both nodes are online in one cluster with quorum.

        What is fenced meanwhile, for it was missed before, is booted as well.
        """
        for node in self.nodes.values():
            node.boot()

        def whole(view: View) -> bool:
            for node in self.nodes.values():
                node.boot()
            return view.has_quorum and view.online == set(self.nodes) and not view.unclean

        self.wait_until("both nodes are online", whole, within)

    def close(self) -> None:
        """End everything and remove the directory."""
        for client in self._clients:
            client.close()
        while self._closing:
            close = self._closing.pop()
            if not self._closing:
                for disk in self._disks:
                    disk.close()
            close()

    def __enter__(self) -> Cluster:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    # Parts that a configuration needs.

    def disk(self, size: int = 48) -> SharedDisk:
        """Another shared disk, of `size` MiB, with an empty ext4 on it."""
        made = SharedDisk(self.directory / f"disk{len(self._disks) + 1}.img", size)
        self._disks.append(made)
        return made

    def client(self, address: str) -> Client:
        """A client that calls http://`address`/ from now on, from outside of both nodes."""
        made = Client(address, self.directory)
        self._clients.append(made)
        self.network.plug(f"client{len(self._clients)}", made.pid, 200 + len(self._clients))
        made.begin()
        return made

    # Asking and telling.

    def crm(self, text: str) -> None:
        """Add to the configuration, in the language of `crm configure`.

        :raises ClusterError: crm refuses it.
        """
        self.tool("crm", "-F", "configure", "load", "update", "-", stdin=text)

    def tool(
        self, *argv: str, stdin: str = "", check: bool = True, timeout: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """Run a program of the cluster (crm_resource, cibadmin …) on a node that is on."""
        return self.live_node().run(*argv, stdin=stdin, check=check, timeout=timeout)

    def live_node(self) -> Node:
        """The node that is on: of two the one that is not cut off, or has been on for longer."""
        live = [node for node in self.nodes.values() if node.alive]
        if not live:
            raise ClusterError("both nodes are off")
        return min(live, key=lambda node: (self.network.is_cut(node.name), node.booted))

    def view(self) -> View | None:
        """What the cluster says now; None where it does not answer."""
        try:
            done = self.tool("crm_mon", "-1", "--output-as=xml", check=False, timeout=20)
        except (ClusterError, subprocess.TimeoutExpired):
            return None
        try:
            return View(done.stdout) if done.returncode == 0 else None
        except ValueError as error:
            raise ClusterError(str(error)) from error

    def where(self, resource: str) -> str:
        """The node on which `resource` runs; "" where on none, or unknown."""
        view = self.view()
        return view.where(resource) if view else ""

    def wait_until(
        self, what: str, condition: Callable[[View], object], within: float = 60.0
    ) -> float:
        """Look at the cluster until `condition` holds; the seconds that took.

        :raises ClusterError: it did not come in time; with what the cluster said last.
        """
        last: list[View] = []

        def holds() -> bool:
            view = self.view()
            last[:] = [view] if view else []
            return bool(view and condition(view))

        try:
            return wait_for(what, holds, within)
        except ClusterError as error:
            told = last[0].told() if last else "the cluster did not answer"
            raise ClusterError(f"{error}\n{told}") from None

    def wait_running(self, *resources: str, on: Node | None = None, within: float = 60.0) -> str:
        """Wait until all of `resources` run on one node (on `on`, where told); its name."""
        found: set[str] = set()

        def holds(view: View) -> bool:
            found.clear()
            found.update(view.where(name) for name in resources)
            return len(found) == 1 and found.isdisjoint({""}) and (not on or on.name in found)

        where = f" on {on.name}" if on else ""
        self.wait_until(f"{' '.join(resources)} running{where}", holds, within)
        return found.pop()

    def wait_idle(self, within: float = 60.0) -> None:
        """Wait until the cluster has done all that it means to do for now."""
        looks = 0

        def idle() -> bool:
            nonlocal looks
            view = self.view()
            name = view.coordinator if view else ""
            said = self.tool("crmadmin", "-S", name, check=False).stdout if name else ""
            looks = looks + 1 if "S_IDLE" in said else 0
            if not looks:
                time.sleep(_SELDOM)  # to look costs processor time, and all nodes share it
            return looks > 2

        wait_for("the cluster has nothing left to do", idle, within)

    def operations(self, since: float = 0.0) -> list[Operation]:
        """The starts and stops that the nodes have performed since `since`, in their order.

        Also those of a node that is off: its log is on its disk.
        """
        found: list[Operation] = []
        for node in self.nodes.values():
            found += operations(node.name, node.text(_LOG), since)
        return sorted(found, key=lambda each: each.began)

    def monitors_cut_short(self, node: Node) -> list[str]:
        """The resources whose monitor Pacemaker killed on a node, to stop them; each as often."""
        return monitors_cut_short(node.text(_LOG))

    # Operating.

    def standby(self, node: Node, on: bool = True) -> None:
        """Put a node into standby, or take it out again; does not wait."""
        if on:
            self.tool("crm_standby", "-N", node.name, "-v", "on")
        else:
            self.tool("crm_standby", "-N", node.name, "-D")

    def move(self, resource: str, to: Node, within: float = 60.0) -> None:
        """Let a resource or group run on `to`, once; no constraint stays."""
        self.move_at_once({resource: to}, within)

    def move_at_once(self, moves: Mapping[str, Node], within: float = 60.0) -> None:
        """As `move`, several together: each node may be left by one and taken by another."""
        for resource, to in moves.items():
            self.tool("crm_resource", "-r", resource, "--move", "-N", to.name)
        self.wait_idle(within)
        for resource in moves:
            self.tool("crm_resource", "-r", resource, "--clear")

    def stop(self, resource: str) -> None:
        """Let a resource or group be stopped, until `allow_start`; does not wait."""
        self.tool("crm_resource", "-r", resource, "--meta", "-p", "target-role", "-v", "Stopped")

    def allow_start(self, resource: str) -> None:
        """Undo `stop`; does not wait."""
        self.tool("crm_resource", "-r", resource, "--meta", "-d", "target-role")

    def remove(self, resource: str, within: float = 60.0) -> None:
        """Stop a resource and take it, its constraints and its history out of the cluster."""
        self.stop(resource)
        self.wait_idle(within)
        self.tool("crm", "-F", "configure", "delete", resource)
        self.wait_idle(within)

    def forget_failures(self) -> None:
        """Fail counts and failed operations of all resources: as an operator's cleanup."""
        self.tool("crm_resource", "--cleanup")

    # Breaking.

    def cut(self, node: Node) -> None:
        """Pull the node's network cable: no peer, no client, no power switch."""
        self.network.cut(node.name)

    def part(self) -> None:
        """The nodes no longer hear each other; clients and power switch reach both."""
        self.network.part(*self.nodes)

    def heal(self) -> None:
        """All cables in again."""
        self.network.heal()
