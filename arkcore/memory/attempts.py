"""Restarts and false alarms, for the restart limit."""

from __future__ import annotations

from arkcore.base.choice import Choice
from arkcore.memory import files
from arkcore.memory.files import moment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from arkcore.memory.files import StateFile


class Attempt(Choice):
    """What a recover did: it restarted the application, or found it running."""

    RESTART = "restart"
    FALSE_ALARM = "false-alarm"


class Attempts:
    """The attempts of the recovers of a resource since this boot."""

    __slots__ = ("_file",)

    def __init__(self, file: StateFile) -> None:
        self._file = file

    def note(self, attempt: Attempt, window: float) -> bool:
        """Note an attempt that begins now; those older than `window` seconds are let go of.

        False where it could not be written.
        """
        kept = [*self._within(window), [attempt.value, files.boottime()]]
        return self._file.write_of_this_boot(attempts=kept)

    def count(self, attempt: Attempt, window: float) -> int:
        """The number of attempts of one kind in the last `window` seconds."""
        return sum(1 for kind, _ in self._within(window) if kind == attempt.value)

    def forget(self) -> None:
        """Begin to count anew."""
        self._file.forget()

    def _within(self, window: float) -> list[list[Any]]:
        now = files.boottime()
        try:
            attempts = self._file.read_of_this_boot()["attempts"]
            return [[kind, at] for kind, at in attempts if 0 <= now - moment(at) <= window]
        except (KeyError, TypeError, ValueError):
            return []
