"""Resource files and the node's own file: reads and validates them.

A resource whose manager holds its values (:mod:`arkcore.resources.parameters`) is held to the same
rules.

Validating imports the plugin, tomllib and msgspec; the guard has it done in a child, and the record
(:mod:`arkcore.resources.record`) spares a healthy check all of it.
"""

from __future__ import annotations

import os
import re
import sys

from arkcore.base import quickjson
from arkcore.base.errors import ArkError, ConfigurationError, NodeError, PluginError
from arkcore.base.stderr import complain
from arkcore.base.text import masked, shown
from arkcore.base.toml_file import choice, read_toml, refuse_unknown, table, text, texts
from arkcore.plugin.application import check_declaration, declared_options, is_secret, make_options
from arkcore.plugin.discovery import find
from arkcore.resources import record
from arkcore.resources.neighbours import Neighbour, recorded_neighbours, refuse_rivals
from arkcore.resources.parameters import HOST, Parameters, refuse_common_names, values_of
from arkcore.resources.record import refuse_record_if_others_can_write
from arkcore.resources.resource import (
    ApplicationFacts,
    LogSettings,
    RasSettings,
    Resource,
    to_mapping,
)
from arkcore.resources.secrets import IN_FILE, WITH_MANAGER, resolved, texts_to_hide
from arkcore.resources.start_settings import check_start
from arkcore.resources.timers import Timers, check_timers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from arkcore.base.paths import Paths
    from arkcore.plugin.application import Application
    from arkcore.plugin.source import PluginSource
    from arkcore.resources.parameters import Parameters

_RESOURCE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}")
_LOGICAL_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_KEYS = ("plugin", "logical_host", "requires", "mount_points", "timers", "options", "ras", "start")
_NODE_KEYS = ("ras", "log", "observers")
#: Characters that a resource's values may fill, as its record holds them.
_LARGEST = 400_000


def check_resource_name(name: str) -> str:
    """`name`, where it can be a resource's. `ConfigurationError` says what is allowed."""
    if not _RESOURCE_NAME.fullmatch(name):
        raise ConfigurationError(
            f"resource name {name!r}: allowed are 1 to 200 letters, digits and _ . -, "
            f"not beginning with . or -"
        )
    return name


def resource_names(paths: Paths) -> list[str]:
    """The resources of this node that have a file, sorted."""
    try:
        names = os.listdir(paths.resources)
    except OSError:
        return []
    found = [name.removesuffix(".toml") for name in names if name.endswith(".toml")]
    return sorted(name for name in found if _RESOURCE_NAME.fullmatch(name))


def _cannot_tell(_: str) -> None:
    """The answer of a manager that is not asked which resources it has."""


def validate_and_record(
    paths: Paths,
    name: str,
    parameters: Parameters | None = None,
    manages: Callable[[str], bool | None] = _cannot_tell,
) -> Resource:
    """The resource its parameters or its file describe, validated now and recorded.

    `manages`: whether the manager has a resource of a name; None where it does not answer.

    Where the record cannot be written, only time is lost.

    `ConfigurationError` and `PluginError` tell what is wrong, in one line.
    """
    check_resource_name(name)
    before = set(sys.modules)
    resource = validate(paths, name, parameters, manages)
    try:
        refuse_record_if_others_can_write(paths, name)
    except ConfigurationError as error:
        complain(f"{name} is not recorded: {error}")  # what is there is never read either
        return resource
    modules = _reached_from(resource.plugin.module) | (set(sys.modules) - before)
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


# Validation.


def validate(
    paths: Paths,
    name: str,
    parameters: Parameters | None = None,
    manages: Callable[[str], bool | None] = _cannot_tell,
) -> Resource:
    """The resource its parameters or its file describe. Errors as :func:`validate_and_record`."""
    if parameters is not None:
        where = parameters.where(name)
        try:
            values = {**_values_of(parameters, where), "plugin": parameters.plugin}
            node = read_node_file(paths)
            return _validate(paths, name, values, where, manages, node, parameters)
        except ConfigurationError as error:
            raise type(error)(parameters.renamed(str(error), name)) from error
    where = paths.resource_file(name)
    try:
        values = read_toml(where, paths.prefix)
        return _validate(paths, name, values, where, manages, read_node_file(paths))
    except RecursionError:
        raise ConfigurationError(f"{where}: its tables are nested too deeply") from None


