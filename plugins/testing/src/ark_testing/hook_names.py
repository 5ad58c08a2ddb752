"""What a plugin calls `ark_…` and the engine never calls."""

from __future__ import annotations

from arkcore.plugin.hookspecs import ApplicationSpecs
from arkcore.plugin.marker import is_marked

_PREFIX = "ark_"


def odd_hooks(plugin: object) -> list[str]:
    """One line for each name that begins with `ark_` and is no hook, or lacks the mark.

    How a marked hook may be written is the contract's: a plugin that breaks it is refused before.
    """
    specified = sorted(name for name in vars(ApplicationSpecs) if name.startswith(_PREFIX))
    found = []
    for name in dir(plugin):
        if not name.startswith(_PREFIX):
            continue
        if name not in specified:
            told = f"is no hook, and nothing calls it; there are: {', '.join(specified)}"
        elif not is_marked(plugin, name):
            told = "is not marked with @arkcore.hookimpl, and nothing calls it"
        else:
            continue
        found.append(f"{name} {told}")
    return found
