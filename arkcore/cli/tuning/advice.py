"""What a timer should be, and why: plain rules over what was measured."""

from __future__ import annotations

import math
from dataclasses import dataclass

from arkcore.cli.console import duration
from arkcore.cli.language import say
from arkcore.ras.occasions import Occasion
from arkcore.resources.timers import BY_KEY, OF_VENDOR

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from arkcore.cli.tuning.measured import History, Measured
    from arkcore.resources.timers import Timers

#: From this part of a timer on, the worst case is too near to it.
NEAR = 0.7
#: So much longer than the worst case a timer should be, and one that is shortened.
_ROOM, _MUCH_ROOM = 2, 3
#: So many times something must have happened before a timer is called too long.
_ENOUGH = 10
#: The timers that may be called too long, down to the vendor's value.
_MAY_BE_SHORTER = ("restore.process", "remove.process")
#: One quickCheck run under LifeKeeper can be given so much: it kills at 22 s.
_LONGEST_RUN = 20.0


@dataclass(frozen=True)
class Advice:
    """`set` is None where the timer may stay as it is."""

    key: str
    set: float | None
    why: str


def advice(measured: Measured, history: History, timers: Timers) -> Advice:
    """What is to be done about one timer.

    No value below the vendor's is ever advised: what a few starts took is no promise of the vendor.
    """
    told = _advice(measured, history, timers)
    if measured.key == "restore.process" and history.starts:
        return Advice(told.key, told.set, f"{told.why} ({occasions(history.starts)})")
    return told


def occasions(starts: Mapping[Occasion, int]) -> str:
    """On what kind of starts a figure stands."""
    names = {
        Occasion.PLANNED: say("{} planned", "計画 {} 回"),
        Occasion.FAILURE: say("{} after a failure", "障害後 {} 回"),
        Occasion.PERSON: say("{} by a person", "手動 {} 回"),
        Occasion.UNKNOWN: say("{} of unknown occasion", "契機不明 {} 回"),
    }
    told = [name.format(starts[each]) for each, name in names.items() if starts.get(each)]
    kinds = say(", ", "、").join(told)
    return say(f"starts: {kinds}", f"開始: {kinds}")


def _advice(measured: Measured, history: History, timers: Timers) -> Advice:
    key, value = measured.key, timers[measured.key]
    if key == "force_stop_wait":
        return _about_wait(measured, value)
    if key == "quickcheck.confirm":
        return _about_confirm(history, value)
    if value == float("inf"):
        return Advice(
            key,
            None,
            say(
                f"none is set; if you set one, at least {duration(_longer(key, measured.worst))}",
                f"上限なし。設定する場合は {duration(_longer(key, measured.worst))}以上",
            ),
        )
    if measured.ran_out:
        times = measured.ran_out
        return _raise(
            measured,
            max(value, measured.worst),
            say(
                f"it was used up {times} time{'s' if times > 1 else ''}",
                f"{times} 回使い切っています",
            ),
            value,
        )
    part = measured.worst / value if value else 0.0
    if part >= NEAR:
        return _raise(
            measured,
            measured.worst,
            say(f"the worst took {part:.0%} of it", f"最大で {part:.0%} を使っています"),
            value,
        )
    if key in _MAY_BE_SHORTER and measured.count >= _ENOUGH:
        enough = max(_rounded(_MUCH_ROOM * measured.worst), _vendors(key))
        if enough <= value / 2:
            if key == "restore.process" and not history.starts[Occasion.FAILURE]:
                return Advice(key, None, _no_failure(part))
            return Advice(
                key,
                _within(key, enough),
                say(
                    f"may be shorter: {_MUCH_ROOM} times the worst; a hang is then noticed "
                    f"{duration(value - enough)} sooner",
                    f"短くできます: 最大の {_MUCH_ROOM} 倍。ハングの検知が "
                    f"{duration(value - enough)}早まります",
                ),
            )
    return Advice(key, None, _may_stay(measured, part))


def _raise(measured: Measured, base: float, why: str, value: float) -> Advice:
    key = measured.key
    wanted = max(_longer(key, base), _vendors(key))
    if key == "lifekeeper.quickcheck_run" and wanted > _LONGEST_RUN:
        too_slow = say(
            "LifeKeeper kills at 22 s, so make the status command quicker",
            "LifeKeeper は 22 秒で打ち切るため、状態確認コマンドを速くしてください",
        )
        better = _LONGEST_RUN if value < _LONGEST_RUN else None
        return Advice(key, better, f"{why}; {too_slow}")
    return Advice(key, wanted, why) if wanted > value else Advice(key, None, why)


def _no_failure(part: float) -> str:
    return say(
        f"the worst took {part:.0%} of it, but no start after a failure was measured, and such a "
        f"one may take longer: do not shorten it",
        f"最大でも {part:.0%} ですが、障害後の開始の実績がなく、より長くかかることがあります。"
        f"短くしないでください",
    )


def _may_stay(measured: Measured, part: float) -> str:
    number = measured.count
    if number < 3:
        return say(
            f"seen {number} time{'s' if number > 1 else ''} only: no advice yet",
            f"{number} 回だけのため、まだ判断できません",
        )
    return say(f"the worst took {part:.0%} of it", f"最大でも {part:.0%}")


def _about_wait(measured: Measured, value: float) -> Advice:
    if measured.worst > value + 2:
        return Advice(
            measured.key,
            None,
            say(
                f"forced stops went on in the background for up to {duration(measured.worst)}; "
                f"that is awaited in any case",
                f"強制停止がバックグラウンドで最長 {duration(measured.worst)}続きました "
                f"(終わるまで待ちます)",
            ),
        )
    return Advice(measured.key, None, say("it is a wait, not a limit", "上限ではなく待ち時間です"))


def _about_confirm(history: History, value: float) -> Advice:
    number = history.false_alarms
    if number < 2:
        return Advice("quickcheck.confirm", None, say("no reason to change it", "変更不要"))
    return Advice(
        "quickcheck.confirm",
        _within("quickcheck.confirm", max(3.0, 2 * value)),
        say(
            f"{number} recovers found it well after all: the answer had been a passing one",
            f"recover が {number} 回、正常と確認しています (一時的な異常の応答でした)",
        ),
    )


def _vendors(key: str) -> float:
    """The vendor's value of a timer, below which none is advised; 0 where the vendor has none."""
    return (BY_KEY[key].default or 0.0) if key in OF_VENDOR else 0.0


def _longer(key: str, base: float) -> float:
    return _within(key, _rounded(_ROOM * base))


def _rounded(seconds: float) -> float:
    """Up to a number that a person would write."""
    for limit, unit in ((20, 1), (60, 5), (300, 10)):
        if seconds <= limit:
            return math.ceil(seconds / unit) * float(unit)
    return math.ceil(seconds / 30) * 30.0


def _within(key: str, seconds: float) -> float:
    timer = BY_KEY[key]
    return min(max(seconds, timer.minimum), timer.maximum)
