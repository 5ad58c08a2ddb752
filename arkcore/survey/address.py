"""T4-4 #1: the virtual IP of each logical host exists before the product is set up for it."""

from __future__ import annotations

from arkcore.base.language import say
from arkcore.survey.check import Check
from arkcore.survey.network import ping
from arkcore.survey.site import LIFEKEEPER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from arkcore.base.finding import Finding
    from arkcore.survey.machine import Machine
    from arkcore.survey.network import Interfaces
    from arkcore.survey.site import Site

VIRTUAL = Check("T4-4 #1", "virtual IP of the logical host", "論理ホストの仮想 IP アドレス")


def addresses_that_answer(machine: Machine, interfaces: Interfaces, site: Site) -> dict[str, str]:
    """Of each logical host whose address is in use: "here" or "elsewhere"."""
    found = {}
    for host in site.logical_hosts:
        if interfaces.holding(host.address):
            found[host.name] = "here"
        elif ping(machine, host.address) is None:
            found[host.name] = "elsewhere"
    return found


def check_virtual_addresses(site: Site, answering: dict[str, str]) -> Iterator[Finding]:
    for host in site.logical_hosts:
        told = f"{host.name} ({host.address})"
        where = answering.get(host.name)
        if where == "here":
            yield VIRTUAL.ok(say(f"{told} is on this server", f"{told} はこのサーバーにあります"))
        elif where:
            yield VIRTUAL.ok(say(f"{told} answers", f"{told} は応答します"))
        else:
            resource = "LifeKeeper" if site.manager == LIFEKEEPER else "Pacemaker"
            yield VIRTUAL.warn(
                say(f"{told} is nowhere yet", f"{told} はまだどこにもありません"),
                say(f"create its IP resource in {resource} before the product is set up for the "
                    f"logical host",
                    f"論理ホストに製品をセットアップする前に {resource} で IP リソースを"
                    f"作成してください"),
            )  # fmt: skip
