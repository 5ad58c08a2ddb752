"""What is going to be done, and that all is ready for it."""

from __future__ import annotations

from arkcore.cli.console import duration
from arkcore.cli.drill import report as reports
from arkcore.cli.drill.breaking import own_processes
from arkcore.cli.drill.manager import Kind
from arkcore.cli.drill.outside import Outside
from arkcore.cli.drill.readiness import refuse_unready, refuse_unready_there
from arkcore.cli.language import say
from arkcore.cli.output import put

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

    from arkcore.base.paths import Paths
    from arkcore.cli.drill.manager import Plan
    from arkcore.cli.drill.report import Run
    from arkcore.cli.peer import Peer


class Rehearsal:
    """Makes the plans, refuses what is not ready, and tells what is going to be done."""

    def __init__(
        self,
        paths: Paths,
        run: Run,
        to: str,
        within: float | None,
        out: TextIO,
        peer: Peer | None = None,
    ) -> None:
        self._peer = peer
        self._paths = paths
        self._run = run
        self._to = to
        self._within = within
        self._out = out

    def ready(self, kind: Kind, to: str) -> Plan:
        """The plan of a drill for which all is ready. `Refused` otherwise."""
        plan = self._run.drilled.plan(kind, to, self._within)
        refuse_unready(self._paths, plan, self._run.drilled.node)
        if self._peer is not None:
            refuse_unready_there(self._peer, plan, self._run.drilled.node)
        return plan

    def announce(self) -> None:
        run = self._run
        told = [f"{run.resource.name} ({run.resource.logical_host}), {run.drilled.title}"]
        source = ""
        for number, kind in enumerate(run.kinds, 1):
            if kind is Kind.FAILBACK and source:
                doing = [say(f"back to {source}, likewise", f"{source} へ、同様に戻す")]
            else:
                plan = self.ready(kind, self._to)
                source = plan.source
                doing = self._doing(plan)
            told.append(f"  {number} {kind.title}: {doing[0]}")
            told += [f"    {line}" for line in doing[1:]]
        if run.service is None:
            told.append(f"  {reports.unverified()}")
        else:
            with Outside(run.service) as outside:
                outside.wait_for_answer()
            seen = reports.verified(run.service)
            told.append(say(f"  verified from outside: {seen}", f"  外部からの確認: {seen}"))
        put("\n".join(told), to=self._out, flush=True)

    def _doing(self, plan: Plan) -> list[str]:
        limit = duration(plan.limit)
        if not plan.kind.switches:
            found = own_processes(self._paths, self._run.resource)
            names = ", ".join(str(each) for each in found)
            doing = say(
                f"kill (SIGKILL) on {plan.source}: {names}",
                f"{plan.source} で強制終了 (SIGKILL): {names}",
            )
        elif plan.by_person:
            doing = say(
                f"from {plan.source} to {plan.target}; to be ordered there by an administrator: "
                f"{'; '.join(plan.commands)}",
                f"{plan.source} から {plan.target} へ。{plan.target} で管理者が実行: "
                f"{'; '.join(plan.commands)}",
            )
        else:
            doing = say(
                f"from {plan.source} to {plan.target}: {'; '.join(plan.commands)}",
                f"{plan.source} から {plan.target} へ: {'; '.join(plan.commands)}",
            )
        moved = " ".join(plan.moves)
        return [
            doing,
            say(f"stopped and started: {moved}", f"停止・開始の対象: {moved}"),
            say(f"waits at most {limit}", f"待ち時間の上限: {limit}"),
        ]
