"""The worst times that follow from the timers: what an operator may have to wait for."""

from __future__ import annotations

from dataclasses import dataclass

from arkcore.cli.language import say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from arkcore.resources.timers import Timers


@dataclass(frozen=True)
class WorstTime:
    """One of them, for an application that is down for certain, and for one that does not answer.

    In seconds; `None`: never, for nobody checks.
    """

    key: str
    text: str
    stopped: float | None
    no_answer: float | None
    explanation: str


@dataclass(frozen=True)
class Sum:
    """Seconds, and how they come about."""

    seconds: float
    told: str

    def __add__(self, other: Sum) -> Sum:
        return Sum(self.seconds + other.seconds, f"{self.told} + {other.told}")


def worst_times(
    timers: Timers, check_interval: float, dependents: Sequence[Timers] = ()
) -> tuple[WorstTime, WorstTime, WorstTime]:
    """To detection, to local recovery, and to the start of a failover.

    `check_interval`: seconds between two quickChecks, 0 for never. `dependents`: the timers of
    those resources that a recover stops before this one and starts after it.
    """
    run = timers["lifekeeper.quickcheck_run"]
    timer = timers["quickcheck.process"]
    monitored = check_interval > 0
    stopped = check_interval + run
    # Undecided counts from the first check that sees it. The check after the timer's end tells;
    # it begins at most one interval after that end.
    no_answer = check_interval + timer + check_interval + run

    restart, failed = recover_sums(timers, dependents)

    def after(detection: float, seconds: float) -> float | None:
        return detection + seconds if monitored else None

    return (
        WorstTime(
            "detection",
            say("to detection", "検知まで"),
            after(stopped, 0),
            after(no_answer, 0),
            _explain_detection(check_interval, run, timer),
        ),
        WorstTime(
            "local_recovery",
            say("to local recovery", "ローカルリカバリ完了まで"),
            after(stopped, restart.seconds),
            after(no_answer, restart.seconds),
            say(f"detection + {restart.told}", f"検知 + {restart.told}"),
        ),
        WorstTime(
            "failover",
            say("to the start of a failover", "フェイルオーバー開始まで"),
            after(stopped, failed.seconds),
            after(no_answer, failed.seconds),
            say(
                f"detection + a restart that fails: {failed.told}. Once recover.attempts are "
                f"used up: detection + recover.process {timers['recover.process']:g}",
                f"検知 + 失敗した再起動: {failed.told}。recover.attempts を使い切った後は "
                f"検知 + recover.process {timers['recover.process']:g}",
            ),
        ),
    )


def recover_sums(timers: Timers, dependents: Sequence[Timers] = ()) -> tuple[Sum, Sum]:
    """The most that a recover may take: one whose restart goes well, and one whose restart fails.

    `dependents`: as for :func:`worst_times`.
    """
    restart = _part("recover.process", timers) + _stop(timers) + _part("restore.process", timers)
    for each in dependents:
        required = _stop(each).seconds + each["restore.process"]
        required += each["restore.cleanup"]
        restart += Sum(required, say(f"a dependent {required:g}", f"依存リソース {required:g}"))
    failed = restart + _part("recover.cleanup", timers)
    total = timers["recover.total"]
    return _capped(restart, total), _capped(failed, total)


def _explain_detection(interval: float, run: float, timer: float) -> str:
    if interval <= 0:
        return say(
            "never: LKCHECKINTERVAL is 0, which switches monitoring off",
            "検知しません: LKCHECKINTERVAL が 0 のため監視は停止しています",
        )
    return say(
        f"down for certain: check interval {interval:g} + one run {run:g}. No clear answer: "
        f"check interval {interval:g} + quickcheck.process {timer:g}, then the next check: "
        f"{interval:g} + {run:g}",
        f"停止が確実な場合: 監視間隔 {interval:g} + 1 回の監視 {run:g}。応答が不明な場合: "
        f"監視間隔 {interval:g} + quickcheck.process {timer:g}、その次の監視まで "
        f"{interval:g} + {run:g}",
    )


def _part(key: str, timers: Timers) -> Sum:
    return Sum(timers[key], f"{key} {timers[key]:g}")


def _stop(timers: Timers) -> Sum:
    return _part("remove.process", timers) + _part("remove.cleanup", timers)


def _capped(sum_: Sum, total: float) -> Sum:
    if sum_.seconds <= total:
        return sum_
    return Sum(total, say(f"recover.total {total:g}", f"recover.total {total:g}"))
