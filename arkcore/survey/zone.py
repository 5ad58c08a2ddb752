"""The time zone of a server, and that both have the same: jobs run by local time."""

from __future__ import annotations

import hashlib

from arkcore.base.language import say
from arkcore.survey.answers import ZoneAnswer
from arkcore.survey.check import Check

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from arkcore.base.finding import Finding
    from arkcore.survey.answers import Answers
    from arkcore.survey.machine import Machine

ZONE = Check("time zone", "time zone", "タイムゾーン")
SAME_ZONE = Check("pair 6", "same time zone on both servers", "タイムゾーンの一致")
_FILE = "/etc/localtime"


def zone_of(machine: Machine) -> ZoneAnswer:
    """By the name that /etc/localtime leads to, and by its rules. Without the file it is UTC."""
    target = machine.target(_FILE)
    _, found, name = (target or "").partition("zoneinfo/")
    text = machine.read(_FILE)
    if text is None:
        return ZoneAnswer("UTC", "", missing=target or "")
    return ZoneAnswer(name if found else "", hashlib.sha256(text.encode()).hexdigest()[:16])


def check_zone(zone: ZoneAnswer) -> Iterator[Finding]:
    if zone.missing:
        yield ZONE.fail(
            say(f"{_FILE} leads to {zone.missing}, which cannot be read: the time is UTC",
                f"{_FILE} の指す {zone.missing} を読めないため、UTC になります"),
            say("install tzdata, or set the zone: timedatectl set-timezone ZONE",
                "tzdata をインストールするか、timedatectl set-timezone で設定してください"),
        )  # fmt: skip
    else:
        yield ZONE.ok(_told(zone))


def check_same_zone(here: Answers, there: Answers) -> Finding:
    mine, theirs = here.around.zone, there.around.zone
    told = f"{here.node} {_told(mine)}, {there.node} {_told(theirs)}"
    # One zone has several names, and its rules change with the release of tzdata.
    if mine.rules == theirs.rules or (mine.name and mine.name == theirs.name):
        return SAME_ZONE.ok(told)
    return SAME_ZONE.fail(
        told,
        say("set the same zone on both, or jobs run at other hours after a failover: "
            "timedatectl set-timezone ZONE",
            "フェイルオーバー後にジョブの実行時刻がずれるため、両サーバーを同じにしてください: "
            "timedatectl set-timezone ゾーン名"),
    )  # fmt: skip


def _told(zone: ZoneAnswer) -> str:
    return zone.name or say(f"a zone without a name ({zone.rules})", f"名前なし ({zone.rules})")
