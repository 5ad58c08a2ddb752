"""LifeKeeper monitors at all, and at the same interval on both servers."""

from __future__ import annotations

from arkcore.base.language import say
from arkcore.survey.check import Check
from arkcore.survey.site import LIFEKEEPER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from arkcore.base.finding import Finding
    from arkcore.survey.answers import Answers
    from arkcore.survey.site import Site

MONITORING = Check("monitoring", "LifeKeeper monitors the resources", "LifeKeeper による監視")
_FILE = "/etc/default/LifeKeeper"


def check_monitoring(site: Site, interval: float | None) -> Finding:
    """`interval`: seconds, of LKCHECKINTERVAL; None where LifeKeeper is not installed."""
    if site.manager != LIFEKEEPER:
        return MONITORING.not_applicable(site.manager)
    if interval is None:
        return MONITORING.not_applicable(
            say("LifeKeeper is not installed yet", "LifeKeeper は未インストールです")
        )
    if interval <= 0:
        return MONITORING.fail(
            say("LKCHECKINTERVAL is 0: nothing is monitored",
                "LKCHECKINTERVAL が 0 のため、監視されません"),
            say(f"set it in {_FILE} on both servers (120 is its default) and restart the lkcheck "
                f"daemon",
                f"両サーバーの {_FILE} で設定し (既定値は 120)、lkcheck デーモンを再起動して"
                f"ください"),
        )  # fmt: skip
    return MONITORING.ok(say(f"every {interval:g} s", f"{interval:g} 秒間隔"))


def check_intervals(here: Answers, there: Answers) -> Iterator[Finding]:
    mine, theirs = here.around.check_interval, there.around.check_interval
    if mine is not None and theirs is not None and mine != theirs:
        yield MONITORING.warn(
            f"LKCHECKINTERVAL: {here.node} {mine:g} s, {there.node} {theirs:g} s",
            say(f"set the same in {_FILE} on both servers, or the time to detection depends on "
                f"where the resources run",
                f"両サーバーの {_FILE} で同じ値にしてください。検知までの時間が稼働するサーバーに"
                f"よって変わってしまいます"),
        )  # fmt: skip
