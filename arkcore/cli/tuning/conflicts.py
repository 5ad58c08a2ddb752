"""Timers that cannot work together: with each other, with the manager, with what was measured."""

from __future__ import annotations

from dataclasses import dataclass

from arkcore.cli.console import duration
from arkcore.cli.language import say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from arkcore.cli.tuning.measured import History
    from arkcore.resources.timers import Timers

#: LifeKeeper ends a quickCheck of a generic application after so many seconds.
QUICKCHECK_LIMIT = 22.0


@dataclass(frozen=True)
class Member:
    """One resource of a hierarchy, for the sum of their removes."""

    name: str
    timers: Timers

    @property
    def remove(self) -> float:
        return self.timers["remove.process"] + self.timers["remove.cleanup"]


@dataclass(frozen=True)
class Manager:
    """What LifeKeeper is set to here. Seconds."""

    check_interval: float
    remote_timeout: float


@dataclass(frozen=True)
class Conflict:
    """One warning: the timers it is about, what is wrong and what to do."""

    keys: tuple[str, ...]
    text: str


def conflicts(
    timers: Timers, hierarchy: Sequence[Member], manager: Manager, history: History
) -> list[Conflict]:
    """Every conflict of one resource under LifeKeeper; none for values that work together.

    `hierarchy`: the resource and those it is switched over with.
    """
    found = [
        _removes(hierarchy, manager),
        _run_too_long(timers),
        _never_confirmed(timers),
        reserve_conflict(timers),
        _seen_once(timers, manager),
        _total(timers, history),
        _window(timers, manager, history),
    ]
    return [each for each in found if each is not None]


def _removes(hierarchy: Sequence[Member], manager: Manager) -> Conflict | None:
    total = sum(member.remove for member in hierarchy)
    if total <= manager.remote_timeout:
        return None
    parts = " + ".join(f"{member.name} {member.remove:g}" for member in hierarchy)
    limit = f"{manager.remote_timeout:g}"
    return Conflict(
        ("remove.process", "remove.cleanup"),
        say(
            f"the removes of the hierarchy may take {total:g} s ({parts}), LifeKeeper's "
            f"REMOTETIMEOUT is {limit} s: shorten remove.process, or lengthen REMOTETIMEOUT in "
            f"/etc/default/LifeKeeper",
            f"階層全体の remove が {total:g} 秒 ({parts}) になり得ますが、LifeKeeper の "
            f"REMOTETIMEOUT は {limit} 秒です。remove.process を短くするか、"
            f"/etc/default/LifeKeeper の REMOTETIMEOUT を長くしてください",
        ),
    )


def _run_too_long(timers: Timers) -> Conflict | None:
    run = timers["lifekeeper.quickcheck_run"]
    if run < QUICKCHECK_LIMIT:
        return None
    return Conflict(
        ("lifekeeper.quickcheck_run",),
        say(
            f"a quickCheck run of {run:g} s never comes to its end: LifeKeeper kills it after "
            f"{QUICKCHECK_LIMIT:g} s; set at most 20",
            f"{run:g} 秒の quickCheck は終わる前に LifeKeeper が {QUICKCHECK_LIMIT:g} 秒で"
            f"打ち切ります。20 以下にしてください",
        ),
    )


def _never_confirmed(timers: Timers) -> Conflict | None:
    run, confirm = timers["lifekeeper.quickcheck_run"], timers["quickcheck.confirm"]
    # As actions/quick_check.py divides a run: a part for ending, a part for excuses.
    asking = run - min(timers["quickcheck.cleanup"], run / 6) - run / 9
    if confirm < asking:
        return None
    return Conflict(
        ("quickcheck.confirm", "lifekeeper.quickcheck_run"),
        say(
            f"a failure is confirmed after {confirm:g} s, but one run has {asking:.0f} s for "
            f"asking: it never is, and is found by quickcheck.process only; shorten "
            f"quickcheck.confirm",
            f"異常の再確認は {confirm:g} 秒後ですが、1 回の監視で確認に使えるのは {asking:.0f} 秒"
            f"です。確定できず、quickcheck.process まで検知されません。quickcheck.confirm を"
            f"短くしてください",
        ),
    )


def reserve_conflict(timers: Timers) -> Conflict | None:
    """Where the forced stop does not get what it is to be left."""
    reserve, process = timers["remove.force_reserve"], timers["remove.process"]
    if reserve <= process / 2:
        return None
    return Conflict(
        ("remove.force_reserve", "remove.process"),
        say(
            f"remove.force_reserve {reserve:g} s is more than half of remove.process: only "
            f"{process / 2:g} s are kept; lengthen remove.process",
            f"remove.force_reserve {reserve:g} 秒は remove.process の半分を超えるため、"
            f"{process / 2:g} 秒だけになります。remove.process を長くしてください",
        ),
    )


def _seen_once(timers: Timers, manager: Manager) -> Conflict | None:
    process, interval = timers["quickcheck.process"], manager.check_interval
    if not 0 < process < interval:
        return None
    return Conflict(
        ("quickcheck.process",),
        say(
            f"quickcheck.process {process:g} s is shorter than the check interval "
            f"{interval:g} s: what does not answer twice fails; lengthen it",
            f"quickcheck.process {process:g} 秒は監視間隔 {interval:g} 秒より短く、2 回続けて"
            f"応答がないだけで異常になります。長くしてください",
        ),
    )


def _total(timers: Timers, history: History) -> Conflict | None:
    total = timers["recover.total"]
    if total == float("inf"):
        return None
    whole = history.of("recover.total").worst
    parts = sum(
        history.of(key).worst for key in ("recover.process", "remove.process", "restore.process")
    )
    needed = max(whole, parts)
    if total > needed:
        return None
    return Conflict(
        ("recover.total",),
        say(
            f"recover.total {total:g} s is no more than what a restart has taken "
            f"({duration(needed)}): such a restart is cut off and fails over; lengthen it",
            f"recover.total {total:g} 秒は、実際の再起動 ({duration(needed)}) より長くありません。"
            f"再起動が打ち切られてフェイルオーバーします。長くしてください",
        ),
    )


def _window(timers: Timers, manager: Manager, history: History) -> Conflict | None:
    attempts, window = timers["recover.attempts"], timers["recover.window"]
    restart = history.of("recover.total")
    each = manager.check_interval + (restart.median if restart.count else 0.0)
    if attempts * each < window:
        return None
    return Conflict(
        ("recover.window", "recover.attempts"),
        say(
            f"{attempts:g} restarts, one a check, take {duration(attempts * each)}, and "
            f"recover.window is {duration(window)}: the limit is never reached; lengthen "
            f"recover.window",
            f"再起動 {attempts:g} 回には {duration(attempts * each)}かかりますが、"
            f"recover.window は {duration(window)}です。上限に達しません。"
            f"recover.window を長くしてください",
        ),
    )
