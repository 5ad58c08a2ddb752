"""What a plugin calls `ark_…` and the engine never calls, or calls in vain."""

from __future__ import annotations

import inspect

from arkcore.plugin.calls import undecorated
from arkcore.plugin.hookspecs import ApplicationSpecs
from arkcore.plugin.marker import is_marked

_PREFIX = "ark_"
#: Their answers are gone through one by one, so they may be generators.
_MANY_ANSWERS = ("ark_processes", "ark_preflight")


def odd_hooks(plugin: object) -> list[str]:
    """One line for each name that begins with `ark_` and is no hook, or none that works."""
    specified = sorted(name for name in vars(ApplicationSpecs) if name.startswith(_PREFIX))
    found = []
    for name in dir(plugin):
        if not name.startswith(_PREFIX):
            continue
        told = _told(plugin, name, specified)
        if told:
            found.append(f"{name} {told}")
    return found


def _told(plugin: object, name: str, specified: list[str]) -> str:
    if name not in specified:
        return f"is no hook, and nothing calls it; there are: {', '.join(specified)}"
    if not is_marked(plugin, name):
        return "is not marked with @arkcore.hookimpl, and nothing calls it"
    function = undecorated(getattr(plugin, name))
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        return "is async, and nothing awaits it: calling it does nothing"
    if inspect.isgeneratorfunction(function) and name not in _MANY_ANSWERS:
        return "has a yield, and nothing goes through it: calling it does nothing"
    return ""
