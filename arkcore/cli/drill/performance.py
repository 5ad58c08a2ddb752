"""Does one drill: breaks or orders, and watches until all is up or nothing more comes."""

from __future__ import annotations

import time

from arkcore.base.call import Action
from arkcore.base.errors import ArkError
from arkcore.base.stderr import tell_journal
from arkcore.cli.drill.breaking import kill
from arkcore.cli.drill.hearing import Hearing, telling
from arkcore.cli.drill.leg import Leg
from arkcore.cli.drill.manager import Seen
from arkcore.cli.drill.measuring import Measuring
from arkcore.cli.drill.readiness import ours
from arkcore.cli.drill.there import hear_there
from arkcore.cli.language import say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from arkcore.base.paths import Paths
    from arkcore.cli.drill.manager import Drilled, Plan
    from arkcore.cli.drill.outside import Outside
    from arkcore.cli.peer import Peer
    from arkcore.resources.resource import Resource

#: Seconds from one reading of the RAS log to the next, and from one look at the cluster.
_LISTEN, _LOOK = 0.05, 0.5
#: Seconds that nothing may be left to do before a drill is over: well, and badly.
_AT_REST, _GIVEN_UP = 1.0, 5.0
#: Seconds that the client may still be unserved when all is up.
_SERVING = 60.0


