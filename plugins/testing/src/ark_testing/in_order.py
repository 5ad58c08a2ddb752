"""What checks came to, told in their order and as if they had run one after another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ark_testing.checks import Check
from ark_testing.installation import Capability
from ark_testing.result import Outcome, Result


class InOrder:
    """Takes results in the order of `checks`, and tells each one once what it counts as.

    `capabilities`: those of the subject; what needs others is not run in any case.
    """

    def __init__(self, checks: Sequence[Check], capabilities: frozenset[Capability]) -> None:
        self._order = list(checks)
        self._capabilities = capabilities
        self._told: dict[str, Result] = {}
        #: What hooks raised that they may not: one mistake, one failure.
        self._raised: set[str] = set()
        self._given_up = ""

    def next(self) -> Check | None:
        """The check whose result is to be taken next, None after the last."""
        return self._order[len(self._told)] if len(self._told) < len(self._order) else None

    def of(self, check: Check) -> Result | None:
        """What was told of a check, None where it was not yet."""
        return self._told.get(check.name)

    def is_left_out(self, check: Check) -> bool:
        """Whether nothing that a check finds would count: an earlier one has told why."""
        begins = check.needs <= self._capabilities and not check.declared_only
        return bool(self._given_up) and begins

    def leave_out(self, check: Check) -> None:
        """Tell why a check counts as not begun."""
        why = f"not begun: {self._given_up}"
        self._told[check.name] = Result(check, Outcome.UNREACHED, why, 0.0)

    def take(self, result: Result, raised: frozenset[str], gave_up: str) -> None:
        """Tell a result. `raised`: what hooks may not raise; `gave_up`: see `Subject.give_up`."""
        if result.outcome is Outcome.BROKEN and any(each in result.told for each in self._raised):
            result = replace(result, outcome=Outcome.UNREACHED)
        self._raised |= raised
        self._given_up = self._given_up or gave_up
        self._told[result.check.name] = result
