"""Why an installed plugin cannot be loaded, as far as that shows without an import of it."""

from __future__ import annotations

import importlib.util
from importlib.machinery import PathFinder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from arkcore.plugin.source import PluginSource


def why_unloadable(source: PluginSource) -> str:
    """What is missing or malformed, in one line; "" where nothing shows without an import."""
    if not source.attribute:
        return f"its entry point is {source.module!r}; allowed: module:class"
    missing = _missing_module(source.module)
    if not missing:
        return ""
    provider = f"{source.distribution} {source.version}"
    return f"there is no module {missing}, although {provider} names it: install {provider} again"


def _missing_module(name: str) -> str:
    """The first of a module and its packages that is not there; "" where all are.

    No package is imported, so a package that changes where its modules are looked for is not asked
    for them: its modules count as there.
    """
    top, *below = name.split(".")
    try:
        spec = importlib.util.find_spec(top)
        known = top
        for part in below:
            if spec is None or spec.submodule_search_locations is None:
                break
            if _changes_its_path(spec.origin):
                return ""
            known = f"{known}.{part}"
            spec = PathFinder.find_spec(known, _listed(spec.submodule_search_locations))
    except Exception:  # whatever another package's finder raises: loading it will tell
        return ""
    if spec is None:
        return known
    return name if known != name else ""


def _listed(places: Iterable[str]) -> list[str]:
    return list(places)


def _changes_its_path(origin: str | None) -> bool:
    """Whether a package's own code may add places, or modules, that no file shows."""
    if origin is None:
        return False
    try:
        with open(origin, "rb") as file:
            text = file.read(1 << 20)
    except OSError:
        return True
    return b"__path__" in text or b"sys.modules" in text or b"__getattr__" in text
