"""Where a plugin comes from: enough to load it without looking through the metadata again."""

from __future__ import annotations

import sys

from arkcore.base.errors import PluginError
from arkcore.base.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class PluginSource:
    """Where a plugin comes from; enough to load it without looking through the metadata again."""

    __slots__ = ("attribute", "distribution", "metadata", "module", "name", "version")

    def __init__(
        self,
        name: str,
        module: str,
        attribute: str,
        distribution: str,
        version: str,
        metadata: str,
    ) -> None:
        self.name = name
        self.module = module
        self.attribute = attribute
        self.distribution = distribution
        self.version = version
        #: The installed distribution's metadata directory: it changes with each installation.
        self.metadata = metadata

    def load(self) -> object:
        """Import the plugin and make it. `PluginError` whatever it raised."""
        try:
            __import__(self.module)
            target: Any = sys.modules[self.module]
            for part in self.attribute.split("."):
                target = getattr(target, part)
            made: object = target()
            return made
        except (Exception, SystemExit) as error:
            raise PluginError(
                f"plugin {self.name} ({self.distribution} {self.version}, "
                f"{self.module}:{self.attribute}) cannot be loaded: "
                f"{type(error).__name__}: {shown(str(error))}"
            ) from error
