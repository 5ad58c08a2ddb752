"""The figures of a torture, and the table that shows them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from rigs.torture.finding import KINDS, Violation


@dataclass
class Tally:
    """What was done and what came of it, over any number of seeds."""

    seeds: list[int] = field(default_factory=list)
    seconds: float = 0.0
    actions: Counter[str] = field(default_factory=Counter)
    #: How the actions ended: exit code, or signal.
    ends: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    #: Of each action that ended by itself, the seconds beyond its limit.
    overshoots: list[float] = field(default_factory=list)
    lines: int = 0
    violations: list[Violation] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        self.seeds += other.seeds
        self.actions += other.actions
        self.ends += other.ends
        self.faults += other.faults
        self.overshoots += other.overshoots
        self.lines += other.lines
        self.violations += other.violations

    def number(self, kind: str) -> int:
        return sum(1 for violation in self.violations if violation.kind == kind)

    @property
    def worst(self) -> float:
        return max(self.overshoots, default=0.0)

    @property
    def p99(self) -> float:
        """The overshoot that 99 of 100 actions stay below."""
        return _percentile(self.overshoots, 99)

    def as_mapping(self) -> dict[str, object]:
        return {
            "seeds": sorted(self.seeds),
            "seconds": round(self.seconds, 1),
            "actions": dict(self.actions),
            "ends": dict(self.ends),
            "faults": dict(self.faults),
            "overshoot": {"worst": round(self.worst, 3), "p99": round(self.p99, 3)},
            "lines": self.lines,
            **{kind: self.number(kind) for kind in KINDS},
            "violations": [str(violation) for violation in self.violations],
        }

    def table(self) -> str:
        total = sum(self.actions.values())
        over = sum(1 for each in self.overshoots if each > 0)
        rows = [
            ("seeds", _spans(sorted(self.seeds))),
            ("seconds", f"{self.seconds:.0f}"),
            ("actions", f"{total}  ({_counted(self.actions)})"),
            ("ended with", _counted(self.ends)),
            ("faults injected", str(sum(self.faults.values()))),
        ]
        rows += [(f"  {group}", text) for group, text in self._faults_by_group()]
        rows += [
            ("overshoot, worst", f"{self.worst:.3f} s"),
            ("overshoot, p99", f"{self.p99:.3f} s  ({over} of {total} beyond their limit)"),
            ("RAS lines read", str(self.lines)),
        ]
        rows += [(f"{kind}", f"{self.number(kind)}  ({text})") for kind, text in KINDS.items()]
        width = max(len(name) for name, _ in rows)
        return "\n".join(f"{name:<{width}}  {text}" for name, text in rows)

    def _faults_by_group(self) -> list[tuple[str, str]]:
        groups: dict[str, Counter[str]] = {}
        for fault, number in self.faults.items():
            group, _, name = fault.partition(": ")
            groups.setdefault(group, Counter())[name] += number
        return [(group, f"{each.total()}  ({_counted(each)})") for group, each in groups.items()]


def _counted(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {number}" for name, number in sorted(counter.items()))


def _percentile(values: Sequence[float], percent: int) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] if ordered else 0.0


def _spans(seeds: list[int]) -> str:
    """`1-4, 7` for 1 2 3 4 7."""
    spans: list[list[int]] = []
    for seed in seeds:
        if spans and seed == spans[-1][-1] + 1:
            spans[-1] = [spans[-1][0], seed]
        else:
            spans.append([seed, seed])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in spans)
