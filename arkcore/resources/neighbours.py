"""Which resources of a node cannot live beside one another."""

from __future__ import annotations

from arkcore.base.errors import ConfigurationError, NodeError
from arkcore.base.toml_file import read_toml
from arkcore.memory.intent import Wanted
from arkcore.memory.state import State
from arkcore.plugin.application import declared_options
from arkcore.resources import record
from arkcore.resources.names import resource_names
from arkcore.resources.option_kinds import shared_group

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from arkcore.base.paths import Paths
    from arkcore.plugin.application import Application


class Neighbour:
    """Another resource of this node, as far as it is known."""

    __slots__ = ("is_there", "logical_host", "name", "options", "plugin")

    def __init__(
        self,
        name: str,
        plugin: str,
        logical_host: str,
        is_there: Callable[[], bool] = lambda: True,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        self.name = name
        self.plugin = plugin
        self.logical_host = logical_host
        #: Whether it still is a resource; asked only where it would matter.
        self.is_there = is_there
        #: What its options say, where that is known; of one that has a file, as it stands there.
        self.options = options or {}


def recorded_neighbours(paths: Paths, manages: Callable[[str], bool | None]) -> Iterable[Neighbour]:
    """Those whose manager holds their values: all that is here of them is a record.

    A record outlives its resource, so it counts where its manager says that it has it (`manages`),
    or, where that does not answer (None), where the resource is to run here.
    """
    for name in record.of_managers(paths):
        known = record.last_known_good(paths, name)
        if known is None:
            continue

        def is_there(name: str = name) -> bool:
            managed = manages(name)
            if managed is None:
                return State(paths, name, read_only=True).intent.wanted is Wanted.UP
            return managed

        yield Neighbour(name, known.plugin.name, known.logical_host, is_there, known.options)


def neighbours_by_file(paths: Paths, name: str) -> list[Neighbour]:
    """The other resources of this node that have a file, as far as it can be read and believed."""
    found = []
    for other in resource_names(paths):
        try:
            values = read_toml(paths.resource_file(other), paths.prefix)
        except ConfigurationError:
            continue  # its own validation tells
        plugin, host = values.get("plugin"), values.get("logical_host")
        if other != name and isinstance(plugin, str) and isinstance(host, str):
            options = values.get("options")
            given = options if isinstance(options, dict) else {}
            found.append(Neighbour(other, plugin, host, options=given))
    return found


def refuse_rivals(
    plugin: str,
    logical_host: str,
    application: Application,
    others: Iterable[Neighbour],
    where: str,
) -> None:
    """`NodeError` where one of `others` has the same logical host, or one too much like it."""
    rule = application.logical_host
    rivals = (plugin, *rule.exclusive_with) if rule.exclusive else ()
    begin = logical_host.encode()[: rule.unique_bytes]
    for other in others:
        if other.logical_host == logical_host:
            if other.plugin in rivals and other.is_there():
                raise NodeError(
                    f"{where}: logical_host = {logical_host!r}: resource {other.name} protects "
                    f"the same logical host with {other.plugin}; only one of the two is allowed"
                )
        elif rule.unique_bytes and other.logical_host.encode()[: rule.unique_bytes] == begin:
            if other.is_there():
                raise NodeError(
                    f"{where}: logical_host = {logical_host!r}: its first {rule.unique_bytes} "
                    f"bytes are those of {other.logical_host!r} (resource {other.name}); "
                    f"{application.title} cannot tell the two apart, and a forced stop would hit "
                    f"both"
                )


def refuse_shared_options(
    plugin: str,
    model: type,
    options: Mapping[str, Any],
    others: Iterable[Neighbour],
    where: str,
) -> None:
    """`NodeError` where a resource of the same plugin has what only one may have."""
    declared = declared_options(model)
    if not any(each.unique for each in declared.values()):
        return
    for other in others:
        if other.plugin != plugin:
            continue
        names = shared_group(declared, options, other.options)
        if names and other.is_there():
            keys = ", ".join(
                f"options.{name} = {options.get(name, declared[name].default)!r}" for name in names
            )
            raise NodeError(
                f"{where}: {keys}: resource {other.name} has the same; only one of the two is "
                f"allowed"
            )
