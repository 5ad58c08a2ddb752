"""Tells of a check that lasts long, while it lasts."""

from __future__ import annotations

import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

#: Seconds before it is told first, and between two tellings.
_FIRST, _NEXT = 10.0, 20.0


class Pulse:
    """Called every now and then while a check waits, it tells how long that has lasted."""

    def __init__(self, name: str, tell: Callable[[str], None], first: float = _FIRST) -> None:
        self._name = name
        self._tell = tell
        self._began = time.monotonic()
        self._due = self._began + first

    def __call__(self) -> None:
        now = time.monotonic()
        if now >= self._due:
            self._due = now + _NEXT
            self._tell(f"{self._name}: at work for {now - self._began:.0f} s")
