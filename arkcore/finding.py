"""What one check before installation found."""

from __future__ import annotations

from enum import Enum


class Level(Enum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    NOT_APPLICABLE = "not applicable"


class Finding:
    """One check's result: which check, how it stands, what was seen, what to do about it."""

    __slots__ = ("advice", "check", "level", "seen")

    def __init__(self, check: str, level: Level, seen: str, advice: str = "") -> None:
        self.check = check
        self.level = level
        self.seen = seen
        self.advice = advice
