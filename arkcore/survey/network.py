"""T4-2 #2 and #3: the interfaces are up, and the two servers reach each other on each LAN."""

from __future__ import annotations

import ipaddress
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from arkcore.base.language import say
from arkcore.survey.check import Check

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from arkcore.base.finding import Finding
    from arkcore.survey.machine import Machine
    from arkcore.survey.site import Node, Site

UP = Check("T4-2 #2", "network interfaces are up", "ネットワークインターフェースの起動")
REACH = Check(
    "T4-2 #3",
    "the servers reach each other on each LAN",
    "サービス LAN・ハートビート LAN それぞれでの疎通",
)


@dataclass(frozen=True)
class Interface:
    """A network interface. `below`: the one it is a VLAN of, "" where it is none.

    `mtu` in bytes; `hardware`: its hardware address, "" where it has none; 0 and "" also where it
    is not known.
    """

    name: str
    flags: tuple[str, ...]
    addresses: tuple[ipaddress.IPv4Interface | ipaddress.IPv6Interface, ...]
    below: str = ""
    mtu: int = 0
    hardware: str = ""

    @property
    def is_up(self) -> bool:
        """Set up, and with a carrier."""
        return "UP" in self.flags and "LOWER_UP" in self.flags

    def network_of(self, address: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
        """The network of an address that it holds."""
        return next(each.network for each in self.addresses if str(each.ip) == address)

    def holds(self, address: str) -> bool:
        return any(str(each.ip) == address for each in self.addresses)


class Interfaces:
    """The machine's interfaces. `problem`: why they are not known, "" where they are."""

    def __init__(self, found: Sequence[Interface], problem: str = "") -> None:
        self.found = tuple(found)
        self.problem = problem

    def holding(self, address: str) -> Interface | None:
        return next((each for each in self.found if each.holds(address)), None)

    def around(self, address: str) -> list[Interface]:
        """The interfaces with a network of more than one address that `address` is of."""
        wanted = ipaddress.ip_address(address)
        return [
            interface
            for interface in self.found
            if any(
                wanted in each.network and each.network.num_addresses > 1 and not each.is_loopback
                for each in interface.addresses
            )
        ]

    def addresses(self) -> list[str]:
        """Every address that other machines could reach."""
        return sorted(
            str(each.ip)
            for interface in self.found
            for each in interface.addresses
            if not each.ip.is_loopback and not each.ip.is_link_local
        )


def interfaces_of(machine: Machine) -> Interfaces:
    answer = machine.run("ip", "-j", "address", "show")
    if not answer.ok:
        return Interfaces((), answer.problem)
    try:
        return Interfaces([_interface(each) for each in json.loads(answer.text) if each])
    except (ValueError, KeyError, TypeError, AttributeError):
        return Interfaces((), "ip -j address show: its answer is not understood")


def _interface(facts: dict[str, object]) -> Interface:
    told = facts.get("addr_info")
    addresses = [
        ipaddress.ip_interface(f"{each['local']}/{each['prefixlen']}")
        for each in (told if isinstance(told, list) else ())
        if "local" in each
    ]
    flags = facts.get("flags")
    return Interface(
        str(facts["ifname"]),
        tuple(map(str, flags)) if isinstance(flags, list) else (),
        tuple(addresses),
        str(facts.get("link") or ""),
        int(str(facts.get("mtu") or 0)),
        str(facts.get("address") or "") if facts.get("link_type") == "ether" else "",
    )


def check_interfaces(interfaces: Interfaces, node: Node) -> Iterator[Finding]:
    if interfaces.problem:
        yield UP.cannot_tell(
            interfaces.problem,
            say("install iproute (iproute2), or look by hand: ip addr show",
                "iproute (iproute2) をインストールするか、ip addr show で確認してください"),
        )  # fmt: skip
        return
    for word, address in node.lans():
        lan = lan_named(word)
        interface = interfaces.holding(address)
        if interface is None:
            yield UP.fail(
                say(f"{lan}: no interface has {address}",
                    f"{lan}: {address} を持つインターフェースがありません"),
                say("set the address up on its interface, or correct site.toml",
                    "インターフェースにアドレスを設定するか、site.toml を直してください"),
            )  # fmt: skip
        elif not interface.is_up:
            carrier = "UP" in interface.flags
            yield UP.fail(
                say(f"{lan}: {interface.name} ({address}) "
                    f"{'has no carrier' if carrier else 'is down'}",
                    f"{lan}: {interface.name} ({address}) は"
                    f"{'リンクがありません' if carrier else '停止しています'}"),
                say("look at the cable and the switch",
                    "ケーブルとスイッチを確認してください")
                if carrier
                else say(f"ip link set {interface.name} up, and have it come up at boot",
                         f"ip link set {interface.name} up を実行し、"
                         f"起動時にも有効になるようにしてください"),
            )  # fmt: skip
        else:
            yield UP.ok(
                say(f"{lan}: {interface.name} ({address}) is up",
                    f"{lan}: {interface.name} ({address}) は起動しています")
            )  # fmt: skip
    yield from _separate_lans(interfaces, node)


def lan_named(word: str) -> str:
    """A LAN of the site file for a person: "service", "heartbeat" or "heartbeat 2"."""
    kind, _, number = word.partition(" ")
    japanese = {"service": "サービス LAN", "heartbeat": "ハートビート LAN"}[kind]
    return say(f"{kind} LAN {number}", f"{japanese} {number}").rstrip()


def _separate_lans(interfaces: Interfaces, node: Node) -> Iterator[Finding]:
    used: dict[str, str] = {}
    networks: dict[object, str] = {}
    for word, address in node.lans():
        lan = lan_named(word)
        interface = interfaces.holding(address)
        if interface is None:
            continue
        network = interface.network_of(address)
        other = used.setdefault(interface.name, lan)
        alike = networks.setdefault(network, lan)
        if other == lan and alike != lan:
            yield UP.warn(
                say(f"the {alike} and the {lan} are one network: {network}",
                    f"{alike} と {lan} が同じネットワーク {network} です"),
                say("give each LAN a network of its own: else one interface may answer for both",
                    "LAN ごとに別のネットワークにしてください "
                    "(片方のインターフェースが両方に応答することがあります)"),
            )  # fmt: skip
        if other != lan:
            yield UP.warn(
                say(f"the {other} and the {lan} are both on {interface.name}",
                    f"{other} と {lan} が同じ {interface.name} にあります"),
                say("give each LAN an interface of its own: one cable must not be all there is",
                    "LAN ごとに別のインターフェースにしてください (1 本の障害で両方を失います)"),
            )  # fmt: skip


def check_reach(
    machine: Machine, interfaces: Interfaces, site: Site, node: Node
) -> Iterator[Finding]:
    """Each LAN by itself: the ping leaves by the interface of that LAN and by no other."""
    peer = site.peer_of(node)
    pairs = list(zip(node.lans(), peer.lans(), strict=True))
    with ThreadPoolExecutor(len(pairs)) as pool:
        yield from pool.map(
            lambda pair: _reach(
                machine, interfaces, lan_named(pair[0][0]), pair[0][1], peer, pair[1][1]
            ),
            pairs,
        )


def _reach(
    machine: Machine, interfaces: Interfaces, lan: str, own: str, peer: Node, address: str
) -> Finding:
    interface = interfaces.holding(own)
    if interface is not None and not interface.is_up:
        return REACH.not_applicable(
            say(f"{lan}: not tried, for {interface.name} is not up ({UP.number})",
                f"{lan}: {interface.name} が起動していないため未実施 ({UP.number})")
        )  # fmt: skip
    if interface is None and not interfaces.problem:
        return REACH.not_applicable(
            say(f"{lan}: not tried, for no interface has {own} ({UP.number})",
                f"{lan}: {own} を持つインターフェースがないため未実施 ({UP.number})")
        )  # fmt: skip
    through = interface.name if interface else own
    answer = ping(machine, address, through)
    if answer is None:
        return REACH.ok(
            say(f"{lan}: {peer.name} ({address}) answers through {through}",
                f"{lan}: {peer.name} ({address}) は {through} 経由で応答します")
        )  # fmt: skip
    if answer:
        return REACH.cannot_tell(
            f"{lan}: {answer}",
            say(f"install iputils (iputils-ping), or try by hand: ping -I {through} {address}",
                f"iputils (iputils-ping) をインストールするか、"
                f"ping -I {through} {address} で確認してください"),
        )  # fmt: skip
    return REACH.fail(
        say(f"{lan}: {peer.name} ({address}) does not answer through {through}",
            f"{lan}: {peer.name} ({address}) は {through} 経由で応答しません"),
        say(f"look at the cable, the VLAN and the firewall of both servers: "
            f"ping -I {through} {address}",
            f"両サーバーのケーブル・VLAN・ファイアウォールを確認してください: "
            f"ping -I {through} {address}"),
    )  # fmt: skip


def ping(machine: Machine, address: str, through: str = "") -> str | None:
    """None where `address` answers, "" where it does not; else why this could not be asked."""
    way = ("-I", through) if through else ()
    answer = machine.run("ping", "-n", "-q", "-c", "2", "-i", "0.2", "-W", "1", *way, address)
    if answer.ok:
        return None
    # ping(8): 1 for no answer; other codes for an error, as where there is no route.
    if answer.returncode in (1, 2) and "packets transmitted" in answer.text:
        return ""
    if answer.returncode == 2 and "unreachable" in answer.problem.lower():
        return ""
    return answer.problem
