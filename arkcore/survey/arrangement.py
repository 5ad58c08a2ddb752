"""Chapters 2 and 3 of the guide: what the pair may be at all, and what may be protected on it."""

from __future__ import annotations

from arkcore.base.language import say
from arkcore.plugin.application import SupportClass
from arkcore.survey.check import Check
from arkcore.survey.site import DISASTER_RECOVERY, MUTUAL_STANDBY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from arkcore.base.finding import Finding
    from arkcore.survey.site import Site

TOPOLOGY = Check("3", "topology", "クラスター構成")
SUPPORT = Check("2", "support class of the application", "アプリケーションのサポート区分")


def check_topology(site: Site) -> Iterator[Finding]:
    if site.topology == DISASTER_RECOVERY:
        yield TOPOLOGY.fail(
            say("disaster-recovery sites are not supported: the guide covers two servers that "
                "share a LAN and a disk",
                "災害対策サイト構成はサポートされません (対象は LAN とディスクを共有する "
                "2 サーバー構成のみ)"),
            say('protect a pair on one site: topology = "standby" or "mutual-standby"',
                '1 拠点内の 2 台を保護してください: topology = "standby" または "mutual-standby"'),
        )  # fmt: skip
    else:
        yield TOPOLOGY.ok(site.topology)


def check_support(
    site: Site, resource: str, title: str, support: str, topologies: Collection[str]
) -> Finding:
    """`support` and `topologies`: what the application's plugin declares, by their values."""
    told = f"{resource}: {title}: ({support})"
    if support in (SupportClass.UNPROTECTED.value, SupportClass.UNSUPPORTED.value):
        return SUPPORT.fail(
            say(f"{told}: its vendor does not support protecting it in a cluster",
                f"{told}: 製造元がクラスターでの保護をサポートしていません"),
            say("take the resource out of site.toml; only (a) active/active and (b) active/standby "
                "can be protected",
                "site.toml から除いてください。保護できるのは (a) active/active と "
                "(b) active/standby だけです"),
        )  # fmt: skip
    alone = support == SupportClass.ACTIVE_STANDBY.value or MUTUAL_STANDBY not in topologies
    if site.topology == MUTUAL_STANDBY and alone and _active_on_both(site, resource):
        return SUPPORT.fail(
            say(f"{told}: must not run on both servers at once, as mutual standby has it",
                f"{told}: 相互スタンバイのように両サーバーで同時に動かすことはできません"),
            say("protect it in a standby pair, or for logical hosts of one server only",
                "スタンバイ構成にするか、片方のサーバーの論理ホストだけで使ってください"),
        )  # fmt: skip
    return SUPPORT.ok(told)


def _active_on_both(site: Site, resource: str) -> bool:
    """Whether the plugin of `resource` is used for logical hosts of both servers."""
    plugin = next(
        host.resources[resource] for host in site.logical_hosts if resource in host.resources
    )
    return len({h.active for h in site.logical_hosts if plugin in h.resources.values()}) > 1
