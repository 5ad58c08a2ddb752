"""Turns the local times of a log into seconds since the epoch, in the order of its lines.

In the hour that a change from summer time repeats, a local time means two moments. A log is
written in order, so the earlier one is meant unless the line before it is already later.
"""

from __future__ import annotations

from datetime import datetime

#: Seconds. A line may be older than the line before it by so much: a step's first line bears the
#: time when the step began, also where it is written later.
_LATE = 60.0


class Clock:
    """Knows the time of the last line of one log."""

    def __init__(self) -> None:
        self.last = 0.0
        #: The minute that was asked for last, "YYYY/MM/DD hh:mm", where it means one moment only.
        self.minute = ""
        self._epoch = 0.0
        #: The hour of it, where each of its minutes means one moment only.
        self._hour, self._hour_epoch = "", 0.0

    def of(self, at: str) -> float | None:
        """The moment of "YYYY/MM/DD hh:mm:ss"; None where there is no such time."""
        minute, seconds = at[:16], at[17:]
        if not "00" <= seconds <= "60" or len(seconds) != 2:
            return None
        if minute != self.minute:
            if minute[:13] == self._hour and "00" <= minute[14:] <= "59":
                self.minute, self._epoch = minute, self._hour_epoch + 60 * int(minute[14:])
            elif not self._look_at(minute, int(seconds)):
                return None
        self.last = self._epoch + int(seconds)
        return self.last

    def _look_at(self, minute: str, seconds: int) -> bool:
        """Find the moment of a minute; False where there is none."""
        moments = _moments(minute)
        if moments is None:
            return False
        first, second = moments
        self.minute = minute if first == second else ""
        self._epoch = second if first + seconds < self.last - _LATE else first
        begin, end = _moments(f"{minute[:13]}:00"), _moments(f"{minute[:13]}:59")
        if begin and end and begin[0] == begin[1] and (begin[0] + 3540,) * 2 == end:
            self._hour, self._hour_epoch = minute[:13], begin[0]
        return True


def _moments(minute: str) -> tuple[float, float] | None:
    """The two moments that a minute may mean; twice the same where it means one."""
    try:
        day, _, time = minute.partition(" ")
        year, month, number = map(int, day.split("/"))
        hour, minutes = map(int, time.split(":"))
        then = datetime(year, month, number, hour, minutes)
        first = then.timestamp()
        return first, max(first, then.replace(fold=1).timestamp())
    except (ValueError, OverflowError, OSError):
        return None
