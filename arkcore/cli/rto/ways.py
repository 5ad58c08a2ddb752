"""The ways back into service: a local recovery, a failover, and a failover as a node dies."""

from __future__ import annotations

from dataclasses import dataclass

from arkcore.cli.language import say
from arkcore.cli.rto.estimate import NEVER, Part, Way, never_measured, no_timer, of_samples
from arkcore.cli.rto.unbounded import always, client, constraints, files, start_that_fails
from arkcore.cli.worst_times import recover_sums

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from arkcore.cli.rto.measured import Measured
    from arkcore.cli.rto.settings import Checking
    from arkcore.cli.timer_rows import Row
    from arkcore.resources.timers import Timers


@dataclass(frozen=True)
class Member:
    """One resource of the hierarchy. `timeouts`: what Pacemaker gives its operations, if known."""

    name: str
    timers: Timers
    #: Where the value of each timer is set, by timer.
    rows: dict[str, Row]
    file: str
    timeouts: dict[str, float]

    def told(self, *keys: str) -> str:
        """Timers with their values, and where these are set."""
        return " + ".join(f"{key} {self._value(key)}" for key in keys)

    def _value(self, key: str) -> str:
        row = self.rows[key]
        where = {
            "file": self.file,
            "plugin": say("plugin", "プラグイン"),
            "cluster": say("cluster", "クラスター"),
        }.get(row.source, say("default", "既定値"))
        value = say("none", "なし") if row.value is None else f"{row.value:g}"
        return f"{value} ({where})"


@dataclass(frozen=True)
class Hierarchy:
    """What is switched over together, lowest first; and what a restart of one takes along."""

    own: Member
    members: Sequence[Member]
    #: Those that require it, farthest first.
    above: Sequence[Member]
    checking: Checking
    measured: Measured

    @property
    def manager(self) -> str:
        return self.checking.manager


def ways(hierarchy: Hierarchy) -> tuple[Way, ...]:
    """All of them."""
    pacemaker = hierarchy.checking.restarts_by_itself
    local = _restart_by_pacemaker(hierarchy) if pacemaker else _recover(hierarchy)
    return local, _failover(hierarchy), _node_dies(hierarchy)


# The ways.


def _recover(hierarchy: Hierarchy) -> Way:
    own, measured = hierarchy.own, hierarchy.measured
    restart, _ = recover_sums(own.timers, [each.timers for each in hierarchy.above])
    attempts, window = own.timers["recover.attempts"], own.timers["recover.window"]
    parts = [*_detection(hierarchy), _reaction(hierarchy)]
    parts.append(
        of_samples(
            "recover",
            say("recover: stop and start here", "recover: このノードでの停止と開始"),
            measured.recovered,
            restart.seconds,
            _of_recover(hierarchy, restart.told),
        )
    )
    whole = sum(part.worst or 0.0 for part in parts)
    notes = []
    if attempts and whole < NEVER:
        notes.append(
            say(
                f"recover.attempts {attempts:g} in recover.window {window:g} s: an application "
                f"that fails again and again is restarted so often, and is then failed over; by "
                f"the timers at most {attempts:g} x {whole:g} = {attempts * whole:g} s without "
                f"service before that failover",
                f"recover.window {window:g} 秒に recover.attempts {attempts:g} 回: 障害を繰り返す"
                f"アプリケーションはこの回数だけ再起動し、その後フェイルオーバーします。その前の停止"
                f"時間はタイマー上で最大 {attempts:g} x {whole:g} = {attempts * whole:g} 秒です",
            )
        )
    if not attempts:
        notes.append(
            say(
                "recover.attempts is 0: nothing is restarted here, every failure fails over",
                "recover.attempts が 0 のため、このノードでは再起動せず、障害時は必ずフェイル"
                "オーバーします",
            )
        )
    return Way(
        "local_recovery",
        say("Local recovery", "ローカルリカバリ"),
        tuple(parts),
        *_no_answer(hierarchy),
        (*always(hierarchy.checking), client()),
        tuple(notes),
        say("from the failed check to the end of the recover", "異常検知から recover の終了まで"),
        measured.local,
    )


