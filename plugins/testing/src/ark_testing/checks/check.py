"""What a check is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ark_testing.finding import Failed, NotBegun, Unreached
from ark_testing.host import Lost
from ark_testing.installation import Capability
from ark_testing.subject import Subject


@dataclass(frozen=True)
class Check:
    """One promise of a plugin, and how it is checked.

    Called with a subject it returns where the promise is kept, and raises
    :class:`~ark_testing.finding.Failed` where it is not.
    """

    name: str
    text: str
    text_ja: str
    needs: frozenset[Capability]
    #: Whether it needs no more than the plugin: no application, no node.
    declared_only: bool
    #: Whether it is about what the author of a test class says, and nothing else.
    for_authors: bool
    #: Whether the checks after it are pointless where it fails: one mistake is one failure.
    basic: bool
    function: Callable[[Subject], None]

    def __call__(self, subject: Subject) -> None:
        __tracebackhide__ = True
        if subject.given_up and not self.declared_only:
            raise NotBegun(f"not begun: {subject.given_up}")
        refused = subject.declaration().get("refused")
        if refused and not self.declared_only:
            raise Unreached(f"the plugin cannot be used: {refused}")
        try:
            self.function(subject)
        except (Failed, Lost) as error:
            if self.basic or isinstance(error, Lost):
                subject.give_up(f"{self.name}: {error}")
            # The next check begins with a node on which nothing happened.
            subject.clear_all()
            raise
        except BaseException:
            subject.clear_all()
            raise


def check(
    text: str,
    text_ja: str,
    *needs: Capability,
    declared_only: bool = False,
    for_authors: bool = False,
    basic: bool = False,
) -> Callable[[Callable[[Subject], None]], Check]:
    """Make a check of a function; `text` is the promise, as it stands in reports."""

    def make(function: Callable[[Subject], None]) -> Check:
        return Check(
            function.__name__,
            text,
            text_ja,
            frozenset(needs),
            declared_only,
            for_authors,
            basic,
            function,
        )

    return make
