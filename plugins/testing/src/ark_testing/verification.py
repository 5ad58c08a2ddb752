"""Runs checks and tells how each came out: the conformance kit without pytest."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ark_testing.checks import CHECKS, Check
from ark_testing.lanes import Lanes, room
from ark_testing.pulse import Pulse
from ark_testing.result import Outcome, Result, run_check
from ark_testing.subject import Subject

__all__ = ["Outcome", "Result", "run_check", "run_checks"]


def run_checks(
    subject: Subject,
    checks: Iterable[Check] = CHECKS,
    tell: Callable[[Result], None] = lambda _: None,
    tell_long: Callable[[str], None] = lambda _: None,
    lanes: int | None = None,
) -> list[Result]:
    """Run checks; `tell` hears of each in their order, as soon as it and those before it are over.

    `tell_long` hears of one that lasts long, while it lasts, and why they do not run beside one
    another. `lanes`: so many at most; None leaves it to the machine and tells why there is one.
    """
    checks = list(checks)
    count, why = room(subject, checks, lanes)
    if why and lanes is None:
        tell_long(f"checks run one after another: {why}")
    results = []
    running = Lanes(subject, checks, count, tell_long) if count > 1 else None
    try:
        for check in checks:
            if running is None:
                subject.on_wait(Pulse(check.name, tell_long))
                result = run_check(check, subject)
            else:
                result = running.result(check)
            tell(result)
            results.append(result)
    finally:
        if running is not None:
            running.close()
    return results
