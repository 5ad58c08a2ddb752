"""What the cluster manager is set to, as far as it decides how long a failure lasts."""

from __future__ import annotations

import os
from dataclasses import dataclass

from arkcore.cli.language import say
from arkcore.managers.lifekeeper import find_lifekeeper
from arkcore.managers.pacemaker_tools import PacemakerTools

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arkcore.base.paths import Paths
    from arkcore.managers.lifekeeper import LifeKeeper
    from arkcore.resources.resource import Resource

_DEFAULTS = "/etc/default/LifeKeeper"
#: Seconds between two heartbeats, and how many may be missed, with their defaults. Unconfirmed.
_HEARTBEATS = {"LCMNUMHBEATS": "3", "LCMHBEATTIME": "5"}


@dataclass(frozen=True)
class Checking:
    """How the manager checks. Seconds; `interval` 0: never; None: that cannot be told here."""

    manager: str
    #: Whether it restarts by a remove and a restore of its own, and never calls recover.
    restarts_by_itself: bool
    interval: float | None
    interval_from: str
    #: The most that one check may take; `run_from`: "" where a timer of ours says so.
    run: float | None
    run_from: str
    #: What is known of its detection of a dead node.
    of_node_death: tuple[str, ...]


def checking_of_lifekeeper(paths: Paths, resource: Resource) -> Checking:
    """LifeKeeper, by its defaults file."""
    lifekeeper = find_lifekeeper(os.environ, paths.prefix)
    interval = lifekeeper.check_interval
    where = paths.prefix + _DEFAULTS
    if "LKCHECKINTERVAL" not in lifekeeper.settings:
        where = say("LifeKeeper's default", "LifeKeeper の既定値")
    return Checking(
        "LifeKeeper",
        False,
        interval,
        f"LKCHECKINTERVAL {interval:g} ({where})",
        resource.timers["lifekeeper.quickcheck_run"],
        "",
        (_heartbeats(lifekeeper, paths.prefix + _DEFAULTS),),
    )


def _heartbeats(lifekeeper: LifeKeeper, path: str) -> str:
    """When LifeKeeper takes a node for dead: told, and counted nowhere, for it is unconfirmed."""
    found = []
    for key, default in _HEARTBEATS.items():
        where = path if key in lifekeeper.settings else say("default", "既定値")
        found.append(f"{key} {lifekeeper.settings.get(key, default)} ({where})")
    product = " x ".join(found)
    return say(
        f"unconfirmed: LifeKeeper takes a communication path for dead after {product} s, and a "
        f"node when all its paths are; this is in no sum",
        f"未確認: LifeKeeper は {product} 秒で通信経路を停止と判断し、すべての経路が停止すると"
        f"ノードの停止と判断します。どの合計にも含みません",
    )


def checking_of_pacemaker(paths: Paths, resource: Resource) -> Checking:
    """Pacemaker, by the cluster's configuration, as far as it answers."""
    tools = PacemakerTools(paths.prefix)
    interval = tools.monitor_interval(resource.name)
    timeout = tools.timeouts(resource.name).get("monitor")
    if interval is None:
        interval_from = say(
            "not known: the cluster does not tell the interval of its monitor here",
            "不明: クラスターから監視間隔を取得できません",
        )
    else:
        interval_from = say(
            f"interval of the operation monitor, {interval:g} s (the cluster's configuration)",
            f"オペレーション monitor の間隔 {interval:g} 秒 (クラスターの構成)",
        )
    if timeout is None:
        run_from = say(
            "not known: the cluster does not tell the timeout of its monitor here",
            "不明: クラスターから monitor のタイムアウトを取得できません",
        )
    else:
        run_from = say(
            f"timeout of the operation monitor, {timeout:g} s (the cluster's configuration)",
            f"オペレーション monitor のタイムアウト {timeout:g} 秒 (クラスターの構成)",
        )
    death = say(
        "corosync's token timeout, then the fencing (stonith-timeout), decide when Pacemaker "
        "starts elsewhere; neither is read here",
        "他のノードでの開始までの時間は、corosync の token タイムアウトとフェンシング "
        "(stonith-timeout) で決まります。ここではどちらも読みません",
    )
    return Checking("Pacemaker", True, interval, interval_from, timeout, run_from, (death,))
