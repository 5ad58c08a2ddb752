"""The servers' own packet filters let the cluster software through, on each LAN, both ways."""

from __future__ import annotations

from arkcore.base.language import say
from arkcore.survey.check import Check
from arkcore.survey.packet_filter import Packet
from arkcore.survey.site import LIFEKEEPER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from arkcore.base.finding import Finding
    from arkcore.survey.filters import Filters
    from arkcore.survey.network import Interfaces
    from arkcore.survey.site import Node, Site

FIREWALL = Check(
    "firewall",
    "the packet filter lets the cluster software through",
    "ファイアウォールでのクラスターソフトウェアの通信許可",
)
#: The communication paths of LifeKeeper, by its manual; corosync's port, by corosync.conf(5).
_PORTS = {LIFEKEEPER: ("LifeKeeper", "tcp", 7365)}
_COROSYNC = ("corosync", "udp", 5405)


def check_firewall(
    filters: Filters, interfaces: Interfaces, site: Site, node: Node
) -> Iterator[Finding]:
    name, protocol, port = _PORTS.get(site.manager, _COROSYNC)
    what = f"{name} ({port}/{protocol})"
    advice = say(
        f"let {port}/{protocol} of the other server in and out, for instance: firewall-cmd "
        f"--permanent --add-port={port}/{protocol}, then firewall-cmd --reload; look at the "
        f"rules: nft list ruleset, iptables-save",
        f"相手サーバーとの {port}/{protocol} を両方向で許可してください。例: firewall-cmd "
        f"--permanent --add-port={port}/{protocol} の後に firewall-cmd --reload。規則の確認: "
        f"nft list ruleset、iptables-save",
    )
    if not filters.asked:
        yield FIREWALL.not_applicable(
            say("neither nft nor iptables is in use", "nft も iptables も使われていません")
        )
        return
    blocked, unsure = [], []
    for packet, lan in _packets(interfaces, site, node, protocol, port):
        found = filters.judged(packet)
        told = f"{lan}: {packet.source} → {packet.to} ({found.by})"
        if found.passes is False:
            blocked.append(told)
        elif found.passes is None:
            unsure.append(told)
    if blocked:
        told = "; ".join(blocked)
        yield FIREWALL.fail(
            say(f"{what} is dropped here: {told}", f"{what} がここで破棄されます: {told}"), advice
        )
    if unsure:
        told = "; ".join(unsure)
        yield FIREWALL.cannot_tell(
            say(f"whether {what} passes depends on what is not known here: {told}",
                f"{what} の可否はここでは分からない条件によります: {told}"),
            advice,
        )  # fmt: skip
    if not blocked and not unsure:
        seen = f"{what} passes both ways" if filters.has_rules else "no rule"
        japanese = f"{what} は両方向とも通ります" if filters.has_rules else "規則はありません"
        yield FIREWALL.ok(say(seen, japanese))


def _packets(
    interfaces: Interfaces, site: Site, node: Node, protocol: str, port: int
) -> Iterator[tuple[Packet, str]]:
    """The first packet of a connection each way, on each LAN, with the LAN's word."""
    peer = site.peer_of(node)
    for (lan, own), (_, other) in zip(node.lans(), peer.lans(), strict=True):
        interface = interfaces.holding(own)
        name = interface.name if interface else ""
        yield Packet("input", name, protocol, other, own, port), lan
        yield Packet("output", name, protocol, own, other, port), lan
