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
        fault = next(filter(None, map(_fault_of, found)), "")
    except PluginError:
        raise
    except Exception as error:
        raise PluginError(f"plugin {name}: {_HOOK} raised {shown(described(error))}") from error
    if fault:
        raise PluginError(f"plugin {name}: {_HOOK}: {fault}")
    return tuple(each.to_list() for each in found)


def _fault_of(command: object) -> str:
    """What cannot be run or recorded of a command that was named; "" where it can."""
    if not isinstance(command, HealthCommand):
        return f"named {command!r}; allowed: HealthCommand"
    timeout, lock = command.timeout, command.node_lock
    is_number = isinstance(timeout, int | float) and not isinstance(timeout, bool)
    if timeout is not None and not (is_number and 0 < timeout < float("inf")):
        return f"timeout = {timeout!r}: must be more than 0 seconds"
    if not isinstance(lock, str) or "/" in lock or "\0" in lock:
        return f"node_lock = {lock!r}: must be a name without /"
    if not all(isinstance(word, str) and "\0" not in word for word in command.argv):
        return f"{command.argv!r}: must be texts without a NUL character"
    for key, value in command.env.items():
        if not isinstance(key, str) or not key or "=" in key or "\0" in key:
            return f"env: {key!r}: must be a name without ="
        if value is not None and (not isinstance(value, str) or "\0" in value):
            return f"env.{key} = {value!r}: must be a text, or None"
    return ""
