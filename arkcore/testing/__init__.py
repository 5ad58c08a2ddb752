"""For tests of plugins and of the engine: drivers that call us as the real managers do.

:mod:`arkcore.testing.hostile` holds commands and plugins that do what a good one never does.
"""

from arkcore.testing import hostile
from arkcore.testing.lifekeeper import Cluster, Node, ProgramEnd

__all__ = ["Cluster", "Node", "ProgramEnd", "hostile"]
