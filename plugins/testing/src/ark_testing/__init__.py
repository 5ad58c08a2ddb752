"""For tests of plugins and of the engine: what stands here is public, like :mod:`arkcore` itself.

The conformance kit: :class:`Conformance` is inherited by a test class, which provides an
:class:`Installation` of its application and says by :class:`Capability` what can be done to it.
Drivers call us as the real managers do. :mod:`ark_testing.hostile` holds commands and plugins
that do what a good one never does. The fixture `ark_trial` makes a :class:`Trial`: one hook at a
time, with a real context.

Only `Conformance` and the fixture need pytest, which is loaded when they are.
"""

from ark_testing import hostile
from ark_testing.installation import (
    Capability,
    Command,
    Installation,
    LogicalHost,
)
from ark_testing.lifekeeper import Cluster, Node, ProgramEnd

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ark_testing.conformance import Conformance
    from ark_testing.trial import Trial


def __getattr__(name: str) -> object:
    if name == "Conformance":
        from ark_testing.conformance import Conformance

        return Conformance
    if name == "Trial":
        from ark_testing.trial import Trial

        return Trial
    raise AttributeError(f"module 'ark_testing' has no attribute {name!r}")


__all__ = [
    "Capability",
    "Cluster",
    "Command",
    "Conformance",
    "Installation",
    "LogicalHost",
    "Node",
    "ProgramEnd",
    "Trial",
    "hostile",
]
