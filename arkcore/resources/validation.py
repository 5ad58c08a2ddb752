"""Validates a resource: what its file says, or what its manager holds.

A resource whose manager holds its values (:mod:`arkcore.resources.parameters`) is held to the same
rules. Validating imports the plugin, tomllib and msgspec; the guard has it done in a child, and the
record (:mod:`arkcore.resources.record`) spares a healthy check all of it.
"""

from __future__ import annotations

import re

from arkcore.base import quickjson
from arkcore.base.errors import ConfigurationError
from arkcore.base.toml_file import read_toml, refuse_unknown, table, text, texts
from arkcore.resources.beside import Beside
from arkcore.resources.declaration import declaration_of, declared
from arkcore.resources.health import note_health
from arkcore.resources.names import check_resource_name
from arkcore.resources.neighbours import refuse_rivals, refuse_shared_options
from arkcore.resources.node_file import NodeSettings, check_ras, read_node_file
from arkcore.resources.option_values import check_options, secrets_among
from arkcore.resources.parameters import HOST, Parameters, values_of
from arkcore.resources.requirements import check_requires
from arkcore.resources.resource import ApplicationFacts, LogSettings, Resource, to_mapping
from arkcore.resources.start_settings import check_start
from arkcore.resources.timers import Timers, check_timers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from arkcore.base.paths import Paths
    from arkcore.plugin.application import Application

_LOGICAL_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
KEYS = ("plugin", "logical_host", "requires", "mount_points", "timers", "options", "ras", "start")
#: Characters that a resource's values may fill, as its record holds them.
_LARGEST = 400_000


def cannot_tell(_: str) -> None:
    """The answer of a manager that is not asked which resources it has."""


def validate(
    paths: Paths,
    name: str,
    parameters: Parameters | None = None,
    manages: Callable[[str], bool | None] = cannot_tell,
    beside: Beside | None = None,
) -> Resource:
    """The resource its parameters or its file describe. Arguments and errors as
    :func:`validate_and_record`.
    """
    beside = beside or Beside(paths, manages)
    if parameters is not None:
        where = parameters.where(name)
        try:
            values = {**_values_of(parameters, where, beside), "plugin": parameters.plugin}
            node = read_node_file(paths)
            resource = _validate(paths, name, values, where, beside, node, parameters)
        except ConfigurationError as error:
            raise type(error)(parameters.renamed(str(error), name)) from error
    else:
        where = paths.resource_file(name)
        try:
            values = read_toml(where, paths.prefix)
            resource = _validate(paths, name, values, where, beside, read_node_file(paths))
        except RecursionError:
            raise ConfigurationError(f"{where}: its tables are nested too deeply") from None
    note_health(resource)
    return resource


def validate_values(paths: Paths, name: str, values: Mapping[str, Any]) -> Resource:
    """The resource that its file would describe with these values. Errors as :func:`validate`."""
    where = paths.resource_file(name)
    beside = Beside(paths, cannot_tell)
    return _validate(paths, name, values, where, beside, read_node_file(paths))


def validate_essentials(
    paths: Paths,
    name: str,
    parameters: Parameters | None = None,
    manages: Callable[[str], bool | None] = cannot_tell,
) -> Resource:
    """The resource as far as it can be looked at and stopped: plugin, logical host and options.

    For where the rest is wrong, and nothing was recorded here: no node file, timer, mount point,
    requirement or unknown parameter keeps anybody from being asked. Errors as
    :func:`validate_and_record`; nothing is recorded.
    """
    check_resource_name(name)
    beside = Beside(paths, manages)
    if parameters is not None:
        _, _, hints = declaration_of(parameters.plugin, beside.plugins)
        known = {key: text for key, text in parameters.texts.items() if key in (HOST, *hints)}
        where = parameters.where(name)
        given = values_of(Parameters(parameters.plugin, known), hints, where)
        values: Mapping[str, Any] = {**given, "plugin": parameters.plugin}
    else:
        where = paths.resource_file(name)
        values = read_toml(where, paths.prefix)
    essential = {key: values[key] for key in ("plugin", HOST, "options") if key in values}
    node = NodeSettings({}, LogSettings(), ())
    return _validate(paths, name, essential, where, beside, node, parameters)


def _values_of(parameters: Parameters, where: str, beside: Beside) -> dict[str, Any]:
    _, _, hints = declaration_of(parameters.plugin, beside.plugins)
    return values_of(parameters, hints, where)


def _validate(
    paths: Paths,
    name: str,
    values: Mapping[str, Any],
    where: str,
    beside: Beside,
    node: NodeSettings,
    parameters: Parameters | None = None,
) -> Resource:
    refuse_unknown(values, KEYS, where, "")
    plugin_name = text(values, "plugin", where)
    logical_host = text(values, "logical_host", where)
    source, application, model = declared(plugin_name, where, beside.plugins)
    given = table(values, "options", where)
    options = check_options(model, given, where, paths)
    secrets = secrets_among(model, options, parameters)
    check_logical_host(logical_host, application, where)
    neighbours = beside.neighbours_of(name)
    refuse_rivals(plugin_name, logical_host, application, neighbours, where)
    refuse_shared_options(plugin_name, model, options, neighbours, where)
    requires = texts(values, "requires", where)
    check_requires(paths, name, requires, where)
    mount_points = texts(values, "mount_points", where)
    for point in mount_points:
        if not point.startswith("/"):
            raise ConfigurationError(f"{where}: mount_points = {point!r}: must be an absolute path")
    timers = {**application.timers}
    timers.update(check_timers(_flat(table(values, "timers", where)), where))  # type: ignore[arg-type]
    ras = check_ras({**node.ras, **table(values, "ras", where)}, where)
    resource = Resource(
        name=name,
        logical_host=logical_host,
        plugin=source,
        application=ApplicationFacts(
            force_before_restart=application.force_before_restart,
            runs_as_processes=application.runs_as_processes,
            machine_wide=application.machine_wide,
            start_code_decides=application.start_code_decides,
            shares_host=not application.logical_host.exclusive,
        ),
        requires=requires,
        mount_points=mount_points,
        timers=Timers(timers),
        options={key: value for key, value in options.items() if key not in secrets},
        ras=ras,
        log=node.log,
        observers=node.observers,
        start=check_start(table(values, "start", where), where),
        secrets=secrets,
    )
    resource.given = parameters
    _refuse_too_large(resource, where)
    return resource


def _refuse_too_large(resource: Resource, where: str) -> None:
    """Every check of the application reads these values: they have a bound."""
    size = len(quickjson.dumps(to_mapping(resource)))
    if size > _LARGEST:
        raise ConfigurationError(
            f"{where}: its values fill {size} characters; at most {_LARGEST} are allowed"
        )


def check_logical_host(name: str, application: Application, where: str) -> None:
    rule = application.logical_host
    if not _LOGICAL_HOST.fullmatch(name):
        raise ConfigurationError(
            f"{where}: logical_host = {name!r}: allowed are letters, digits and . _ -, "
            f"beginning with a letter or digit"
        )
    if len(name.encode()) > rule.max_bytes:
        raise ConfigurationError(
            f"{where}: logical_host = {name!r}: {len(name.encode())} bytes; "
            f"{application.title} allows at most {rule.max_bytes}"
        )


def _flat(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, dict):
            flat.update(_flat(value, f"{prefix}{key}."))
        else:
            flat[f"{prefix}{key}"] = value
    return flat
