"""T4-4 #1: the virtual IP of each logical host exists, in the right network, and once."""

from __future__ import annotations

from arkcore.base.language import say
from arkcore.survey.check import Check
from arkcore.survey.network import UP, lan_named, ping
from arkcore.survey.owners import Owners, remembered
from arkcore.survey.site import LIFEKEEPER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from arkcore.base.finding import Finding
    from arkcore.survey.answers import Answers
    from arkcore.survey.machine import Machine
    from arkcore.survey.network import Interface, Interfaces
    from arkcore.survey.site import LogicalHost, Node, Site

VIRTUAL = Check("T4-4 #1", "virtual IP of the logical host", "論理ホストの仮想 IP アドレス")


def asked_owners(interfaces: Interfaces, site: Site) -> Owners:
    """Asks the LANs for every address of the pair."""
    lans = [address for node in site.nodes for _, address in node.lans()]
    return Owners(interfaces, [*lans, *(host.address for host in site.logical_hosts)])


def addresses_that_answer(machine: Machine, interfaces: Interfaces, site: Site) -> dict[str, str]:
    """Of each logical host whose address is in use: "here" or "elsewhere"."""
    found = {}
    for host in site.logical_hosts:
        if interfaces.holding(host.address):
            found[host.name] = "here"
        elif ping(machine, host.address) is None:
            found[host.name] = "elsewhere"
    return found


def owners_of_virtual(
    machine: Machine, site: Site, answering: dict[str, str], heard: Mapping[str, Sequence[str]]
) -> dict[str, list[str]]:
    """The hardware addresses of other machines that answer for each logical host's address."""
    found = {}
    for host in site.logical_hosts:
        owners = list(heard.get(host.address, ()))
        if not owners and answering.get(host.name) == "elsewhere":
            owners = remembered(machine, host.address)
        if owners:
            found[host.name] = owners
    return found


def check_virtual_addresses(
    site: Site,
    node: Node,
    answering: dict[str, str],
    owners: Mapping[str, Sequence[str]],
    heard: Mapping[str, Sequence[str]],
) -> Iterator[Finding]:
    """`owners`: by logical host; `heard`: who answers for any address of the pair."""
    peer = site.peer_of(node)
    known = {each for _, address in peer.lans() for each in heard.get(address, ())}
    for host in site.logical_hosts:
        told = f"{host.name} ({host.address})"
        where = answering.get(host.name)
        others = list(owners.get(host.name, ()))
        if where == "here" and others:
            yield _twice(host, node.name, others)
        elif where == "here":
            yield VIRTUAL.ok(say(f"{told} is on this server", f"{told} はこのサーバーにあります"))
        elif others and set(others) <= known:
            yield VIRTUAL.ok(
                say(f"{told} answers: {peer.name}", f"{told} は応答します: {peer.name}")
            )
        elif where and host.routed and not others:
            # Nobody can be asked by ARP: the route says who has it.
            yield VIRTUAL.ok(
                say(f"{told} answers, by a route", f"{told} は応答します (ルーティング経由)")
            )
        elif where or others:
            seen = f", {', '.join(others)}" if others else ""
            yield VIRTUAL.cannot_tell(
                say(f"{told} answers{seen}; whether this is {peer.name}",
                    f"{told} は応答します{seen}。{peer.name} であるかどうか"),
                say(f"check the pair: ssh {peer.name} ark preflight --export - | "
                    f"ark preflight --peer -; or stop its IP resource and look whether it still "
                    f"answers: ping {host.address}",
                    f"2 台を照合してください: ssh {peer.name} ark preflight --export - | "
                    f"ark preflight --peer -。または IP リソースを停止しても応答するか確認して"
                    f"ください: ping {host.address}"),
            )  # fmt: skip
        else:
            resource = "LifeKeeper" if site.manager == LIFEKEEPER else "Pacemaker"
            yield VIRTUAL.warn(
                say(f"{told} is nowhere yet", f"{told} はまだどこにもありません"),
                say(f"create its IP resource in {resource} before the product is set up for the "
                    f"logical host",
                    f"論理ホストに製品をセットアップする前に {resource} で IP リソースを"
                    f"作成してください"),
            )  # fmt: skip


def _twice(host: LogicalHost, node: str, others: Sequence[str]) -> Finding:
    told = f"{host.name} ({host.address})"
    macs = ", ".join(others)
    return VIRTUAL.fail(
        say(f"{told} is on {node} and on another machine: {macs}",
            f"{told} が {node} と別のマシンの両方にあります: {macs}"),
        say("find the machine by its hardware address (on the switch, or ip neighbour), and give "
            "it another address; if it is the other server, take the address off there",
            "ハードウェアアドレスでマシンを特定し (スイッチ、ip neighbour)、別のアドレスに変えて"
            "ください。相手サーバーであれば、そちらから外してください"),
    )  # fmt: skip


