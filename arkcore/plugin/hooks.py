"""The hooks as pluggy manages them: specifications, our marker, one implementation each."""

from __future__ import annotations

from typing import Any

import pluggy

from arkcore.base.errors import PluginError
from arkcore.plugin.calls import DirectHooks
from arkcore.plugin.contract import check_hooks
from arkcore.plugin.hookspecs import ONE_ANSWER, SPECIFICATION_MARK, ApplicationSpecs, ObserverSpecs
from arkcore.plugin.marker import is_marked
from arkcore.plugin.near_misses import refuse_near_misses


class HookManager(pluggy.PluginManager):
    """Reads our own marker through pluggy's extension point.

    A plugin so need not import pluggy, and a healthy check need not load it.
    """

    def parse_hookimpl_opts(self, plugin: object, name: str) -> pluggy.HookimplOpts | None:
        if not is_marked(plugin, name):
            return None
        return {
            "wrapper": False,
            "hookwrapper": False,
            "optionalhook": False,
            "tryfirst": False,
            "trylast": False,
            "specname": None,
        }

    def parse_hookspec_opts(self, module_or_class: object, name: str) -> pluggy.HookspecOpts | None:
        kind = getattr(getattr(module_or_class, name, None), SPECIFICATION_MARK, None)
        if kind is None:
            return None
        return {
            "firstresult": kind == ONE_ANSWER,
            "historic": False,
            "warn_on_impl": None,
            "warn_on_impl_args": None,
        }


class PluggyHooks(DirectHooks):
    """An application's hooks, registered with pluggy and called through it.

    A resource's validation registers its plugin so; the conformance kit calls through it, to watch.
    `PluginError` for a plugin that pluggy or our own rules refuse.
    """

    __slots__ = ("_manager",)

    def __init__(self, plugin: object, name: str) -> None:
        super().__init__(plugin)
        check_hooks(plugin, name)
        refuse_near_misses(plugin, name)
        self._manager = HookManager("arkcore")
        self._manager.add_hookspecs(ApplicationSpecs)
        try:
            self._manager.register(plugin, name)
            self._manager.check_pending()
        except pluggy.PluginValidationError as error:
            raise PluginError(f"plugin {name}: {error}") from error
        except Exception as error:  # whatever looking at the plugin raises
            raise PluginError(f"plugin {name}: {type(error).__name__}: {error}") from error

    def _call(self, hook: str, **given: Any) -> Any:
        return getattr(self._manager.hook, hook)(**given)


def observers(plugins: list[tuple[str, object]]) -> Any:
    """The hook callers of the observers `plugins` (name, instance)."""
    manager = HookManager("arkcore")
    manager.add_hookspecs(ObserverSpecs)
    for name, plugin in plugins:
        manager.register(plugin, name)
    return manager.hook
