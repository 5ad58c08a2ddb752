"""One check: its number in the guide and its title, of which findings are made."""

from __future__ import annotations

from arkcore.base.finding import Finding, Level
from arkcore.base.language import say


class Check:
    """A check, by its number in the guide or, for what the guide has not, of our own."""

    __slots__ = ("_english", "_japanese", "number")

    def __init__(self, number: str, english: str, japanese: str) -> None:
        self.number = number
        self._english = english
        self._japanese = japanese

    @property
    def title(self) -> str:
        return say(self._english, self._japanese)

    def ok(self, seen: str) -> Finding:
        return Finding(self.title, Level.OK, seen, number=self.number)

    def warn(self, seen: str, advice: str) -> Finding:
        return Finding(self.title, Level.WARN, seen, advice, number=self.number)

    def fail(self, seen: str, advice: str) -> Finding:
        return Finding(self.title, Level.FAIL, seen, advice, number=self.number)

    def not_applicable(self, seen: str) -> Finding:
        return Finding(self.title, Level.NOT_APPLICABLE, seen, number=self.number)

    def cannot_tell(self, problem: str, advice: str) -> Finding:
        """What this machine cannot tell is for a person to look at."""
        told = say(f"cannot tell: {problem}", f"判定できません: {problem}")
        return Finding(self.title, Level.UNKNOWN, told, advice, number=self.number)
