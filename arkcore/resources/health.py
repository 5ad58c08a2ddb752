"""The commands that tell a healthy application: its plugin is asked for them once."""

from __future__ import annotations

from arkcore.base.errors import PluginError, described
from arkcore.base.text import shown
from arkcore.plugin.application import make_options
from arkcore.plugin.calls import DirectHooks
from arkcore.plugin.health import HealthCommand

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from arkcore.resources.resource import Resource

_HOOK = "ark_health_commands"


def note_health(resource: Resource) -> None:
    """Have the commands known that tell a healthy application. They are handed no secret.

    `PluginError` where the hook raises, or names something else.
    """
    if not resource.secrets:
        plugin = resource.plugin.load()
        resource.health = _health_of(DirectHooks(plugin), resource)


def _health_of(hooks: DirectHooks, resource: Resource) -> tuple[list[Any], ...]:
    if not hooks.has(_HOOK):
        return ()
    name = resource.plugin.name
    options = make_options(hooks.application().options, resource.options)
    try:
        found = tuple(hooks.health_commands(options, resource.logical_host))
    except PluginError:
        raise
    except Exception as error:
        raise PluginError(f"plugin {name}: {_HOOK} raised {shown(described(error))}") from error
    for each in found:
        if not isinstance(each, HealthCommand):
            raise PluginError(f"plugin {name}: {_HOOK} named {each!r}; allowed: HealthCommand")
        if each.timeout is not None and not 0 < each.timeout < float("inf"):
            raise PluginError(
                f"plugin {name}: {_HOOK}: timeout = {each.timeout!r}: must be more than 0 seconds"
            )
        for key, value in each.env.items():
            if not isinstance(key, str) or not (value is None or isinstance(value, str)):
                raise PluginError(
                    f"plugin {name}: {_HOOK}: env.{key} = {value!r}: must be a text, or None"
                )
    return tuple(each.to_list() for each in found)
