"""T4-2 #4: where bonding is used, the bond is defined on its interfaces."""

from __future__ import annotations

import re

from arkcore.base.language import say
from arkcore.survey.check import Check

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from arkcore.base.finding import Finding
    from arkcore.survey.machine import Machine
    from arkcore.survey.network import Interfaces
    from arkcore.survey.site import Node

BONDING = Check("T4-2 #4", "bonding is defined on its interfaces", "ボンディングの定義")
_DIRECTORY = "/proc/net/bonding"


def check_bonding(machine: Machine, interfaces: Interfaces, node: Node) -> Iterator[Finding]:
    """The bonds that the site file names, and those that carry one of the node's addresses."""
    there = machine.listed(_DIRECTORY)
    used = [interfaces.holding(address) for _, address in node.lans()]
    carrying = {name for each in used if each for name in (each.name, each.below)}
    # Where it is not known which carry the addresses, all are looked at.
    known = not interfaces.problem
    wanted = [*node.bonds, *(name for name in there if name in carrying or not known)]
    if not wanted:
        yield BONDING.not_applicable(say("no bond is used", "ボンディングは使用されていません"))
    for name in dict.fromkeys(wanted):
        if name in there:
            yield _bond(name, machine.read(f"{_DIRECTORY}/{name}") or "")
        else:
            yield BONDING.fail(
                say(f"{name} is no bond here", f"{name} はボンディングとして定義されていません"),
                say(f"define {name} on its interfaces, or take it out of `bonds` in site.toml",
                    f"{name} を各インターフェースに定義するか、"
                    f"site.toml の bonds から除いてください"),
            )  # fmt: skip


def _bond(name: str, text: str) -> Finding:
    """What the kernel tells of a bond: a block for each of its interfaces."""
    blocks = re.split(r"^Slave Interface:", text, flags=re.MULTILINE)[1:]
    members = {block.split()[0]: _is_up(block) for block in blocks if block.split()}
    down = [member for member, up in members.items() if not up]
    names = ", ".join(members)
    advice = say(
        f"look at /proc/net/bonding/{name}, the cables, and each interface's definition",
        f"/proc/net/bonding/{name}、ケーブル、各インターフェースの定義を確認してください",
    )
    if not members:
        return BONDING.fail(
            say(f"{name} has no interface", f"{name} にインターフェースがありません"), advice
        )
    if down:
        told = ", ".join(down)
        return BONDING.fail(
            say(f"{name}: down: {told}", f"{name}: 停止しているもの: {told}"), advice
        )
    if not _is_watched(text):
        return BONDING.fail(
            say(f"{name} does not watch its links: MII polling is 0, and no ARP polling",
                f"{name} はリンクを監視していません (MII ポーリング 0、ARP ポーリングなし)"),
            say(f"set miimon=100 (or arp_interval with arp_ip_target) in the options of {name}: "
                f"else the bond stays on an interface whose cable is out",
                f"{name} のオプションに miimon=100 (または arp_interval と arp_ip_target) を設定"
                f"してください。なければ、ケーブルが抜けたインターフェースを使い続けます"),
        )  # fmt: skip
    if len(members) == 1:
        return BONDING.fail(
            say(f"{name} has one interface only: {names}",
                f"{name} のインターフェースは {names} の 1 つだけです"),
            advice,
        )  # fmt: skip
    return BONDING.ok(say(f"{name}: {names} are up", f"{name}: {names} は起動しています"))


def _is_watched(text: str) -> bool:
    """Whether the bond notices that a link is down; what an old kernel does not tell is no no."""
    polled = re.search(r"^MII Polling Interval \(ms\):\s*(\d+)", text, re.MULTILINE)
    by_arp = re.search(r"^ARP Polling Interval \(ms\):\s*[1-9]", text, re.MULTILINE)
    return polled is None or polled[1] != "0" or by_arp is not None


def _is_up(block: str) -> bool:
    status = re.search(r"^MII Status:\s*(\w+)", block, re.MULTILINE)
    return status is not None and status[1] == "up"
