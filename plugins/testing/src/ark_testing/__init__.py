"""For tests of plugins and of the engine: what stands here is public, like :mod:`arkcore` itself.

The conformance kit: :class:`Conformance` is inherited by a test class, which provides an
:class:`Installation` of its application and says by :class:`Capability` what can be done to it.
Drivers call us as the real managers do. :mod:`ark_testing.hostile` holds commands and plugins
that do what a good one never does.

Only `Conformance` needs pytest, which is loaded when it is named.
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


def __getattr__(name: str) -> object:
    if name == "Conformance":
        from ark_testing.conformance import Conformance

        return Conformance
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
    "hostile",
]