class Performance:
    """One drill. `tell` hears what happens, as it does, and when it was.

    `peer`: the other node, whose RAS log is read at the end of a switch.
    """

    def __init__(
        self,
        paths: Paths,
        resource: Resource,
        drilled: Drilled,
        plan: Plan,
        outside: Outside | None,
        tell: Callable[[str, float], None],
        peer: Peer | None = None,
    ) -> None:
        self._peer = peer
        self._paths = paths
        self._resource = resource
        self._drilled = drilled
        self._plan = plan
        self._outside = outside
        self._tell = tell
        self._seen = Seen("", False, False, "")
        self._at_rest: float | None = None
        self._up_since: float | None = None
        self._hearing = Hearing(paths.ras_log, ours(paths, plan.moves))
        self.leg = Leg(plan, time.time())
        self._measuring = Measuring(resource.name, drilled, self._hearing, self.leg)

    def run(self) -> None:
        """To its end; what came of it is `leg`, also when this is interrupted on its way."""
        leg = self.leg
        try:
            # Whoever reads later of a failure or a switch must see that it was meant.
            self._note("begins")
            self._strike()
            reason = self._watch()
            self._hear_there()
            leg.reason = self._with_first_failure(reason) if reason else ""
            leg.passed = not leg.reason
            if leg.passed and not self._plan.kind.switches:
                remark = self._drilled.forget_failure()
                leg.remarks += [remark] if remark else []
        except KeyboardInterrupt:
            leg.reason = say("interrupted", "中断されました")
            raise
        except ArkError as error:
            leg.reason = str(error)
        finally:
            self._conclude()
            self._note("passed" if leg.passed else f"not passed: {leg.reason}")

    def _note(self, what: str) -> None:
        tell_journal("warning", f"{self._resource.name}: drill {self._plan.kind.value} {what}")

    def _strike(self) -> None:
        if not self._plan.kind.switches:
            kill(self._paths, self._resource, self._killed)
            return
        self.leg.struck = time.time()
        self._drilled.order(self._plan)
        for command in self._plan.commands:
            if self._plan.by_person:
                said = say(
                    f"run this on {self._plan.target} now: {command}",
                    f"{self._plan.target} で今実行してください: {command}",
                )
            else:
                said = say(f"ordered: {command}", f"指示: {command}")
            self._tell(said, self.leg.struck)

    def _killed(self, names: str, at: float) -> None:
        self.leg.struck, self.leg.killed = at, names
        self._tell(say(f"killed (SIGKILL): {names}", f"強制終了 (SIGKILL): {names}"), at)

    # Watching.

    def _watch(self) -> str:
        """Why it has failed; "" where it has passed."""
        end = time.monotonic() + self._plan.limit
        following = 0.0
        gaps = 0
        while True:
            for heard in self._hearing.listen():
                if telling(heard.line):
                    self._tell(heard.line.text, heard.at)
            gaps = self._tell_gaps(gaps)
            if time.monotonic() >= following:
                self._look()
                following = time.monotonic() + _LOOK
                if self._is_well():
                    return ""
                reason = self._why_over()
                if reason:
                    return reason
            if time.monotonic() >= end:
                return self._why_late()
            time.sleep(_LISTEN)

    def _hear_there(self) -> None:
        """Read what the other node logged meanwhile: a switch is for the most part done there."""
        if self._peer is None or not self._plan.kind.switches:
            return
        leg, names = self.leg, ours(self._paths, self._plan.moves)
        try:
            leg.there = hear_there(self._peer, names, leg.struck or leg.began, time.time())
        except ArkError as error:
            leg.there_problem = str(error)
        self._measuring.there = leg.there

    def _look(self) -> None:
        asked = time.time()
        seen = self._drilled.look()
        if seen.told != self._seen.told:
            self._tell(seen.told, asked)
        self._seen = seen
        now = time.monotonic()
        self._at_rest = (self._at_rest or now) if seen.settled else None
        there = seen.up and seen.where == self._plan.target and self._was_started()
        if there and self._up_since is None and self._plan.kind.switches:
            self._measuring.in_service = time.time()
        self._up_since = (self._up_since or now) if there else None

    def _was_started(self) -> bool:
        """A switch shows by where it is; what stays where it is, by its own log."""
        if self._plan.kind.switches:
            return True
        return any(script.well and not script.skipped for script in self._measuring.starts())

    def _rests_for(self, seconds: float) -> bool:
        return self._at_rest is not None and time.monotonic() - self._at_rest >= seconds

    def _is_well(self) -> bool:
        if self._up_since is None or not self._rests_for(_AT_REST):
            return False
        return self._outside is None or self._outside.served_since(self._measuring.started_at())

    def _why_over(self) -> str:
        """Why nothing more can come of it; "" while it can."""
        target, seen = self._plan.target, self._seen
        if failed := "; ".join([*map(str, seen.broken), *self._failed_here()]):
            if self._plan.kind.switches:
                return say(
                    f"it is not up on {target}: {failed}",
                    f"{target} で稼働していません: {failed}",
                )
            return say(
                f"it was not recovered on {target}: {failed}",
                f"{target} で回復しませんでした: {failed}",
            )
        if self._up_since is not None:
            late = time.monotonic() - self._up_since > _SERVING and self._outside is not None
            return self._why_unserved() if late else ""
        if not self._rests_for(_GIVEN_UP):
            return ""
        if self._plan.kind.switches:
            return say(
                f"it is not up on {target}, and nothing more is being done: {seen.told}",
                f"{target} で稼働せず、これ以上の処理もありません: {seen.told}",
            )
        badly = any(not script.well for script in self._measuring.starts())
        elsewhere = seen.where not in ("", target)
        stopped = not seen.where and bool(self._hearing.heard)
        if not (badly or elsewhere or stopped or self._drilled.failures()):
            return ""
        return say(
            f"it was not recovered on {target}: {seen.told}",
            f"{target} で回復しませんでした: {seen.told}",
        )

    def _failed_here(self) -> list[str]:
        """The scripts of this node that a switch needs, and that have failed."""
        if not self._plan.kind.switches or self._drilled.has_history:
            return []
        return [
            say(
                f"{script.action.script} of {name} failed on {self._drilled.node}",
                f"{self._drilled.node} で {name} の {script.action.script} が失敗しました",
            )
            for name in self._plan.moves
            for script in self._hearing.scripts(name)
            if script.action is not Action.QUICK_CHECK and not script.well
        ]

    def _why_late(self) -> str:
        limit = f"{self._plan.limit:.0f}"
        if self._up_since is not None:
            return self._why_unserved()
        if not self._measuring.acts():
            return say(
                f"{self._drilled.title} has done nothing about it within {limit} s",
                f"{self._drilled.title} は {limit} 秒以内に何も行いませんでした",
            )
        return say(
            f"it was not up on {self._plan.target} within {limit} s: {self._seen.told}",
            f"{limit} 秒以内に {self._plan.target} で稼働しませんでした: {self._seen.told}",
        )

    def _why_unserved(self) -> str:
        calls = self._outside.calls() if self._outside else ()
        problem = calls[-1].problem if calls else ""
        return say(
            f"it is up on {self._plan.target}, but the client is not served: {problem}",
            f"{self._plan.target} で稼働していますが、クライアントに応答がありません: {problem}",
        )

    def _with_first_failure(self, reason: str) -> str:
        """And where it began."""
        first = self._measuring.first_failures()
        begins = say("it began with", "最初の異常")
        return "; ".join([reason, f"{begins}: {' / '.join(first)}"] if first else [reason])

    def _tell_gaps(self, told: int) -> int:
        """Tell of service lost and back; how much has been told by now."""
        if self._outside is None or self.leg.struck is None:
            return told
        events = []
        for gap in self._outside.gaps(self.leg.struck):
            lost = say(
                f"client: not served: {gap.problem}", f"クライアント: 応答なし: {gap.problem}"
            )
            events.append((lost, gap.lost))
            if gap.back is not None:
                events.append((say("client: served again", "クライアント: 応答再開"), gap.back))
        for text, at in events[told:]:
            self._tell(text, at)
        return max(told, len(events))

    def _conclude(self) -> None:
        leg = self.leg
        self._hearing.listen()
        leg.ended = time.time()
        leg.lines = [each.line.text for each in self._hearing.heard if telling(each.line)]
        leg.operations = self._drilled.operations()
        leg.broken = self._seen.broken
        if leg.struck is not None:
            if self._outside is not None:
                try:
                    leg.gaps = self._outside.gaps(leg.struck)
                except ArkError as error:
                    leg.remarks.append(str(error))
            leg.points = self._measuring.points()
        self._hearing.close()
