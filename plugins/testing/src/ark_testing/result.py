"""How one check came out."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from ark_testing.checks import Check
from ark_testing.finding import Failed, NotPossible, Unreached
from ark_testing.host import Lost
from ark_testing.subject import Subject
from arkcore.base.errors import ArkError


class Outcome(Enum):
    """How a check came out."""

    KEPT = "kept"
    BROKEN = "broken"
    #: What it needs did not come about, for which another check tells the reason.
    UNREACHED = "unreached"
    #: This machine, or what is known of the application, does not allow it.
    NOT_RUN = "not run"


@dataclass(frozen=True)
class Result:
    check: Check
    outcome: Outcome
    #: What was expected and seen, or why it was not run; "" where it was kept.
    told: str
    seconds: float
    #: What was found that is no failure, one line each.
    warnings: Sequence[str] = ()


def run_check(check: Check, subject: Subject) -> Result:
    """One check of one subject. Never raises for what a plugin or a machine does."""
    __tracebackhide__ = True
    missing = check.needs - subject.capabilities
    if missing:
        needed = ", ".join(sorted(each.value for each in missing))
        return Result(check, Outcome.NOT_RUN, f"needs {needed}", 0.0)
    began = time.monotonic()
    subject.warnings.clear()
    outcome, told = Outcome.KEPT, ""
    known = set(subject.exceptions)
    try:
        check(subject)
    except Failed as error:
        outcome, told = Outcome.BROKEN, str(error)
    except Unreached as error:
        outcome, told = Outcome.UNREACHED, str(error)
    except NotPossible as error:
        outcome, told = Outcome.NOT_RUN, str(error)
    except (Lost, ArkError, OSError) as error:
        outcome, told = Outcome.BROKEN, f"could not be looked at to its end: {error}"
    # One mistake, one failure: what a hook raises has a check of its own.
    if outcome is Outcome.BROKEN and any(each in told for each in known):
        outcome = Outcome.UNREACHED
    return Result(check, outcome, told, time.monotonic() - began, tuple(subject.warnings))
