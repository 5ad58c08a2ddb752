"""The resources of this node, as the commands name them."""

from __future__ import annotations

import os

from arkcore.base.errors import ConfigurationError
from arkcore.cli.console import refuse_unless_readable
from arkcore.managers.pacemaker_tools import PacemakerTools
from arkcore.memory.intent import Wanted
from arkcore.memory.state import State
from arkcore.resources import record
from arkcore.resources.names import check_resource_name, resource_names
from arkcore.resources.resource import from_mapping, to_mapping
from arkcore.resources.secrets import WITH_MANAGER
from arkcore.resources.validation import validate
from arkcore.worker.aside import answer_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from arkcore.base.paths import Paths
    from arkcore.resources.parameters import Parameters
    from arkcore.resources.resource import Resource


def names_here(paths: Paths) -> list[str]:
    """Every resource with a file or of Pacemaker's, and those wanted up or BLIND without."""
    refuse_unless_readable(paths.resources)
    names = {*resource_names(paths), *names_of_pacemaker(paths)}
    for name in _listed(os.path.dirname(paths.state("-"))):
        state = State(paths, name)
        if state.intent.wanted is Wanted.UP or state.blindness.read():
            names.add(name)
    return sorted(names)


def names_of_pacemaker(paths: Paths) -> list[str]:
    """The resources recorded here as Pacemaker's, but for what the cluster has no more."""
    recorded = record.of_managers(paths)
    known = PacemakerTools(paths.prefix).resources() if recorded else None
    return [name for name in recorded if known is None or name in known]


def chosen(paths: Paths, asked: Sequence[str]) -> list[str]:
    """The resources asked for, or all. `ConfigurationError` where there is no such one here."""
    here = names_here(paths)
    for name in asked:
        check_resource_name(name)
        if name not in here and not os.path.exists(paths.record(name)):
            raise no_such_resource(paths, name)
    return list(dict.fromkeys(asked)) or here


def no_such_resource(paths: Paths, name: str) -> ConfigurationError:
    names = ", ".join(resource_names(paths)) or "none"
    return ConfigurationError(f"{name}: no such resource in {paths.resources}; there are: {names}")


def usable(paths: Paths, name: str) -> Resource:
    """The resource as it is now, from its record or its file. Writes nothing.

    `ArkError` tells in one line why it cannot be used.
    """
    parameters = parameters_of(paths, name)
    resource = record.load(paths, name, parameters)
    if resource is not None:
        return resource
    if parameters is None:
        refuse_unless_readable(paths.resource_file(name))
    resource = from_mapping(answer_of(lambda: to_mapping(validate(paths, name, parameters))))
    resource.given = parameters
    return resource


def parameters_of(paths: Paths, name: str) -> Parameters | None:
    """The parameters that Pacemaker has for resource `name`; None where its values are a file's.

    Those that are secret stand in no record: the cluster is asked for them.
    """
    parameters = record.parameters_here(paths, name)
    known = record.last_known_good(paths, name) if parameters is not None else None
    if parameters is not None and known is not None:
        cluster = PacemakerTools(paths.prefix)
        for secret, (source, _) in known.secrets.items():
            value = cluster.parameter(name, secret) if source == WITH_MANAGER else None
            if value is not None:
                parameters.texts[secret] = value
    return parameters


def where_of(paths: Paths, name: str) -> str:
    """Where the values of resource `name` stand, as an error names it."""
    parameters = record.parameters_here(paths, name)
    return paths.resource_file(name) if parameters is None else parameters.where(name)


def _listed(directory: str) -> list[str]:
    try:
        return os.listdir(directory)
    except OSError:
        return []
