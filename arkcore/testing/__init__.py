"""For tests of plugins and of the engine: drivers that call us as the real managers do."""

from arkcore.testing.lifekeeper import Cluster, Node, ProgramEnd

__all__ = ["Cluster", "Node", "ProgramEnd"]
