"""Finds the installed plugins by their entry points, each failure on its own."""

from __future__ import annotations

from arkcore.base.errors import ConfigurationError
from arkcore.base.stderr import complain
from arkcore.base.text import shown
from arkcore.plugin.source import PluginSource

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

GROUP = "arkcore.plugins"


def installed() -> list[PluginSource]:
    """Every plugin whose entry point is installed, by name; none of them is imported."""
    found = []
    for entry in entry_points(GROUP):
        module, attribute = _target(entry.value)
        found.append(
            PluginSource(
                entry.name,
                module,
                attribute,
                told_by(entry.dist, "name"),
                told_by(entry.dist, "version"),
                str(getattr(entry.dist, "_path", "")),
            )
        )
    return sorted(found, key=lambda source: (source.name, source.distribution))


def _target(value: str) -> tuple[str, str]:
    """Module and attribute that an entry point names.

    The whole value and "" where it is not "module:attribute": loading it will tell. The library's
    own reading of it raises another error in each version of Python.
    """
    text = value.partition("[")[0].strip()  # what stands in brackets are extras
    module, colon, attribute = (part.strip() for part in text.partition(":"))
    if colon and _is_dotted_name(module) and _is_dotted_name(attribute):
        return module, attribute
    return value, ""


def _is_dotted_name(text: str) -> bool:
    return all(part.isidentifier() for part in text.split("."))


def entry_points(group: str) -> list[Any]:
    """The installed entry points of a group. What cannot be read has none, and hinders no other.

    `importlib.metadata.entry_points` would raise for all, where one distribution is broken.
    """
    found: list[Any] = []
    for distribution in _distributions():
        try:
            found += _of_group(distribution, group)
        except Exception:  # whatever reading broken metadata raises; `unreadable` tells
            continue
    return found


def _of_group(distribution: Any, group: str) -> list[Any]:
    entries = list(distribution.entry_points.select(group=group))
    for entry in entries:
        if not (isinstance(entry.name, str) and isinstance(entry.value, str)):
            raise TypeError(f"{entry.name!r} = {entry.value!r} is no text")
    return entries


def unreadable() -> list[str]:
    """The distributions whose entry points cannot be read: which, and why, one line each."""
    found = []
    for distribution in _distributions():
        try:
            _of_group(distribution, GROUP)
        except Exception as error:  # as above
            where = getattr(distribution, "_path", "") or told_by(distribution, "name")
            told = f"{type(error).__name__}: {error}"
            found.append(shown(f"{where}: its entry points cannot be read: {told}"))
    return found


def _distributions() -> list[Any]:
    """What is installed; of two that bear one name, the one that an import would find."""
    from importlib.metadata import distributions

    found: list[Any] = []
    names = set()
    for distribution in _each_of(distributions()):
        name = told_by(distribution, "name").lower().replace("_", "-").replace(".", "-")
        if name not in names:
            found.append(distribution)
        if name != "?":
            names.add(name)
    return found


def _each_of(those: Iterable[Any]) -> Iterable[Any]:
    """Each of `those`, as far as they can be had: looking for them may raise as well."""
    try:
        yield from those
    except Exception as error:  # a finder of another package's
        complain(f"installed distributions: {type(error).__name__}: {error}")


def told_by(distribution: object, attribute: str) -> str:
    """What a distribution's metadata says, "?" where that is missing or broken."""
    try:
        return str(getattr(distribution, attribute) or "?")
    except Exception:  # whatever reading broken metadata raises, other plugins are well
        return "?"


def find(name: str) -> PluginSource:
    """The one plugin called `name`. `ConfigurationError` where there is none, or more than one."""
    return find_among(installed(), name)


def find_among(known: Sequence[PluginSource], name: str) -> PluginSource:
    """The same of the plugins that are `known` to be installed."""
    named = [source for source in known if source.name == name]
    if not named:
        names = ", ".join(sorted({source.name for source in known})) or "none is installed"
        raise ConfigurationError(f"unknown plugin {name!r}; installed: {names}")
    refuse_rivals(named)
    return named[0]


def refuse_rivals(named: Sequence[PluginSource]) -> None:
    """Refuse a name that several distributions give their plugins. `ConfigurationError`."""
    if len(named) > 1:
        where = ", ".join(f"{source.distribution} {source.version}" for source in named)
        raise ConfigurationError(f"plugin {named[0].name!r} is provided more than once: {where}")
