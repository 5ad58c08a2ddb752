"""The parts of a way back into service, each with its figures and their sources, and the sums."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from arkcore.cli.language import say
from arkcore.cli.rto.measured import Samples
from arkcore.cli.tuning.advice import occasions

NEVER = float("inf")


@dataclass(frozen=True)
class Part:
    """One part of a way. Seconds.

    `expected`: the median of what was measured, or half of an interval; None: nobody measured it.
    `worst`: the sum of its timers; None: no timer bounds it; :data:`NEVER`: it does not come.
    """

    key: str
    text: str
    expected: float | None
    worst: float | None
    #: Where `expected` and `worst` come from.
    stands_on: str
    bounded_by: str
    #: What `expected` stands on, and the longest of all that was measured.
    measured: Samples = field(default_factory=Samples)
    longest: float | None = None


@dataclass(frozen=True)
class Way:
    """One way back into service: from the failure to the application in service again."""

    key: str
    title: str
    parts: tuple[Part, ...]
    #: Seconds that the worst case takes longer where the application gives no clear answer.
    no_answer: float
    #: How that comes about.
    no_answer_by: str
    #: What the worst case does not bound.
    unbounded: tuple[str, ...]
    notes: tuple[str, ...] = ()
    #: The whole way, where it was measured: what it is measured from and to, and how long it took.
    seen_from: str = ""
    seen: Samples = field(default_factory=Samples)

    @property
    def unknown(self) -> list[Part]:
        """The parts that nobody measured."""
        return [part for part in self.parts if part.expected is None]

    @property
    def known(self) -> float:
        """The expected time of the parts that were measured."""
        return sum(part.expected for part in self.parts if part.expected is not None)

    @property
    def expected(self) -> float | None:
        """None where a part of it was never measured."""
        return None if self.unknown else self.known

    @property
    def worst(self) -> float:
        """The sum of the timers; :data:`NEVER` where a failure is not found."""
        return sum(part.worst for part in self.parts if part.worst is not None)

    @property
    def worst_no_answer(self) -> float:
        return self.worst + self.no_answer

    @property
    def is_longer(self) -> list[Part]:
        """The parts that once took longer than their timers allow today."""
        return [
            part
            for part in self.parts
            if part.worst is not None and (part.longest or 0.0) > part.worst + 1
        ]


def of_samples(
    key: str, text: str, samples: Samples, worst: float | None, bounded_by: str, unknown: str = ""
) -> Part:
    """A part that stands on what was measured. `unknown`: why it was not."""
    chosen = samples.after_failures() if samples.of_starts else samples
    stands_on = told(chosen) if chosen.count else (unknown or never_measured())
    return Part(key, text, chosen.median, worst, stands_on, bounded_by, chosen, samples.longest)


def never_measured() -> str:
    return say("not known: the logs tell of none", "不明: ログに実績がありません")


def no_timer() -> str:
    return say("no timer bounds it", "上限となるタイマーなし")


def told(samples: Samples) -> str:
    """How often something was measured, when, and on what kind of start."""
    count = samples.count
    first, last = day(samples.first), day(samples.last)
    if first == last:
        when = say(f"on {first}", first)
    else:
        when = say(f"from {first} to {last}", f"{first} から {last} まで")
    times = say("once" if count == 1 else f"{count} times", f"{count} 回")
    kinds = f"; {occasions(samples.occasions)}" if samples.of_starts else ""
    return say(f"median, measured {times} {when}{kinds}", f"中央値、実測 {times} ({when}){kinds}")


def day(at: float) -> str:
    return time.strftime("%Y/%m/%d", time.localtime(at))