def validate_essentials(
    paths: Paths,
    name: str,
    parameters: Parameters | None = None,
    manages: Callable[[str], bool | None] = _cannot_tell,
) -> Resource:
    """The resource as far as it can be looked at and stopped: plugin, logical host and options.

    For where the rest is wrong, and nothing was recorded here: no node file, timer, mount point,
    requirement or unknown parameter keeps anybody from being asked. Errors as
    :func:`validate_and_record`; nothing is recorded.
    """
    check_resource_name(name)
    if parameters is not None:
        _, _, hints = declaration_of(parameters.plugin)
        known = {key: text for key, text in parameters.texts.items() if key in (HOST, *hints)}
        where = parameters.where(name)
        given = values_of(Parameters(parameters.plugin, known), hints, where)
        values: Mapping[str, Any] = {**given, "plugin": parameters.plugin}
    else:
        where = paths.resource_file(name)
        values = read_toml(where, paths.prefix)
    essential = {key: values[key] for key in ("plugin", HOST, "options") if key in values}
    node = NodeSettings({}, LogSettings(), ())
    return _validate(paths, name, essential, where, manages, node, parameters)


def _values_of(parameters: Parameters, where: str) -> dict[str, Any]:
    _, _, hints = declaration_of(parameters.plugin)
    return values_of(parameters, hints, where)


