"""The last verdict about a resource, and since when nobody could be asked about it."""

from __future__ import annotations

import time

from arkcore.base.status import Outcome, Status
from arkcore.memory.files import moment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from arkcore.base.status import Verdict
    from arkcore.memory.files import StateFile


class VerdictRecord:
    """The last verdict: of which action, and what it was; `action` is "" where there was none.

    `at`: when it was given, `since`: since when the status is the same, in seconds since the
    epoch; None where that is not known.
    """

    __slots__ = ("action", "at", "outcome", "reason", "since", "status")

    def __init__(self, value: dict[str, Any]) -> None:
        self.action = _text(value.get("action"))
        self.outcome = next((each for each in Outcome if each.value == value.get("outcome")), None)
        self.status = next((each for each in Status if each.value == value.get("status")), None)
        self.reason = _text(value.get("reason"))
        self.at = _moment(value.get("at"))
        self.since = _moment(value.get("since"))


class LastVerdict:
    """The last verdict, for people and for `ras.quickcheck = "changes"`."""

    __slots__ = ("_file",)

    def __init__(self, file: StateFile) -> None:
        self._file = file

    def note(self, action: str, verdict: Verdict) -> None:
        """Note the verdict of `action`, given now."""
        last, now = self.read(), time.time()
        is_same = last.status is verdict.status and last.since is not None
        self._file.write({
            "action": action,
            "outcome": verdict.outcome.value,
            "status": verdict.status.value if verdict.status else "",
            "reason": verdict.reason,
            "at": now,
            "since": last.since if is_same else now,
        })  # fmt: skip

    def read(self) -> VerdictRecord:
        return VerdictRecord(self._file.read())


class BlindRecord:
    """Blindness: why nobody could be asked, and since when, in seconds since the epoch."""

    __slots__ = ("reason", "since")

    def __init__(self, since: float | None, reason: str) -> None:
        self.since = since
        self.reason = reason


class Blindness:
    """Whether the last quickCheck could ask nobody."""

    __slots__ = ("_file",)

    def __init__(self, file: StateFile) -> None:
        self._file = file

    def note(self, reason: str) -> None:
        """Note that nobody could be asked, and why."""
        last = self.read()
        since = last.since if last and last.since is not None else time.time()
        self._file.write({"since": since, "reason": reason})

    def read(self) -> BlindRecord | None:
        """Since when nobody can be asked, and why; None where somebody could be."""
        value = self._file.read()
        if not value:
            return None
        return BlindRecord(_moment(value.get("since")), _text(value.get("reason")))

    def forget(self) -> None:
        """Somebody could be asked."""
        self._file.forget()


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _moment(value: Any) -> float | None:
    try:
        return moment(value)
    except (TypeError, ValueError):
        return None
