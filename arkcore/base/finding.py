"""What one check before installation found."""

from __future__ import annotations

from arkcore.base.choice import Choice


class Level(Choice):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    #: This machine cannot tell: a person has to look. It is no pass.
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not applicable"


class Finding:
    """One check's result: which check, how it stands, what was seen, what to do about it.

    `number`: the check's number in the cluster guide ("T4-1 #1"), "" where it has none there.
    """

    __slots__ = ("advice", "check", "level", "number", "seen")

    def __init__(
        self, check: str, level: Level, seen: str, advice: str = "", *, number: str = ""
    ) -> None:
        self.check = check
        self.level = level
        self.seen = seen
        self.advice = advice
        self.number = number
