"""How a check ends that does not end well."""

from __future__ import annotations


class Failed(AssertionError):
    """The plugin breaks the promise that is checked; the text says what was expected and seen."""


class Unreached(AssertionError):
    """The check could not begin: what it needs did not come about. Another check tells why."""


class NotBegun(Unreached):
    """The check was left out: what an earlier one has told makes it pointless."""


def expect(condition: object, told: str) -> None:
    """`Failed` with this text where the condition does not hold."""
    if not condition:
        raise Failed(told)


class NotPossible(Exception):
    """This machine does not allow the check; the text says what it takes."""
