"""One resource as it is seen: its status now, and all that is remembered of it, in words."""

from __future__ import annotations

import os
import time

from arkcore.base.errors import ArkError
from arkcore.base.status import Outcome, Status, StatusReport
from arkcore.base.text import shown
from arkcore.cli.console import duration, iso, moment
from arkcore.cli.language import say
from arkcore.cli.resources import usable, where_of
from arkcore.cli.styled import Text
from arkcore.context.start_group import Unavailable, available, living
from arkcore.machine import blackbox
from arkcore.memory.attempts import Attempt
from arkcore.memory.files import boottime
from arkcore.memory.intent import Wanted
from arkcore.memory.lock import Holder, holder_of
from arkcore.memory.maintenance import Maintenance
from arkcore.memory.state import State
from arkcore.memory.undecided import UndecidedClock
from arkcore.resources import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from arkcore.base.paths import Paths
    from arkcore.managers.base import Cluster
    from arkcore.resources.resource import Resource

#: At most so many processes that are gone are named.
_GONE = 8
#: How maintenance is shown.
LOUD = "bold black on yellow"


class View:
    """One resource as it is seen: its status now, and all that is remembered."""

    def __init__(self, paths: Paths, name: str, cluster: Cluster) -> None:
        self.name = name
        self.error = ""
        self.resource: Resource | None = None
        try:
            self.resource = usable(paths, name)
        except ArkError as error:
            self.error = str(error)
            if not self.error.startswith(("/", f"{name} (")):
                self.error = f"{where_of(paths, name)}: {self.error}"
        #: What there is to name it by: its file, or the last one that was good.
        self.known = self.resource or record.last_known_good(paths, name)
        self.state = State(paths, name)
        self.live: StatusReport | None = None
        #: The processes that are gone since it last ran: pid and name.
        self.gone: list[tuple[int, str]] = []
        self.last = self.state.verdict.read()
        self.wanted = self.state.intent.wanted
        self.blind = self.state.blindness.read()
        self.maintenance = Maintenance(paths, name)
        self._maintained = self.maintenance.current()
        self.in_maintenance = self._maintained is not None
        self.at_work = holder_of(self.state.directory)
        self.in_service = cluster.in_service(name)
        self.boxes_readable = os.access(paths.blackboxes, os.R_OK) or not os.path.exists(
            paths.blackboxes
        )
        self.boxes = blackbox.boxes(paths.blackboxes, name)
        self.group = self.state.group.read().path
        #: Why starts have no cgroup here; "" where they have one, or somebody else is to know.
        self.no_group = ""
        if os.geteuid() == 0 or paths.prefix:
            try:
                available()
            except Unavailable as reason:
                self.no_group = str(reason)
        self.undecided, self.undecided_failed, self.undecided_timer = 0.0, False, 0.0
        self.restarts, self.restart_limit, self.window = 0, 0, 0.0
        if self.resource is not None:
            timers = self.resource.timers
            self.undecided_timer = timers["quickcheck.process"]
            gap = UndecidedClock.gap_for(cluster.check_interval)
            clock = self.state.undecided_clock(self.undecided_timer, gap)
            self.undecided = clock.elapsed()
            self.undecided_failed = self.undecided > 0 and clock.has_failed()
            self.window = timers["recover.window"]
            self.restart_limit = int(timers["recover.attempts"])
            self.restarts = self.state.attempts.count(Attempt.RESTART, self.window)

    def take(self, live: StatusReport | str | None) -> None:
        if isinstance(live, str):
            self.error = live if live.startswith("/") else f"{self.name}: {live}"
        else:
            self.live = live
        if self.live is not None and self.live.status is Status.PARTIAL:
            self.gone = self.state.processes.gone()

    @property
    def since(self) -> float | None:
        """Since when it has the status it has now, as far as the last verdicts know."""
        if self.live is None or self.last.status is not self.live.status:
            return None
        return self.last.since

    @property
    def plugin(self) -> str:
        return self.known.plugin.name if self.known else ""

    @property
    def logical_host(self) -> str:
        return self.known.logical_host if self.known else ""

    def facts(self) -> dict[str, Any]:
        last = self.last
        return {
            "resource": self.name,
            "plugin": self.plugin or None,
            "plugin_version": self.known.plugin.version if self.known else None,
            "logical_host": self.logical_host or None,
            "error": self.error or None,
            "status": self.live.status.value if self.live else None,
            "detail": self.live.detail if self.live else None,
            "gone": [{"pid": pid, "name": name} for pid, name in self.gone],
            "since": iso(self.since),
            "last_verdict": {
                "action": last.action,
                "outcome": last.outcome.value if last.outcome else None,
                "status": last.status.value if last.status else None,
                "reason": last.reason,
                "at": iso(last.at),
            }
            if last.action
            else None,
            "wanted": self.wanted.value or None,
            "in_service": self.in_service,
            "undecided": {
                "seconds": round(self.undecided, 1),
                "timer": self.undecided_timer,
                "failed": self.undecided_failed,
            }
            if self.undecided
            else None,
            "restarts": {
                "count": self.restarts,
                "limit": self.restart_limit,
                "window": self.window,
            },
            "maintenance": {
                "since": iso(self._maintained.since),
                "until": iso(self._maintained.until),
                "reason": self._maintained.reason,
            }
            if self._maintained
            else None,
            "blind": {"since": iso(self.blind.since), "reason": self.blind.reason}
            if self.blind
            else None,
            "black_boxes": self.boxes if self.boxes_readable else None,
            "cgroup": {
                "path": self.group or None,
                "processes": len(living(self.state)) if self.group else None,
                "none_because": self.no_group or None,
            },
            "at_work": {
                "action": self.at_work.action,
                "pid": self.at_work.process.pid,
                "seconds": round(boottime() - self.at_work.since, 1),
            }
            if self.at_work
            else None,
        }

    # In words.

    def status_text(self) -> Text:
        if self.live is None and self.error:
            return Text(say("unusable", "使用不可"), "bold red")
        if self.live is None:
            return Text(say("not asked", "未確認"), "dim")
        status = self.live.status
        style = {
            Status.RUNNING: "bold green",
            Status.STARTING: "yellow",
            Status.STOPPING: "yellow",
            Status.UNKNOWN: "bold yellow",
            Status.PARTIAL: "bold red",
            Status.STOPPED: "bold red" if self.is_wanted else "dim",
        }[status]
        return Text(status.value, style)

    @property
    def is_wanted(self) -> bool:
        """Whether it is to run here, by what the cluster manager says or last said."""
        return self.wanted is Wanted.UP if self.in_service is None else self.in_service

    def last_text(self) -> str:
        last = self.last
        told = _told(last.outcome) if last.outcome else ""
        return f"{last.action} {told}, {moment(last.at)}" if last.action else ""

    def last_in_full(self) -> str:
        reason = self.last.reason
        return f"{self.last_text()}: {reason}" if reason else self.last_text()

    def at_work_text(self, at_work: Holder) -> str:
        spent = duration(boottime() - at_work.since)
        return say(
            f"{at_work.action} is at work for {spent} (pid {at_work.process.pid})",
            f"{at_work.action} を実行中 (経過 {spent}、pid {at_work.process.pid})",
        )

    def undecided_text(self) -> str:
        since = moment(time.time() - self.undecided)
        spent, timer = duration(self.undecided), duration(self.undecided_timer)
        return say(
            f"undecided since {since}: for {spent} of {timer}",
            f"{since} から状態を判定できません (上限 {timer}、経過 {spent})",
        )

    def restarts_text(self) -> str:
        window = duration(self.window)
        return say(
            f"{self.restarts} of {self.restart_limit} restarts used in the last {window}",
            f"再起動 {self.restarts} 回 (直近 {window}、上限 {self.restart_limit} 回)",
        )

    def blind_text(self) -> str:
        """Since when nobody can be asked, and why; "" where somebody can be."""
        if self.blind is None:
            return ""
        since, reason = moment(self.blind.since), self.blind.reason
        return say(f"BLIND since {since}: {reason}", f"{since} から監視不能 (BLIND): {reason}")

    def maintenance_text(self) -> str:
        """Loud: whoever looks must not believe that a failure would be acted upon; "" without."""
        if self._maintained is None:
            return ""
        since, until = moment(self._maintained.since), self._maintained.until
        english = f"until {moment(until)}" if until else "until it is switched off"
        japanese = f"{moment(until)} まで" if until else "解除するまで"
        why = f" ({self._maintained.reason})" if self._maintained.reason else ""
        return say(
            f"MAINTENANCE since {since}, {english}{why}: failures are NOT acted upon",
            f"保守中 ({since} から {japanese}){why}: 障害が起きても対処しません",
        )

    def no_group_text(self) -> str:
        return say(
            f"none: {self.no_group}; whose a process is, the other records tell",
            f"なし ({self.no_group})。プロセスの所属は、ほかの記録から判断します",
        )

    def boxes_text(self) -> str:
        number, newest = len(self.boxes), self.boxes[-1]
        plural = "es" if number > 1 else ""
        return say(
            f"{number} black box{plural}, the newest {newest}",
            f"ブラックボックス {number} 件、最新 {newest}",
        )

    def gone_text(self) -> str:
        told = ", ".join(f"{shown(name)} (pid {pid})" for pid, name in self.gone[:_GONE])
        more = f", … ({len(self.gone)})" if len(self.gone) > _GONE else ""
        return say(f"gone since it last ran: {told}{more}",
                   f"最後の稼働確認後になくなったプロセス: {told}{more}")  # fmt: skip

    def contradiction(self) -> str:
        """Where what runs is not what the cluster manager wants."""
        if self.live is None or self.at_work:
            return ""
        running = self.live.status is Status.RUNNING
        if running and (self.in_service is False or self.wanted is Wanted.DOWN):
            return say(
                "runs here, although the cluster manager does not want it here",
                "クラスターマネージャーが停止を求めていますが、このノードで稼働しています",
            )
        if self.live.status is Status.STOPPED and self.is_wanted:
            return say(
                "does not run here, although the cluster manager wants it here",
                "クラスターマネージャーが稼働を求めていますが、このノードで停止しています",
            )
        return ""

    def remarks(self, *, of_boxes: bool = True) -> list[Text]:
        """What is out of the ordinary; nothing for a resource that is simply well.

        `of_boxes`: also which black boxes there are.
        """
        found = []
        if self.blind:
            found.append(Text(self.blind_text(), "bold red"))
        if self.in_maintenance:
            found.append(Text(self.maintenance_text(), LOUD))
        if self.at_work:
            found.append(Text(self.at_work_text(self.at_work), "cyan"))
        if self.contradiction():
            found.append(Text(self.contradiction(), "bold yellow"))
        if self.live and self.live.detail and self.live.status is not Status.RUNNING:
            found.append(Text(self.live.detail, "yellow"))
        if self.gone:
            found.append(Text(self.gone_text(), "yellow"))
        if self.undecided and not self.at_work:
            found.append(Text(self.undecided_text(), "yellow"))
        if self.last.outcome in (Outcome.FAILED, Outcome.INTERNAL):
            found.append(Text(self.last_in_full(), "red"))
        if self.restarts:
            found.append(Text(self.restarts_text(), "yellow"))
        if self.boxes and of_boxes:
            found.append(Text(self.boxes_text(), "dim"))
        return found


def _told(outcome: Outcome) -> str:
    return {
        Outcome.WELL: say("well", "正常"),
        Outcome.FAILED: say("failed", "失敗"),
        Outcome.UNDECIDED: say("undecided", "判定不能"),
        Outcome.SKIPPED: say("skipped", "スキップ"),
        Outcome.INTERNAL: say("internal", "内部エラー"),
    }[outcome]
