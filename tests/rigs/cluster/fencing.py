"""The power switch: stands outside of the nodes and kills one when the other asks for it.

It is reached through the same cables as the nodes: one that is cut off from the network cannot
have the other one killed, as with a switch on the service network. A node counts as dead only when
the kernel has ended every process of it. One that was to be rebooted stays off as well.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Mapping
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rigs.cluster.network import Network
    from rigs.cluster.node import Node


class Fencing:
    """One node that was killed on request; when that was asked for, CLOCK_MONOTONIC."""

    def __init__(self, victim: str, asked: float) -> None:
        self.victim = victim
        self.asked = asked


class PowerSwitch:
    """Serves the fence agents at a socket, in a thread of its own."""

    def __init__(self, path: Path, nodes: Mapping[str, Node], network: Network) -> None:
        self.path = path
        self._nodes = nodes
        self._network = network
        #: Everybody who was killed, oldest first.
        self.fenced: list[Fencing] = []
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(os.fspath(path))
        self._socket.listen(8)
        self._thread = threading.Thread(target=self._serve, name="power switch", daemon=True)
        self._thread.start()

    def fenced_since(self, moment: float) -> list[Fencing]:
        """Who was killed after `moment`."""
        return [each for each in self.fenced if each.asked >= moment]

    def close(self) -> None:
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._socket.close()
        self._thread.join(10)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            try:
                connection.settimeout(10)
                words = connection.makefile().readline().split()
                answer = self._done(*words) if len(words) == 3 else "what?"
                connection.sendall(f"{answer}\n".encode())
            except OSError:
                return

    def _done(self, action: str, victim: str, asker: str) -> str:
        if self._network.is_cut(asker):
            return f"unreachable: the network of {asker} is cut"
        if action in ("monitor", "list"):
            return "done " + " ".join(self._nodes)
        node = self._nodes.get(victim)
        if node is None:
            return f"no such node: {victim}"
        if action == "status":
            return "done" if node.alive else "off"
        if action == "on":
            return "done"
        asked = time.monotonic()
        node.cut_power()
        self.fenced.append(Fencing(victim, asked))
        return "done"
