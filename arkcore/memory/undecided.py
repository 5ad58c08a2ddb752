"""The clock that runs while the status of a resource is undecided."""

from __future__ import annotations

from arkcore.memory import files
from arkcore.memory.files import moment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from arkcore.memory.files import StateFile


class UndecidedClock:
    """How long the status has been undecided, over as many quickCheck runs as that takes.

    It runs on CLOCK_BOOTTIME within one boot. After a gap between two observations of more than
    `gap` seconds nobody was watching, and it begins anew.
    """

    @staticmethod
    def gap_for(check_interval: float) -> float:
        """The gap for a manager that asks every `check_interval` seconds."""
        return max(360.0, 3 * check_interval)

    def __init__(self, file: StateFile, timer: float, gap: float) -> None:
        self._file = file
        self._timer = timer
        self._gap = gap
        self._before: dict[str, Any] = {}
        self._goes_on = False

    def observe(self) -> None:
        """Note, before the question is asked, that the answer is not known."""
        if self._goes_on:
            self._goes_on = False
            return
        now = files.boottime()
        value = self._before = self._current()
        first = now
        try:
            if now - moment(value["last"]) <= self._gap:
                first = min(moment(value["first"]), now)
        except (KeyError, TypeError, ValueError):
            pass
        # Once failed it stays failed, also over a gap, until an action resets it.
        failed = value.get("failed") is True
        self._file.write_of_this_boot(first=first, last=now, failed=failed)

    def go_on(self) -> None:
        """Take the next observation for the one that was made last: it is of the same question."""
        self._goes_on = True

    def withdraw(self) -> None:
        """Take the last observation back: nobody was asked after all."""
        if self._before:
            self._file.write({**self._before, "waiting": True})
        else:
            self.reset()

    def reset(self) -> None:
        self._file.forget()

    def elapsed(self) -> float:
        """Seconds undecided so far; 0 where it is not. What was withdrawn is not counted."""
        value = self._current()
        try:
            until = moment(value["last"]) if value.get("waiting") else files.boottime()
            return max(0.0, until - moment(value["first"]))
        except (KeyError, TypeError, ValueError):
            return 0.0

    def has_failed(self, slack: float = 0.0) -> bool:
        """Whether the timer, less `slack`, is reached; or was, and no action has come since."""
        return self._current().get("failed") is True or self.elapsed() >= self._timer - slack

    def fail(self) -> None:
        value = self._current()
        if value:
            self._file.write({**value, "failed": True})

    def _current(self) -> dict[str, Any]:
        """What is remembered, where it was written since this boot."""
        return self._file.read_of_this_boot()
