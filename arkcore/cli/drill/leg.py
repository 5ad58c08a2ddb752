"""What comes of one drill: whether it has passed, and what was measured."""

from __future__ import annotations

from dataclasses import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from arkcore.cli.drill.manager import Operation, Plan
    from arkcore.cli.drill.outside import Gap


@dataclass(frozen=True)
class Point:
    """One measured moment: seconds since the epoch, and who says so."""

    key: str
    at: float
    source: str


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
    remarks: list[str] = field(default_factory=list)
    #: The RAS lines of this node.
    lines: list[str] = field(default_factory=list)

    def at(self, key: str) -> float | None:
        return next((point.at for point in self.points if point.key == key), None)

    @property
    def total(self) -> float | None:
        """Seconds from the strike until all was up again, and served where a client was asked."""
        ends = [self.at(key) for key in ("start_ended", "all_up", "served")]
        if self.struck is None or not self.passed:
            return None
        return max(end for end in (self.struck, *ends) if end is not None) - self.struck