def _validate(
    paths: Paths,
    name: str,
    values: Mapping[str, Any],
    where: str,
    manages: Callable[[str], bool | None],
    node: NodeSettings,
    parameters: Parameters | None = None,
) -> Resource:
    refuse_unknown(values, _KEYS, where, "")
    plugin_name = text(values, "plugin", where)
    logical_host = text(values, "logical_host", where)
    source, application, model = _declared(plugin_name, where)
    given = table(values, "options", where)
    options = _check_options(model, given, where, paths)
    secrets = _secrets_among(model, options, parameters)
    _check_logical_host(logical_host, application, where)
    recorded = [each for each in recorded_neighbours(paths, manages) if each.name != name]
    neighbours = [*_neighbours(paths, name), *recorded]
    refuse_rivals(plugin_name, logical_host, application, neighbours, where)
    requires = texts(values, "requires", where)
    _check_requires(paths, name, requires, where)
    mount_points = texts(values, "mount_points", where)
    for point in mount_points:
        if not point.startswith("/"):
            raise ConfigurationError(f"{where}: mount_points = {point!r}: must be an absolute path")
    timers = {**application.timers}
    timers.update(check_timers(_flat(table(values, "timers", where)), where))  # type: ignore[arg-type]
    ras = _check_ras({**node.ras, **table(values, "ras", where)}, where)
    resource = Resource(
        name=name,
        logical_host=logical_host,
        plugin=source,
        application=ApplicationFacts(
            force_before_restart=application.force_before_restart,
            runs_as_processes=application.runs_as_processes,
            machine_wide=application.machine_wide,
            start_code_decides=application.start_code_decides,
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


def _secrets_among(
    model: type, options: Mapping[str, Any], parameters: Parameters | None
) -> dict[str, list[Any]]:
    """The secret ones of these options: where the value of each stands, and if it is a table."""
    source = WITH_MANAGER if parameters is not None else IN_FILE
    return {
        name: [source, isinstance(options[name], dict)]
        for name, declared in declared_options(model).items()
        if name in options and is_secret(name, declared)
    }


class NodeSettings:
    """What ark.toml says; the defaults where there is none."""

    __slots__ = ("log", "observers", "ras")

    def __init__(
        self, ras: Mapping[str, Any], log: LogSettings, observers: tuple[str, ...]
    ) -> None:
        self.ras = ras
        self.log = log
        self.observers = observers


def read_node_file(paths: Paths) -> NodeSettings:
    """The node's own settings. `ConfigurationError` as for a resource file."""
    try:
        return _read_node_file(paths, paths.node_file)
    except ConfigurationError as error:
        raise NodeError(str(error)) from error


def _read_node_file(paths: Paths, where: str) -> NodeSettings:
    if not os.path.exists(where):
        return NodeSettings({}, LogSettings(), ())
    values = read_toml(where, paths.prefix)
    refuse_unknown(values, _NODE_KEYS, where, "")
    ras = table(values, "ras", where)
    _check_ras(ras, where)
    log = table(values, "log", where)
    refuse_unknown(log, ("stderr", "journal", "json", "trace", "group"), where, "log.")
    for key in ("stderr", "journal"):
        choice(log, key, LogSettings.LEVELS, where, "log.")
    for key in ("json", "trace"):
        path = log.get(key, "")
        if not isinstance(path, str) or (path and not path.startswith("/")):
            raise ConfigurationError(f"{where}: log.{key} = {path!r}: must be an absolute path")
    group = log.get("group", "")
    if not isinstance(group, str):
        raise ConfigurationError(f"{where}: log.group = {group!r}: must be the name of a group")
    return NodeSettings(ras, LogSettings(**log), texts(values, "observers", where))


def declaration_of(plugin: str) -> tuple[PluginSource, Application, dict[str, Any]]:
    """Where a plugin comes from, what it declares, and the types of its options by name.

    `PluginError` where it is missing or broken.
    """
    where = f"ocf:ark:{plugin}"
    try:
        source, application, model = _declared(plugin, where)
    except ConfigurationError as error:
        raise PluginError(str(error)) from error
    hints = _hints(model, where)
    known = {key: hints.get(key) for key in declared_options(model)}
    refuse_common_names(known, plugin)
    return source, application, known


def _declared(plugin: str, where: str) -> tuple[Any, Application, type]:
    try:
        source = find(plugin)
    except ConfigurationError as error:
        raise ConfigurationError(f"{where}: plugin = {plugin!r}: {error}") from error
    made = source.load()
    # Here, so that a guard which only looks up its dependents does without.
    from arkcore.plugin.hooks import PluggyHooks

    PluggyHooks(made, plugin)  # it is registered: whatever pluggy refuses, it refuses here
    try:
        declared = made.ark_application()  # type: ignore[attr-defined]
    except PluginError:
        raise
    except Exception as error:
        raise PluginError(
            f"plugin {plugin}: ark_application raised {type(error).__name__}: {shown(str(error))}"
        ) from error
    application = check_declaration(declared, plugin)
    try:
        check_timers(application.timers, f"plugin {plugin}")
    except ConfigurationError as error:
        raise PluginError(str(error)) from error
    return source, application, application.options


def _check_options(
    model: type, values: Mapping[str, Any], where: str, paths: Paths
) -> dict[str, Any]:
    declared = declared_options(model)
    refuse_unknown(values, tuple(declared), where, "options.")
    checked = {}
    hints = _hints(model, where)
    for key, declaration in declared.items():
        if key not in values:
            if declaration.required:
                raise ConfigurationError(
                    f"{where}: options.{key}: missing; {declaration.text or 'it must be given'}"
                )
            continue
        if key not in hints:
            raise PluginError(f"{where}: options.{key}: its plugin declares no type for it")
        if is_secret(key, declaration):
            checked[key] = _check_secret(key, values[key], hints[key], declaration, where, paths)
        else:
            checked[key] = _check_option(key, values[key], hints[key], declaration, where)
    hidden = texts_to_hide({
        key: value for key, value in checked.items() if is_secret(key, declared[key])
    })  # fmt: skip
    rule = getattr(make_options(model, checked), "check", None)
    if rule is not None:
        try:
            rule()
        except ArkError as error:
            raise ConfigurationError(f"{where}: {shown(masked(str(error), hidden))}") from error
        except Exception as error:
            raise PluginError(
                f"{where}: the plugin's own check of its options raised "
                f"{type(error).__name__}: {shown(masked(str(error), hidden))}"
            ) from error
    return checked


def _check_secret(
    key: str, value: Any, kind: Any, declaration: Any, where: str, paths: Paths
) -> Any:
    """The value of a secret option, read where it stands. No error shows it."""
    from typing import get_args, get_origin

    is_table = (get_origin(kind) or kind) is dict
    if (is_table and get_args(kind) not in ((), (str, str))) or (not is_table and kind is not str):
        raise PluginError(
            f"{where}: options.{key}: its plugin declares a secret of another type than text or a "
            f"table of texts"
        )
    value = resolved(value, f"{where}: options.{key}", paths, is_table=is_table)
    if declaration.choices and value not in declaration.choices:
        allowed = ", ".join(map(repr, declaration.choices))
        raise ConfigurationError(f"{where}: options.{key}: allowed: {allowed}")
    return value


def _hints(model: type, where: str) -> dict[str, Any]:
    from typing import get_type_hints

    try:
        return get_type_hints(model)
    except Exception as error:  # whatever its annotations raise when they are evaluated
        raise PluginError(
            f"{where}: the types of the plugin's options cannot be read: "
            f"{type(error).__name__}: {shown(str(error))}"
        ) from error


def _check_option(key: str, value: Any, kind: Any, declaration: Any, where: str) -> Any:
    import msgspec

    try:
        value = msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        told = shown(str(error))
        raise ConfigurationError(f"{where}: options.{key} = {value!r}: {told}") from error
    low, high = declaration.minimum, declaration.maximum
    # NaN is neither: asked so that it is refused.
    if not ((low is None or value >= low) and (high is None or value <= high)):
        allowed = " ".join(
            text
            for text in (
                f"from {low:g}" if low is not None else "",
                f"up to {high:g}" if high is not None else "",
            )
            if text
        )
        raise ConfigurationError(f"{where}: options.{key} = {value!r}: allowed: {allowed}")
    if declaration.choices and value not in declaration.choices:
        allowed = ", ".join(map(repr, declaration.choices))
        raise ConfigurationError(f"{where}: options.{key} = {value!r}: allowed: {allowed}")
    if not _can_be_recorded(value):
        raise PluginError(
            f"{where}: options.{key}: its plugin declares a type that cannot be recorded; "
            f"possible are str, int, float, bool, and lists and tables of them"
        )
    return value


def _can_be_recorded(value: Any) -> bool:
    """Whether a record gives back what was put in: JSON knows no dates, tuples or sets."""
    import json

    try:
        return bool(json.loads(json.dumps(value)) == value)
    except (TypeError, ValueError):
        return False


def _check_logical_host(name: str, application: Application, where: str) -> None:
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


def _neighbours(paths: Paths, name: str) -> list[Neighbour]:
    """The other resources of this node that have a file, as far as it can be read and believed."""
    found = []
    for other in resource_names(paths):
        try:
            values = read_toml(paths.resource_file(other), paths.prefix)
        except ConfigurationError:
            continue  # its own validation tells
        plugin, host = values.get("plugin"), values.get("logical_host")
        if other != name and isinstance(plugin, str) and isinstance(host, str):
            found.append(Neighbour(other, plugin, host))
    return found


def _check_requires(paths: Paths, name: str, requires: tuple[str, ...], where: str) -> None:
    known = resource_names(paths)
    for required in requires:
        if required == name:
            raise ConfigurationError(
                f"{where}: requires = {required!r}: a resource cannot require itself"
            )
        if required not in known:
            names = ", ".join(each for each in known if each != name) or "none"
            raise ConfigurationError(
                f"{where}: requires = {required!r}: no such resource here; there are: {names}"
            )
    seen: list[str] = []
    ahead = list(requires)
    while ahead:
        other = ahead.pop()
        if other == name:
            raise ConfigurationError(
                f"{where}: requires = {list(requires)!r}: {name} is required in turn, in a circle"
            )
        if other not in seen:
            seen.append(other)
            ahead += required_by_file(paths, other)


def required_by_file(paths: Paths, name: str) -> list[str]:
    """What the file of resource `name` requires; [] where it cannot be read."""
    try:
        requires: object = read_toml(paths.resource_file(name), paths.prefix).get("requires")
    except ConfigurationError:
        known = record.last_known_good(paths, name)
        return list(known.requires) if known else []
    if not isinstance(requires, list):
        return []
    return [each for each in requires if isinstance(each, str)]


def dependents(paths: Paths, name: str) -> list[str]:
    """The resources that require `name`, directly or in turn; those farthest from it first."""
    required = {each: required_by_file(paths, each) for each in resource_names(paths)}
    found: list[str] = []
    ahead = [name]
    while ahead:
        nearest = ahead.pop(0)
        for each, needs in required.items():
            if nearest in needs and each != name:
                if each in found:
                    found.remove(each)  # it is farther than it seemed
                found.append(each)
                ahead.append(each)
        if len(found) > len(required) or len(ahead) > 10 * len(required):
            break  # a circle, which validation refuses
    return found[::-1]


def _check_ras(values: Mapping[str, Any], where: str) -> RasSettings:
    refuse_unknown(values, ("detail", "quickcheck"), where, "ras.")
    choice(values, "detail", RasSettings.DETAIL, where, "ras.")
    choice(values, "quickcheck", RasSettings.QUICKCHECK, where, "ras.")
    return RasSettings(**values)


def _flat(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, dict):
            flat.update(_flat(value, f"{prefix}{key}."))
        else:
            flat[f"{prefix}{key}"] = value
    return flat