def check_networks_of_virtual(interfaces: Interfaces, site: Site, node: Node) -> Iterator[Finding]:
    """The address lies in the network of an interface: else nobody else would reach it."""
    if interfaces.problem:
        return
    service = interfaces.holding(node.service)
    for host in site.logical_hosts:
        told = f"{host.name} ({host.address})"
        around = interfaces.around(host.address)
        if host.routed:
            yield _routed(told, around)
        elif not around:
            networks = str(service.network_of(node.service)) if service else node.service
            yield VIRTUAL.fail(
                say(f"{told} is in no network of this server; its service LAN is {networks}",
                    f"{told} はこのサーバーのどのネットワークにも属しません。サービス LAN は "
                    f"{networks} です"),
                say("give the logical host an address of the service LAN, or correct the netmask "
                    "of the interface; where a route table of the cloud leads to it (overlay IP), "
                    "write routed = true for it in site.toml",
                    "サービス LAN のアドレスにするか、インターフェースのネットマスクを直して"
                    "ください。クラウドのルートテーブルで到達させる場合 (オーバーレイ IP) は、"
                    "site.toml に routed = true と書いてください"),
            )  # fmt: skip
        elif service and service not in around:
            names = ", ".join(each.name for each in around)
            if any(each.holds(address) for each in around for address in node.heartbeat):
                yield VIRTUAL.warn(
                    say(f"{told} is in the network of the heartbeat LAN ({names})",
                        f"{told} はハートビート LAN ({names}) のネットワークにあります"),
                    say("give it an address of the service LAN, where its clients are",
                        "クライアントのいるサービス LAN のアドレスにしてください"),
                )  # fmt: skip


def _routed(told: str, around: Sequence[Interface]) -> Finding:
    """A route leads to the address: then it must not be of a network in which hosts ask by ARP."""
    if not around:
        return VIRTUAL.ok(
            say(f"{told} is in no network of this server, and is routed (site.toml)",
                f"{told} はこのサーバーのネットワークに属さず、ルーティングで到達します "
                f"(site.toml)")
        )  # fmt: skip
    names = ", ".join(each.name for each in around)
    return VIRTUAL.warn(
        say(f"{told} is said to be routed, and is in the network of {names}: neighbours ask for it "
            f"by ARP and follow no route",
            f"{told} は routed ですが {names} のネットワークに属します。隣接ホストは ARP で"
            f"問い合わせ、ルートに従いません"),
        say("take an address outside of every network of the servers (of a VPC: outside of its "
            "ranges), or take routed out of site.toml",
            "サーバーのどのネットワークにも属さない (VPC では、その範囲外の) アドレスにするか、"
            "site.toml から routed を除いてください"),
    )  # fmt: skip


def check_own_addresses(
    interfaces: Interfaces, node: Node, heard: Mapping[str, Sequence[str]], problem: str = ""
) -> Iterator[Finding]:
    """No other machine has an address of this node. `problem`: why a LAN could not be asked."""
    if problem:
        yield UP.cannot_tell(
            say(f"whether another machine has an address of the pair: {problem}",
                f"別のマシンが同じアドレスを持つかどうか: {problem}"),
            say(f"run it as root, or look by hand: arping -D -c 2 -I INTERFACE {node.service}",
                f"root で実行するか、arping -D -c 2 -I インターフェース {node.service} で"
                f"確認してください"),
        )  # fmt: skip
    for word, address in node.lans():
        others = heard.get(address, ())
        if others and interfaces.holding(address):
            told, macs = f"{lan_named(word)}: {address}", ", ".join(others)
            yield UP.fail(
                say(f"{told} is on another machine, too: {macs}",
                    f"{told} は別のマシンにもあります: {macs}"),
                say("find the machine by its hardware address, and give it another address",
                    "ハードウェアアドレスでマシンを特定し、別のアドレスに変えてください"),
            )  # fmt: skip


def check_owners(site: Site, here: Answers, there: Answers) -> Iterator[Finding]:
    """Whoever answers for a virtual IP is one of the two servers."""
    ours = {each.lower() for node in (here, there) for each in node.around.hardware}
    for host in site.logical_hosts:
        told = f"{host.name} ({host.address})"
        owners = {
            each.lower() for node in (here, there) for each in node.around.owners.get(host.name, ())
        }
        foreign = ", ".join(sorted(owners - ours))
        if foreign and ours:
            yield VIRTUAL.fail(
                say(f"{told} is in use by a machine that is neither {here.node} nor {there.node}: "
                    f"{foreign}",
                    f"{told} を {here.node} でも {there.node} でもないマシンが使用しています: "
                    f"{foreign}"),
                say("find the machine by its hardware address (on the switch, or ip neighbour), "
                    "and give it or the logical host another address",
                    "ハードウェアアドレスでマシンを特定し (スイッチ、ip neighbour)、そのマシンか"
                    "論理ホストを別のアドレスにしてください"),
            )  # fmt: skip
        elif owners and ours:
            yield VIRTUAL.ok(
                say(f"{told} is answered for by the pair alone",
                    f"{told} に応答するのはこの 2 台だけです")
            )  # fmt: skip
