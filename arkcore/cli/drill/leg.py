"""What comes of one drill: whether it has passed, and what was measured."""

from __future__ import annotations

from dataclasses import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from arkcore.cli.drill.manager import Broken, Operation, Plan
    from arkcore.cli.drill.outside import Gap
    from arkcore.cli.drill.there import There


@dataclass(frozen=True)
class Point:
    """One measured moment: seconds since the epoch, and who says so.

    `whole`: it is known to the second only: `at` is the beginning of that second.
    """

    key: str
    at: float
    source: str
    whole: bool = False


@dataclass
class Leg:
    """What has come of one drill. `reason`: why it has failed, "" while it has not."""

    plan: Plan
    began: float
    ended: float = 0.0
    passed: bool = False
    reason: str = ""
    #: When it was broken, or the switch ordered; None where it did not come to that.
    struck: float | None = None
    #: The processes that were killed.
    killed: str = ""
    points: list[Point] = field(default_factory=list)
    operations: Sequence[Operation] = ()
    gaps: Sequence[Gap] = ()
    #: The resources that have failed, as the manager tells it.
    broken: Sequence[Broken] = ()
    remarks: list[str] = field(default_factory=list)
    #: The RAS lines of this node.
    lines: list[str] = field(default_factory=list)
    #: What the other node logged; None where it was not asked, or did not answer.
    there: There | None = None
    #: Why it did not answer.
    there_problem: str = ""

    def at(self, key: str) -> float | None:
        return next((point.at for point in self.points if point.key == key), None)

    @property
    def total(self) -> float | None:
        """Seconds from the strike until all was up again, and served where a client was asked.

        None also where nobody has told when it was up: no other moment stands for it.
        """
        # A moment of whole seconds is more exactly known by whoever saw it up.
        ends = ("start_ended", "all_up", "in_service", "served")
        found = [point for point in self.points if point.key in ends]
        known = [point.at for point in found if not point.whole or len(found) == 1]
        if self.struck is None or not self.passed or not known:
            return None
        return max(known) - self.struck

    def after(self, point: Point) -> float:
        """Seconds from the strike until then; one of whole seconds may seem to lie before."""
        seconds = point.at - (self.struck or self.began)
        return max(0.0, seconds) if point.whole else seconds

    def seconds(self, began: str, ended: str) -> float | None:
        """Seconds between two measured moments; None where one is not known."""
        first, last = self.at(began), self.at(ended)
        return None if first is None or last is None else last - first