def _restart_by_pacemaker(hierarchy: Hierarchy) -> Way:
    restarted = [*hierarchy.above, hierarchy.own]
    parts = [
        *_detection(hierarchy),
        _reaction(hierarchy),
        *(_stop(hierarchy, each) for each in restarted),
        *(_start(hierarchy, each) for each in reversed(restarted)),
        _beside(hierarchy, here=True),
    ]
    return Way(
        "local_recovery",
        say("Local recovery", "ローカルリカバリ"),
        tuple(parts),
        *_no_answer(hierarchy),
        (*always(hierarchy.checking), client()),
        (constraints(),),
    )


def _failover(hierarchy: Hierarchy) -> Way:
    own, measured = hierarchy.own, hierarchy.measured
    parts = [*_detection(hierarchy), _reaction(hierarchy)]
    notes = []
    if hierarchy.checking.restarts_by_itself:
        notes += [
            constraints(),
            say(
                "where Pacemaker restarts it here first, and that start fails, the stop and the "
                "start of the local recovery come before these times",
                "先にこのノードでの再起動が失敗した場合は、ローカルリカバリの停止と開始の時間が加わり"
                "ます",
            ),
        ]
    else:
        _, failed = recover_sums(own.timers, [each.timers for each in hierarchy.above])
        parts.append(
            of_samples(
                "failed_recover",
                say("recover that fails", "失敗する recover"),
                measured.not_recovered,
                failed.seconds,
                _of_recover(hierarchy, failed.told),
            )
        )
        notes.append(
            say(
                f"once recover.attempts are used up, the recover takes at most "
                f"{own.told('recover.process')} s",
                f"recover.attempts を使い切った後の recover は、最大 "
                f"{own.told('recover.process')} 秒です",
            )
        )
    parts += [_stop(hierarchy, each) for each in reversed(hierarchy.members)]
    parts += [_start(hierarchy, each) for each in hierarchy.members]
    parts.append(_beside(hierarchy, here=False))
    return Way(
        "failover",
        say("Failover, the node lives", "フェイルオーバー (ノードは稼働中)"),
        tuple(parts),
        *_no_answer(hierarchy),
        (*always(hierarchy.checking), start_that_fails(), client()),
        tuple(notes),
        say(
            "from the failed check, or the first stop, to the last start",
            "異常検知または最初の停止から、最後の開始まで",
        ),
        measured.switches.after_failures(),
    )


def _node_dies(hierarchy: Hierarchy) -> Way:
    manager = hierarchy.manager
    noticed = Part(
        "node_death",
        say(f"{manager} notices that the node is dead", f"{manager} によるノード障害の検知"),
        None,
        None,
        say("not known: no log of ours tells of it", "不明: ログに記録されません"),
        no_timer(),
    )
    beside = Part(
        "between",
        _beside_text(hierarchy),
        None,
        None,
        say(
            "not known: no log of ours tells when the node died",
            "不明: ノードの停止時刻はログに記録されません",
        ),
        no_timer(),
    )
    return Way(
        "node_death",
        say("Failover, the node dies", "フェイルオーバー (ノード障害)"),
        (noticed, *(_start(hierarchy, each) for each in hierarchy.members), beside),
        0.0,
        "",
        (
            say(
                f"{manager}'s own detection of a dead node, and the fencing of that node",
                f"{manager} 自身によるノード障害の検知と、そのノードのフェンシング",
            ),
            files(),
            start_that_fails(),
            client(),
        ),
        tuple(hierarchy.checking.of_node_death),
    )


# Their parts.


def _detection(hierarchy: Hierarchy) -> tuple[Part, Part]:
    """Until the next check begins, and the check that fails."""
    checking, own = hierarchy.checking, hierarchy.own
    interval = checking.interval
    text = say("until the next check begins", "次の監視が始まるまで")
    if interval is None:
        waits = Part("interval", text, None, None, checking.interval_from, checking.interval_from)
    elif interval <= 0:
        never = say("never: nothing is checked", "検知しません: 監視は停止しています")
        told = f"{never}: {checking.interval_from}"
        waits = Part("interval", text, None, NEVER, told, told)
    else:
        half = say(
            f"half of it, for a failure may come at any moment between two checks: "
            f"{checking.interval_from}",
            f"監視間隔の半分 (障害は 2 回の監視の間のどの時点でも起こり得るため): "
            f"{checking.interval_from}",
        )
        waits = Part("interval", text, interval / 2, interval, half, checking.interval_from)
    check = of_samples(
        "check",
        say("the check that fails", "異常と判定する監視"),
        hierarchy.measured.failed_checks,
        checking.run,
        checking.run_from or own.told("lifekeeper.quickcheck_run"),
    )
    return waits, check


