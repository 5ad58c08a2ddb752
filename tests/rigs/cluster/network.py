"""The cables: one switch in a network namespace of its own, a port for each node and client.

A port can be pulled (the node is cut off from everybody), or the nodes can be parted: they no
longer hear each other, while the clients reach both.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from rigs.cluster.errors import ClusterError
from rigs.cluster.held import Held


class Network:
    """The switch. Addresses are 10.7.0.n/24, in namespaces that nobody else sees."""

    def __init__(self, log: Path) -> None:
        self._switch = Held(["net"], ["cat"], log)
        self._ip("link", "add", "bridge", "type", "bridge")
        self._ip("link", "set", "bridge", "up")
        self._ports: dict[str, str] = {}
        self._plugged = 0
        self._cut: set[str] = set()
        self._parted = False

    @staticmethod
    def address(number: int) -> str:
        return f"10.7.0.{number}"

    def plug(self, name: str, pid: int, number: int) -> None:
        """Give the network namespace of `pid` an interface eth0 with an address.

        The port of an earlier boot is gone with that boot.
        """
        self._plugged += 1
        port = f"port{self._plugged}"
        self._ip("link", "add", port, "type", "veth", "peer", "eth0", "netns", str(pid))
        self._ip("link", "set", port, "master", "bridge")
        inside = ["nsenter", "-t", str(pid), "--net", "--", "ip"]
        _run([*inside, "address", "add", f"{self.address(number)}/24", "dev", "eth0"])
        _run([*inside, "link", "set", "eth0", "up"])
        self._ports[name] = port
        if name not in self._cut:
            self._ip("link", "set", port, "up")

    def cut(self, name: str) -> None:
        """Pull the cable of a node or client."""
        self._cut.add(name)
        self._ip("link", "set", self._ports[name], "down")

    def is_cut(self, name: str) -> bool:
        return name in self._cut

    def part(self, *names: str) -> None:
        """Let these no longer hear each other; everybody else reaches each of them."""
        for name in names:
            self._isolate(name, "on")
        self._parted = True

    def heal(self) -> None:
        """All cables in, all ports open. Ports of nodes that are dead are skipped."""
        for name in sorted(self._cut):
            self._ip("link", "set", self._ports[name], "up", may_fail=True)
        self._cut.clear()
        if self._parted:
            for name in self._ports:
                self._isolate(name, "off")
            self._parted = False

    def close(self) -> None:
        self._switch.end()

    def _isolate(self, name: str, what: str) -> None:
        argv = ["bridge", "link", "set", "dev", self._ports[name], "isolated", what]
        _run([*self._switch.enter("net"), *argv], may_fail=what == "off")

    def _ip(self, *arguments: str, may_fail: bool = False) -> None:
        _run([*self._switch.enter("net"), "ip", *arguments], may_fail=may_fail)


def _run(argv: list[str], *, may_fail: bool = False) -> None:
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=30)
    if done.returncode != 0 and not may_fail:
        raise ClusterError(f"{' '.join(argv)}: {done.stderr.decode(errors='replace').strip()}")
