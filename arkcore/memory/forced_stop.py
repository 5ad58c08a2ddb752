"""The last forced stop on this node that may go on in the background."""

from __future__ import annotations

import os

from arkcore.memory import files
from arkcore.memory.files import moment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from arkcore.memory.files import StateFile


class ForcedStop:
    """When a resource was last stopped by force on this node."""

    __slots__ = ("_file",)

    def __init__(self, file: StateFile) -> None:
        self._file = file

    def note(self) -> None:
        """Note that a forced stop is at work now."""
        self._file.write_of_this_boot(at=files.boottime())

    def read(self) -> dict[str, Any] | None:
        """What is noted, to be put back where a forced stop has found nothing to end.

        None where something is noted that cannot be read now.
        """
        noted = self._file.read()
        return None if not noted and os.path.lexists(self._file.path) else noted

    def put_back(self, noted: dict[str, Any] | None) -> None:
        """Have `noted`, of an earlier :meth:`read`, be what is noted again; None leaves it."""
        if noted:
            self._file.write(noted)
        elif noted is not None:
            self._file.forget()

    def age(self) -> float:
        """Seconds since the last forced stop; infinite where there was none since this boot."""
        try:
            age = files.boottime() - moment(self._file.read_of_this_boot()["at"])
        except (KeyError, TypeError, ValueError):
            return float("inf")
        # A moment that is still to come is garbage: this clock is never set back.
        return age if age >= 0 else float("inf")
