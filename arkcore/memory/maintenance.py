"""Maintenance of a resource, as a person has switched it on, and how the RAS log tells of it."""

from __future__ import annotations

import time

from arkcore.memory.files import StateFile, moment, read_json, remove_file, write_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from arkcore.base.paths import Paths


class Maintenance:
    """A person's word that the cluster manager shall not act on what it sees; outlives a reboot."""

    def __init__(self, paths: Paths, resource: str) -> None:
        self._path = paths.maintenance(resource)
        #: Which end was told in the RAS log.
        self._told = StateFile(f"{paths.state(resource)}/maintenance_over.json")

    def begin(self, until: float | None) -> bool:
        return write_json(self._path, {"since": time.time(), "until": until})

    def end(self) -> None:
        remove_file(self._path)

    def active(self) -> bool:
        value = read_json(self._path)
        if not value:
            return False
        until = _until(value)
        return until is None or time.time() < until

    def describe(self) -> str:
        """For instance "maintenance until 18:00"; with the date where that is not today."""
        until = _until(read_json(self._path))
        return "maintenance" if until is None else f"maintenance until {_time_of(until)}"

    # What the RAS log tells of it.

    def begins(self) -> str:
        until = _until(read_json(self._path))
        end = "it is switched off" if until is None else _time_of(until)
        return f"Maintenance begins, until {end}: failures are not acted upon."

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
        until = _until(read_json(self._path))
        if until is None or time.time() < until:
            return ""
        if self._told.read().get("until") == until or not self._told.write({"until": until}):
            return ""
        return f"Maintenance ended at {_time_of(until)}: failures are acted upon again."


def _time_of(at: float) -> str:
    """A time of day; with the date where that is not today."""
    then, today = time.localtime(at), time.localtime()
    return time.strftime("%H:%M" if then[:3] == today[:3] else "%Y/%m/%d %H:%M", then)


def _until(value: dict[str, Any]) -> float | None:
    """When it ends; None where no end was set."""
    try:
        return moment(value["until"])
    except (KeyError, TypeError, ValueError):
        return None