def _reaction(hierarchy: Hierarchy) -> Part:
    manager = hierarchy.manager
    return of_samples(
        "reaction",
        say(f"until {manager} acts", f"{manager} が動作するまで"),
        hierarchy.measured.reactions,
        None,
        no_timer(),
    )


def _stop(hierarchy: Hierarchy, member: Member) -> Part:
    worst = member.timers["remove.process"] + member.timers["remove.cleanup"]
    told = member.told("remove.process", "remove.cleanup")
    worst, told = _within(hierarchy, member, "stop", worst, told)
    return of_samples(
        f"remove:{member.name}",
        say(f"remove of {member.name}", f"{member.name} の remove"),
        hierarchy.measured.removes[member.name],
        worst,
        told,
    )


def _start(hierarchy: Hierarchy, member: Member) -> Part:
    worst, told = member.timers["restore.process"], member.told("restore.process")
    worst, told = _within(hierarchy, member, "start", worst, told)
    return of_samples(
        f"restore:{member.name}",
        say(
            f"restore of {member.name}, until its status is RUNNING",
            f"{member.name} の restore (状態が RUNNING になるまで)",
        ),
        hierarchy.measured.restores[member.name],
        worst,
        told,
    )


def _within(
    hierarchy: Hierarchy, member: Member, operation: str, worst: float, told: str
) -> tuple[float, str]:
    """The timers, or what Pacemaker cuts them to."""
    timeout = member.timeouts.get(operation)
    if timeout is None or timeout >= worst:
        return worst, told
    return timeout, say(
        f"timeout of the operation {operation}, {timeout:g} s, which is shorter than {told}",
        f"オペレーション {operation} のタイムアウト {timeout:g} 秒 ({told} より短い)",
    )


def _beside(hierarchy: Hierarchy, *, here: bool) -> Part:
    measured = hierarchy.measured
    unknown = never_measured()
    if not here and len(measured.nodes) < 2:
        unknown = say(
            "not known: the log of the other node is not read (--file NODE=PATH for each node)",
            "不明: 他方のノードのログを読んでいません (各ノードについて --file NODE=PATH)",
        )
    return of_samples(
        "between",
        _beside_text(hierarchy),
        measured.between_here if here else measured.between,
        None,
        no_timer(),
        unknown,
    )


def _beside_text(hierarchy: Hierarchy) -> str:
    manager = hierarchy.manager
    return say(
        f"{manager} between these steps, with file systems and addresses",
        f"各手順の間の {manager} の処理 (ファイルシステム、IP アドレスを含む)",
    )


def _of_recover(hierarchy: Hierarchy, told: str) -> str:
    own = hierarchy.own
    if told == f"recover.total {own.timers['recover.total']:g}":
        return own.told("recover.total")
    keys = ["recover.process", "remove.process", "remove.cleanup", "restore.process"]
    if "recover.cleanup" in told:
        keys.append("recover.cleanup")
    found = own.told(*keys)
    for each in hierarchy.above:
        needed = each.told("remove.process", "remove.cleanup", "restore.process", "restore.cleanup")
        found += f" + {each.name}: {needed}"
    return found


def _no_answer(hierarchy: Hierarchy) -> tuple[float, str]:
    """What is added where the application gives no clear answer."""
    own, interval = hierarchy.own, hierarchy.checking.interval or 0.0
    return own.timers["quickcheck.process"] + interval, say(
        f"{own.told('quickcheck.process')} and one more check interval, {interval:g} s",
        f"{own.told('quickcheck.process')} と、さらに 1 回の監視間隔 {interval:g} 秒",
    )
