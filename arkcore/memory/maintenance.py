"""Maintenance of a resource, as a person has switched it on, and how the RAS log tells of it."""

from __future__ import annotations

import time

from arkcore.memory.files import StateFile, moment, read_json, remove_file, write_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from arkcore.base.paths import Paths


class MaintenanceRecord:
    """A maintenance, in seconds since the epoch.

    `since`: when it began; None where that is not known. `until`: when it ends by itself; None
    where it is to be switched off. `reason`: why, in a person's words; "" where none was given.
    """

    __slots__ = ("reason", "since", "until")

    def __init__(self, since: float | None, until: float | None, reason: str = "") -> None:
        self.since = since
        self.until = until
        self.reason = reason


class Maintenance:
    """A person's word that the cluster manager shall not act on what it sees; outlives a reboot."""

    def __init__(self, paths: Paths, resource: str) -> None:
        self._path = paths.maintenance(resource)
        #: Which end was told in the RAS log.
        self._told = StateFile(f"{paths.state(resource)}/maintenance_over.json")

    def begin(self, until: float | None, reason: str = "") -> bool:
        return self.put_back(MaintenanceRecord(time.time(), until, reason))

    def put_back(self, record: MaintenanceRecord | None) -> bool:
        """Make it again what it was; whether that is written."""
        if record is None:
            self.end()
            return True
        value = {"since": record.since, "until": record.until, "reason": record.reason}
        return write_json(self._path, value)

    def end(self) -> None:
        remove_file(self._path)

    def current(self) -> MaintenanceRecord | None:
        """The maintenance that is on; None where there is none, or it ended by itself."""
        last = self._last()
        return last if last is not None and not _is_over(last.until) else None

    def active(self) -> bool:
        return self.current() is not None

    def describe(self) -> str:
        """For instance "maintenance until 18:00"; with the date where that is not today."""
        until = self._until()
        return "maintenance" if until is None else f"maintenance until {_time_of(until)}"

    def _last(self) -> MaintenanceRecord | None:
        """The maintenance that was begun last; None where it was switched off."""
        value = read_json(self._path)
        if not value:
            return None
        reason = value.get("reason")
        since, until = _moment(value, "since"), _moment(value, "until")
        return MaintenanceRecord(since, until, reason if isinstance(reason, str) else "")

    def _until(self) -> float | None:
        last = self._last()
        return last.until if last is not None else None

    # What the RAS log tells of it.

    def begins(self) -> str:
        last = self._last()
        until = last.until if last is not None else None
        end = "it is switched off" if until is None else _time_of(until)
        why = f" Reason: {last.reason}" if last is not None and last.reason else ""
        return f"Maintenance begins, until {end}: failures are not acted upon.{why}"

    def goes_on(self) -> str:
        return f"In {self.describe()}: failures are not acted upon."

    @staticmethod
    def ends() -> str:
        return "Maintenance ends: failures are acted upon again."

    def tell_ended(self) -> str:
        """Say, once, that the maintenance ended by itself.

        "" where it goes on, where there is none, and where it was said before or that cannot be
        noted.
        """
        until = self._until()
        if until is None or not _is_over(until):
            return ""
        if self._told.read().get("until") == until or not self._told.write({"until": until}):
            return ""
        return f"Maintenance ended at {_time_of(until)}: failures are acted upon again."


def _time_of(at: float) -> str:
    """A time of day; with the date where that is not today."""
    then, today = time.localtime(at), time.localtime()
    return time.strftime("%H:%M" if then[:3] == today[:3] else "%Y/%m/%d %H:%M", then)


def _is_over(until: float | None) -> bool:
    return until is not None and time.time() >= until


def _moment(value: dict[str, Any], key: str) -> float | None:
    try:
        return moment(value[key])
    except (KeyError, TypeError, ValueError):
        return None
