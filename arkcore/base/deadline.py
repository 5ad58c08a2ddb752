"""A moment by which something has to be over."""

from __future__ import annotations

import time


class Deadline:
    """A moment on the monotonic clock, which no change of the date moves."""

    __slots__ = ("at",)

    def __init__(self, at: float) -> None:
        self.at = at

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        return cls(time.monotonic() + seconds)

    def remaining(self) -> float:
        """Seconds left, never less than 0."""
        return max(0.0, self.at - time.monotonic())

    @property
    def passed(self) -> bool:
        return time.monotonic() >= self.at

    def sooner(self, seconds: float) -> Deadline:
        """This deadline or `seconds` from now, whichever comes first."""
        return Deadline(min(self.at, time.monotonic() + seconds))

    def before(self, seconds: float) -> Deadline:
        """`seconds` before this deadline."""
        return Deadline(self.at - seconds)

    def then(self, seconds: float) -> Deadline:
        """What follows: over `seconds` from now, and `seconds` after this deadline at the latest.

        Half a second is left to it even where those are used up: a forked look costs that.
        """
        now = time.monotonic()
        return Deadline(max(min(now, self.at) + seconds, now + 0.5))
