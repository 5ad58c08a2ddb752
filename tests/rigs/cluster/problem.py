"""What a check of the cluster finds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing that is not as it must be.

    `double`: it says that two nodes were at work at once, which is worse than all else.
    """

    text: str
    double: bool = False

    def __str__(self) -> str:
        return self.text

    def within(self, where: str) -> Problem:
        """The same, told of the service or log in which it was found."""
        return Problem(f"{where}: {self.text}", self.double)
