"""Validates a resource and records it, with the modules that its plugin was made from."""

from __future__ import annotations

import sys

from arkcore.base.errors import ConfigurationError
from arkcore.base.stderr import complain
from arkcore.resources import record
from arkcore.resources.beside import Beside
from arkcore.resources.names import check_resource_name
from arkcore.resources.record import refuse_record_if_others_can_write
from arkcore.resources.validation import cannot_tell, validate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from arkcore.base.paths import Paths
    from arkcore.resources.parameters import Parameters
    from arkcore.resources.resource import Resource


def validate_and_record(
    paths: Paths,
    name: str,
    parameters: Parameters | None = None,
    manages: Callable[[str], bool | None] = cannot_tell,
    beside: Beside | None = None,
) -> Resource:
    """The resource its parameters or its file describe, validated now and recorded.

    `manages`: whether the manager has a resource of a name; None where it does not answer.
    `beside`: what else is on this node, where that was looked for before.

    Where the record cannot be written, only time is lost.

    `ConfigurationError` and `PluginError` tell what is wrong, in one line.
    """
    check_resource_name(name)
    beside = beside or Beside(paths, manages)
    resource = validate(paths, name, parameters, manages, beside)
    try:
        refuse_record_if_others_can_write(paths, name)
    except ConfigurationError as error:
        complain(f"{name} is not recorded: {error}")  # what is there is never read either
        return resource
    modules = _reached_from(resource.plugin.module) | (set(sys.modules) - beside.modules)
    record.write(paths, resource, modules, parameters)
    return resource


def _reached_from(module: str) -> set[str]:
    """`module` and the modules that its names come from, the engine's and Python's own left out.

    What has been imported just now would not do: an earlier validation may have done it.
    """
    found: set[str] = set()
    ahead = [module]
    while ahead:
        name = ahead.pop()
        package = name.partition(".")[0]
        if name in found or package == "arkcore" or package in sys.stdlib_module_names:
            continue
        if name not in sys.modules:
            continue
        found.add(name)
        if "." in name:
            ahead.append(name.rpartition(".")[0])
        for value in list(vars(sys.modules[name]).values()):
            origin = getattr(value, "__module__", None) or getattr(value, "__name__", None)
            if isinstance(origin, str):
                ahead.append(origin)
    return found
