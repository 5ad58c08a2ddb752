"""What a plugin has to keep to: the hooks it must have, their names and their arguments."""

from __future__ import annotations

from arkcore.base.errors import PluginError
from arkcore.plugin.calls import arguments, undecorated
from arkcore.plugin.marker import REQUIRED_HOOKS, is_marked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: Flags of a code object (inspect.CO_VARARGS, inspect.CO_VARKEYWORDS).
_VARARGS, _VARKEYWORDS = 0x04, 0x08
#: Those of a function whose body a call does not run (CO_COROUTINE, CO_ITERABLE_COROUTINE,
#: CO_ASYNC_GENERATOR), and that of a generator.
_ASYNC, _GENERATOR = 0x80 | 0x100 | 0x200, 0x20
#: The hooks whose answer may be a generator: it is gone through.
_MAY_YIELD = ("ark_check_configuration", "ark_preflight", "ark_processes")


def check_hooks(plugin: object, name: str) -> None:
    """Refuse a plugin that lacks a hook, misspells one, or takes arguments no hook has.

    `PluginError` names the hook and what is allowed.
    """
    specified = _specified()
    implemented = [hook for hook in dir(plugin) if is_marked(plugin, hook)]
    for hook in implemented:
        if hook not in specified:
            raise PluginError(
                f"plugin {name}: {hook} is no hook; allowed: {', '.join(sorted(specified))}"
            )
        odd = _odd_signature(getattr(plugin, hook), may_yield=hook in _MAY_YIELD)
        if odd:
            raise PluginError(f"plugin {name}: {hook} {odd}")
        for argument in arguments(getattr(plugin, hook)):
            if argument not in specified[hook]:
                allowed = ", ".join(specified[hook]) or "none"
                raise PluginError(
                    f"plugin {name}: {hook} takes an argument {argument!r}; allowed: {allowed}"
                )
    for hook in REQUIRED_HOOKS:
        if hook in implemented:
            continue
        if hasattr(plugin, hook):
            raise PluginError(f"plugin {name}: {hook} is not marked with @arkcore.hookimpl")
        raise PluginError(f"plugin {name}: lacks the hook {hook}")


def _specified() -> dict[str, tuple[str, ...]]:
    from arkcore.plugin.hookspecs import ApplicationSpecs

    return {
        hook: arguments(function)[1:]
        for hook, function in vars(ApplicationSpecs).items()
        if hook.startswith("ark_")
    }


def _odd_signature(function: Any, *, may_yield: bool) -> str:
    """What keeps the engine from calling a hook as it is written; "" where nothing does."""
    plain = undecorated(function)
    code = getattr(plain, "__code__", None)
    if code is None:
        return "must be a plain method"
    if code.co_flags & _ASYNC:
        return "must not be async: nobody would await it, and nothing of it would be done"
    if code.co_flags & _GENERATOR and not may_yield:
        return "must not yield: nothing of it would be done"
    if code.co_flags & (_VARARGS | _VARKEYWORDS) or code.co_kwonlyargcount:
        return "must name its arguments, without * and **"
    if plain.__defaults__:
        return "must not give its arguments defaults"
    return ""
