"""Two calls at once on one resource: what the newcomer does about the action at work."""

from __future__ import annotations

from arkcore.base.choice import Choice


class Rule(Choice):
    """What a newcomer does."""

    #: It waits for the lock, within its own time, then asks for the status again.
    WAITS = "waits"
    #: It asks the action at work to end, and takes its place.
    PREEMPTS = "pre-empts"
    #: It leaves the matter to the action at work.
    SKIPS = "skips"


_RULES = {
    # action at work: (restore, remove, quickcheck, recover) as the newcomer
    "restore": (Rule.WAITS, Rule.PREEMPTS, Rule.SKIPS, Rule.WAITS),
    "remove": (Rule.WAITS, Rule.WAITS, Rule.SKIPS, Rule.WAITS),
    "quickcheck": (Rule.PREEMPTS, Rule.PREEMPTS, Rule.SKIPS, Rule.PREEMPTS),
    "recover": (Rule.WAITS, Rule.PREEMPTS, Rule.SKIPS, Rule.SKIPS),
}
_NEWCOMERS = ("restore", "remove", "quickcheck", "recover")


def rule(at_work: str, newcomer: str) -> Rule:
    """What `newcomer` does about `at_work`, both an action's word. It waits for what is unknown."""
    rules = _RULES.get(at_work)
    return rules[_NEWCOMERS.index(newcomer)] if rules else Rule.WAITS
