"""Every timer, its default, its range and what it governs. The one table of them.

The eight defaults in the columns *process* and *cleanup* are the vendor guide's (JP1 cluster
configuration guide, 3rd edition, table 5-1: 処理待ち時間 and 後処理の待ち時間).
"""

from __future__ import annotations

from arkcore.base import budget
from arkcore.base.errors import ConfigurationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


class Timer:
    """One row of the table. Seconds, unless `unit` says otherwise."""

    __slots__ = ("default", "key", "maximum", "minimum", "text", "text_ja", "unit")

    def __init__(
        self,
        key: str,
        default: float | None,
        minimum: float,
        maximum: float,
        text: str,
        text_ja: str,
        unit: str = "s",
    ) -> None:
        self.key = key
        self.default = default
        self.minimum = minimum
        self.maximum = maximum
        self.text = text
        self.text_ja = text_ja
        self.unit = unit

    @property
    def allowed(self) -> str:
        kind = "a whole number" if self.unit == "times" else "seconds"
        none = ', or "none"' if self.default is None else ""
        return f"{kind} from {self.minimum:g} to {self.maximum:g}{none}"


_DAY = 86400.0

# fmt: off
TIMERS: tuple[Timer, ...] = (
    Timer(
        "restore.process", 480, 1, _DAY,
        "from the first question to RUNNING confirmed",
        "最初の状態確認から RUNNING の確認まで",
    ),
    Timer(
        "restore.cleanup", 90, 0, _DAY,
        "forced stop and its check after a failed start",
        "開始失敗後の強制停止とその確認",
    ),
    Timer(
        "restore.confirm", 60, 0, _DAY,
        "how long a restore asks again when the status is UNKNOWN but processes live",
        "状態が UNKNOWN でプロセスが存在するとき、再確認を続ける時間",
    ),
    Timer(
        "force_stop_wait", 10, 0, 3600,
        "after a forced stop here that may go on unseen: no start before this has passed",
        "このノードで、まだ続いている可能性のある強制停止の後、次の開始を始めるまでの待ち時間",
    ),
    Timer(
        "remove.process", 120, 1, _DAY,
        "stop, and from remove.force_reserve before its end the forced stop",
        "停止。満了の remove.force_reserve 前に強制停止へ移る",
    ),
    Timer(
        "remove.cleanup", 5, 0, _DAY,
        "the rest of the forced stop, and the kill of what is left",
        "強制停止の残りと、残存プロセスの強制終了",
    ),
    Timer(
        "remove.force_reserve", 30, 0, _DAY,
        "what is kept of remove.process for the forced stop (at most half of it)",
        "remove.process のうち強制停止のために残す時間（最大で半分）",
    ),
    Timer(
        "quickcheck.process", 480, 1, _DAY,
        "how long the status may stay undecided, over as many runs as that takes",
        "状態を判定できないまま待つ時間（複数回の監視にまたがる）",
    ),
    Timer(
        "quickcheck.cleanup", 90, 0, _DAY,
        "ending a hung status command and writing the black box",
        "応答しない状態確認コマンドの終了とブラックボックスの記録",
    ),
    Timer(
        "quickcheck.confirm", 3, 0, 60,
        "a failure counts when the same answer comes again after this",
        "異常と判定する前に、同じ答えを再確認するまでの間隔",
    ),
    Timer(
        "recover.process", 12, 1, _DAY,
        "confirming the failure; stop and start then use the timers of remove and restore",
        "異常の確認。その後の停止と開始は remove と restore のタイマーに従う",
    ),
    Timer(
        "recover.cleanup", 5, 0, _DAY,
        "leaving a clean node when the restart failed",
        "再起動に失敗した後の、このノードの後始末の時間",
    ),
    Timer(
        "recover.attempts", 3, 0, 1000,
        "restarts on this node within recover.window before the cluster fails over",
        "recover.window 内にこのノードで行う再起動の回数。超えるとフェイルオーバー",
        unit="times",
    ),
    Timer(
        "recover.window", 1800, 1, 30 * _DAY,
        "the window in which recover.attempts are counted",
        "recover.attempts を数える期間",
    ),
    Timer(
        "recover.total", None, 1, _DAY,
        "a cap on a whole recover, for those who want a quick failover",
        "recover 全体の上限。早いフェイルオーバーを望む場合に設定",
    ),
    Timer(
        "lifekeeper.quickcheck_run", 18, 2, 3600,
        "one quickCheck run under LifeKeeper ends within this (LifeKeeper kills at 22 s)",
        "LifeKeeper での 1 回の quickCheck の上限（LifeKeeper は 22 秒で打ち切る）",
    ),
)
# fmt: on

BY_KEY: dict[str, Timer] = {timer.key: timer for timer in TIMERS}
#: The timers whose defaults are the vendor guide's.
OF_VENDOR = frozenset(
    f"{script}.{part}"
    for script in ("restore", "remove", "quickcheck", "recover")
    for part in ("process", "cleanup")
)


class Timers:
    """The values that act for one resource."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, float | None]) -> None:
        self._values = {timer.key: timer.default for timer in TIMERS}
        self._values.update(values)

    def __getitem__(self, key: str) -> float:
        value = self._values[key]
        return float("inf") if value is None else value

    def as_mapping(self) -> dict[str, float | None]:
        return dict(self._values)

    def cut(self, action: str, seconds: float) -> Timers:
        """These, with `action`'s process and cleanup shortened to fit into `seconds` together."""
        process, cleanup = self[f"{action}.process"], self[f"{action}.cleanup"]
        process, cleanup = budget.cut(process, cleanup, seconds)
        return Timers({**self._values, f"{action}.process": process, f"{action}.cleanup": cleanup})


def check_timers(values: Mapping[str, object], where: str) -> dict[str, float | None]:
    """`values` (flat: "restore.process") checked against the table.

    `ConfigurationError` names `where`, the key, the value and what is allowed.
    """
    checked: dict[str, float | None] = {}
    for key, value in values.items():
        timer = BY_KEY.get(key)
        if timer is None:
            named = f"timers.{key}" if key.isprintable() else f"timers.{key!r}"
            raise ConfigurationError(f"{where}: {named}: unknown key; allowed: {', '.join(BY_KEY)}")
        checked[key] = _check(timer, value, where)
    return checked


def _check(timer: Timer, value: object, where: str) -> float | None:
    if value == "none" and timer.default is None:
        return None
    wrong = (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not timer.minimum <= value <= timer.maximum
        or (timer.unit == "times" and value != int(value))
    )
    if wrong:
        raise ConfigurationError(
            f"{where}: timers.{timer.key} = {value!r}: allowed: {timer.allowed}"
        )
    assert isinstance(value, int | float)
    return value
