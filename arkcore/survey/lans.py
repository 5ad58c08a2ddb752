"""Both servers have the same netmask and MTU on each LAN."""

from __future__ import annotations

from arkcore.base.language import say
from arkcore.survey.answers import LanAnswer
from arkcore.survey.check import Check
from arkcore.survey.network import lan_named

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from arkcore.base.finding import Finding
    from arkcore.survey.answers import Answers
    from arkcore.survey.network import Interfaces
    from arkcore.survey.site import Node

LANS = Check("pair 7", "same netmask and MTU on each LAN", "各 LAN のネットマスクと MTU の一致")


def lans_of(interfaces: Interfaces, node: Node) -> dict[str, LanAnswer]:
    """Each LAN of the node by its word in the site file; without those that no interface has."""
    found = {}
    for word, address in node.lans():
        interface = interfaces.holding(address)
        if interface is not None:
            network = interface.network_of(address)
            found[word] = LanAnswer(interface.name, str(network), interface.mtu)
    return found


def check_lans(here: Answers, there: Answers) -> Iterator[Finding]:
    for word, mine in here.around.lans.items():
        theirs = there.around.lans.get(word)
        if theirs is None:
            continue  # that node's own finding tells
        lan = lan_named(word)
        if mine.network != theirs.network:
            told = f"{here.node} {mine.network}, {there.node} {theirs.network}"
            yield LANS.fail(
                say(f"{lan}: of different networks: {told}",
                    f"{lan}: ネットワークが異なります: {told}"),
                say("set the same netmask on both servers: else one of them may not reach the "
                    "other, the virtual IP or their clients",
                    "両サーバーのネットマスクを同じにしてください。異なると、相手サーバー・"
                    "仮想 IP・クライアントに届かないことがあります"),
            )  # fmt: skip
        elif mine.mtu != theirs.mtu:
            told = (
                f"{here.node} {mine.interface} {mine.mtu}, "
                f"{there.node} {theirs.interface} {theirs.mtu}"
            )
            yield LANS.warn(
                say(f"{lan}: of different MTU: {told}", f"{lan}: MTU が異なります: {told}"),
                say("set the same MTU on both servers and on the switch: else large packets are "
                    "lost while small ones pass",
                    "両サーバーとスイッチの MTU を同じにしてください。異なると、大きい"
                    "パケットだけが失われます"),
            )  # fmt: skip
        else:
            yield LANS.ok(f"{lan}: {mine.network}, MTU {mine.mtu}")
