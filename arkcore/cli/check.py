"""`ark status --check`: one line and an exit code for a monitoring system (Nagios, Zabbix)."""

from __future__ import annotations

from enum import Enum

from arkcore.base.status import Outcome, Status
from arkcore.base.text import elided, shown
from arkcore.cli.language import say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from arkcore.cli.view import View

#: Characters of what is said of one resource: monitoring systems cut long lines.
_LONGEST = 200


class Level(Enum):
    """A level of the monitoring plugins' guidelines; its value is the exit code."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


#: From the least to the worst: what is known to be bad comes before what nobody knows.
_WORSE = (Level.OK, Level.WARNING, Level.UNKNOWN, Level.CRITICAL)


def level_of(view: View) -> Level:
    """How bad it is. In maintenance nothing is worse than a warning."""
    level = max(_levels(view), key=_WORSE.index)
    return Level.WARNING if view.in_maintenance else level


def _levels(view: View) -> Iterator[Level]:
    yield Level.OK
    failed = view.last.outcome in (Outcome.FAILED, Outcome.INTERNAL)
    if failed or view.restarts or view.undecided or view.at_work or view.blind:
        yield Level.WARNING
    if view.undecided_failed:
        yield Level.CRITICAL
    if view.live is None:
        # While nobody can be asked, no failure is found and nothing fails over.
        yield Level.CRITICAL if view.blind else Level.UNKNOWN
        return
    status = view.live.status
    if status is Status.UNKNOWN:
        yield Level.UNKNOWN
    elif status in (Status.STARTING, Status.STOPPING):
        yield Level.WARNING
    elif view.contradiction() or (status is Status.PARTIAL and view.is_wanted):
        yield Level.CRITICAL if not view.at_work else Level.WARNING
    elif status is Status.PARTIAL:
        yield Level.WARNING


def line_of(views: Sequence[View]) -> tuple[Level, str]:
    """The level of all, and the line: the worst first, then how many there are of each level."""
    levels = {view.name: level_of(view) for view in views}
    worst = max(levels.values(), key=_WORSE.index)
    order = sorted(views, key=lambda view: -_WORSE.index(levels[view.name]))
    told = "; ".join(_told(view, levels[view.name]) for view in order)
    numbers = " ".join(
        f"{level.name.lower()}={list(levels.values()).count(level)}" for level in Level
    )
    return worst, f"{_head(worst)}{told} | {numbers}"


def nothing_known(why: str) -> str:
    """The line where no resource can be looked at."""
    return f"{_head(Level.UNKNOWN)}{_plain(why)}"


def _head(level: Level) -> str:
    return f"ARK {level.name} - "


def _told(view: View, level: Level) -> str:
    if view.live is not None:
        status = view.live.status.value
    elif view.error:
        status = say(f"unusable: {view.error}", f"使用不可: {view.error}")
    else:
        status = say("not asked", "未確認")
    if level is Level.OK:
        return f"{view.name} {status}"
    remarks = ", ".join(remark.plain for remark in view.remarks(of_boxes=False))
    return _plain(f"{view.name} {status}{': ' if remarks else ''}{remarks}")


def _plain(text: str) -> str:
    """One line, without the sign that begins the numbers."""
    return elided(shown(text).replace("|", "/"), _LONGEST)
