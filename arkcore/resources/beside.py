"""What else is on this node, as the validation of a resource has to know it.

Each thing is looked for when it is first asked for, and kept. Who validates many resources hands
the same look to all of them: a thousand resources else read a thousand files each.
"""

from __future__ import annotations

import sys

from arkcore.plugin.discovery import installed
from arkcore.resources.neighbours import neighbours_by_file, recorded_neighbours

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from arkcore.base.paths import Paths
    from arkcore.plugin.source import PluginSource
    from arkcore.resources.neighbours import Neighbour


class Beside:
    """The installed plugins and the other resources of this node, each looked for once.

    `manages`: whether the manager has a resource of a name; None where it does not answer.
    """

    __slots__ = ("_by_file", "_manages", "_paths", "_plugins", "_recorded", "modules")

    def __init__(self, paths: Paths, manages: Callable[[str], bool | None]) -> None:
        self._paths = paths
        self._manages = manages
        self._plugins: list[PluginSource] | None = None
        self._by_file: list[Neighbour] | None = None
        self._recorded: list[Neighbour] | None = None
        #: The modules that were there before. What a validation imports besides is part of what
        #: its resource is made from.
        self.modules = frozenset(sys.modules)

    def plugins(self) -> list[PluginSource]:
        """Every installed plugin, by name."""
        if self._plugins is None:
            self._plugins = installed()
        return self._plugins

    def neighbours_of(self, name: str) -> list[Neighbour]:
        """The other resources: those that have a file, then those whose manager has their values.

        As far as they can be read and believed.
        """
        if self._by_file is None or self._recorded is None:
            self._by_file = neighbours_by_file(self._paths, "")
            self._recorded = [*recorded_neighbours(self._paths, self._manages)]
        return [each for each in (*self._by_file, *self._recorded) if each.name != name]

    def look_now(self) -> None:
        """Look for all of it, and load what every validation needs: processes are to be forked.

        No plugin is imported.
        """
        import msgspec  # noqa: F401

        import arkcore.plugin.hooks  # noqa: F401

        self.plugins()
        self.neighbours_of("")
