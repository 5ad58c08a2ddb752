"""Who has an address on the LAN: asked by ARP, as a probe that nobody remembers (RFC 5227).

A probe names no sender, so that it changes the tables of no machine. Every machine that has the
address answers, whatever its packet filter says. Two may answer for one.
"""

from __future__ import annotations

import ipaddress
import json
import select
import socket
import struct
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from arkcore.survey.machine import Machine
    from arkcore.survey.network import Interface, Interfaces

_ARP = 0x0806
#: Ethernet, IPv4, their lengths: the beginning of each packet (RFC 826).
_ETHERNET = struct.pack("!HHBB", 1, 0x0800, 6, 4)
_REQUEST = 1
_FRAME = struct.Struct("!6s6sH6sH6s4s6s4s")
#: Seconds for which answers to the second probe are waited for.
_WITHIN = 0.2


class Owners:
    """Asks at once when made, and again when the answers are fetched.

    `problem`: why nothing could be asked, "" where it could.
    """

    def __init__(self, interfaces: Interfaces, addresses: Iterable[str]) -> None:
        self.problem = ""
        self._found: dict[str, set[str]] = {}
        self._asked: list[tuple[socket.socket, Interface, list[str]]] = []
        self._own = {each.hardware.lower() for each in interfaces.found if each.hardware}
        for interface, wanted in _by_interface(interfaces, addresses):
            try:
                asking = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ARP))
            except OSError as error:
                self.problem = f"ARP: {error.strerror}"
                continue
            try:
                asking.setblocking(False)
                asking.bind((interface.name, _ARP))
            except OSError as error:
                self.problem = f"ARP: {interface.name}: {error.strerror}"
                asking.close()
                continue
            self._asked.append((asking, interface, wanted))
            self._found.update((each, set()) for each in wanted)
        self._probe()

    def _probe(self) -> None:
        for asking, interface, wanted in self._asked:
            hardware = bytes.fromhex(interface.hardware.replace(":", ""))
            for each in wanted:
                packed = ipaddress.ip_address(each).packed
                frame = _FRAME.pack(
                    b"\xff" * 6, hardware, _ARP, _ETHERNET, _REQUEST,
                    hardware, b"\0" * 4, b"\0" * 6, packed,
                )  # fmt: skip
                try:
                    asking.send(frame)
                except OSError as error:
                    self.problem = f"ARP: {interface.name}: {error.strerror}"
                    self._found.pop(each, None)

    def answers(self) -> dict[str, list[str]]:
        """The hardware addresses of other machines that have each address; only of those asked."""
        self._probe()
        until = time.monotonic() + _WITHIN
        sockets = [asking for asking, _, _ in self._asked]
        while sockets and (left := until - time.monotonic()) > 0:
            ready, _, _ = select.select(sockets, [], [], left)
            for each in ready:
                self._read(each)
        for each in sockets:
            each.close()
        self._asked = []
        return {address: sorted(found) for address, found in self._found.items()}

    def _read(self, asking: socket.socket) -> None:
        try:
            frame = asking.recv(256)
        except OSError:
            return
        if len(frame) < _FRAME.size:
            return
        _, _, _, kind, _, hardware, sender, _, _ = _FRAME.unpack_from(frame)
        owner = ":".join(f"{byte:02x}" for byte in hardware)
        address = str(ipaddress.ip_address(sender))
        # Whoever names itself the sender has the address, in a request of its own, too.
        if kind == _ETHERNET and address in self._found and owner not in self._own:
            self._found[address].add(owner)


def _by_interface(
    interfaces: Interfaces, addresses: Iterable[str]
) -> list[tuple[Interface, list[str]]]:
    """The IPv4 addresses that can be asked for by ARP, by the interface of their network."""
    found: dict[str, tuple[Interface, list[str]]] = {}
    for address in addresses:
        if ipaddress.ip_address(address).version != 4:
            continue
        for interface in interfaces.around(address):
            if interface.is_up and interface.hardware and "NOARP" not in interface.flags:
                found.setdefault(interface.name, (interface, []))[1].append(address)
    return list(found.values())


def remembered(machine: Machine, address: str) -> list[str]:
    """Who answered for `address` as the kernel remembers, after a ping: the only way for IPv6."""
    answer = machine.run("ip", "-j", "neighbour", "show", "to", address)
    try:
        return [each["lladdr"] for each in json.loads(answer.text or "[]") if "lladdr" in each]
    except (ValueError, KeyError, TypeError):
        return []
