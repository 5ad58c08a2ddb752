"""The record of a resource that validated: its values, and the identity of all they came from.

While nothing of that has changed, the record alone is read. It is never believed over a changed
file, parameter, plugin or interpreter; deleting it loses nothing but time. It is also the last
known good copy.
"""

from __future__ import annotations

import os
import stat
import sys

from arkcore.errors import ConfigurationError
from arkcore.parameters import parameters_of
from arkcore.plugins import file_identity
from arkcore.resource import Resource, from_mapping, to_mapping
from arkcore.state import read_json, write_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from arkcore.parameters import Parameters
    from arkcore.paths import Paths

_FORMAT = 2


def load(paths: Paths, name: str, parameters: Parameters | None = None) -> Resource | None:
    """The recorded resource, where all it was made from is as it was; else None.

    `parameters`: what its manager has handed over; None: its values are in its file.
    """
    record = read_json(paths.record(name))
    try:
        if record["format"] != _FORMAT or record["interpreter"] != _interpreter():
            return None
        if record["parameters"] != (parameters and parameters.to_list()):
            return None
        made_from = record["made_from"]
        if paths.node_file not in made_from:
            return None
        if parameters is None and paths.resource_file(name) not in made_from:
            return None
        for path, identity in made_from.items():
            if file_identity(path) != identity:
                return None
        if parameters is None:
            refuse_resource_if_others_can_write(paths, name)
        refuse_record_if_others_can_write(paths, name)
        return from_mapping(record["resource"])
    except (KeyError, TypeError, ValueError, AttributeError, ConfigurationError):
        return None


def last_known_good(paths: Paths, name: str) -> Resource | None:
    """The recorded resource, however old; None where none was ever recorded."""
    try:
        refuse_record_if_others_can_write(paths, name)
        return from_mapping(read_json(paths.record(name))["resource"])
    except (KeyError, TypeError, ValueError, AttributeError, ConfigurationError):
        return None


def parameters_here(paths: Paths, name: str) -> Parameters | None:
    """The parameters that resource `name` was last made from; None where its values are a file's.

    A file comes first: whoever has written one means it.
    """
    if os.path.exists(paths.resource_file(name)):
        return None
    try:
        refuse_record_if_others_can_write(paths, name)
        return parameters_of(read_json(paths.record(name)).get("parameters"))
    except (TypeError, ValueError, ConfigurationError):
        return None


def of_managers(paths: Paths) -> list[str]:
    """The resources recorded here whose values came as parameters, by name."""
    try:
        files = os.listdir(os.path.dirname(paths.record("-")))
    except OSError:
        return []
    names = sorted(file.removesuffix(".json") for file in files if file.endswith(".json"))
    return [name for name in names if parameters_here(paths, name) is not None]


def write(
    paths: Paths,
    resource: Resource,
    modules: Iterable[str],
    parameters: Parameters | None = None,
) -> None:
    """Record `resource`, made from `parameters` or its file with the help of `modules`."""
    made_from = [
        "" if parameters else paths.resource_file(resource.name),
        paths.node_file,
        resource.plugin.metadata,
        *_files_of({*modules, "arkcore"}),
    ]
    write_json(
        paths.record(resource.name),
        {
            "format": _FORMAT,
            "interpreter": _interpreter(),
            "parameters": parameters and parameters.to_list(),
            "made_from": {path: file_identity(path) for path in made_from if path},
            "resource": to_mapping(resource),
        },
    )


def _interpreter() -> list[str]:
    return [sys.executable, sys.version]


def _files_of(modules: set[str]) -> list[str]:
    """The files of modules outside the interpreter's own library."""
    own = os.path.dirname(os.__file__)
    files = {getattr(sys.modules.get(module), "__file__", None) or "" for module in modules}
    return sorted(
        file for file in files if file and (not file.startswith(own) or "site-packages" in file)
    )


def refuse_resource_if_others_can_write(paths: Paths, name: str) -> None:
    refuse_if_others_can_write(os.path.dirname(paths.resources), paths)
    refuse_if_others_can_write(paths.resources, paths)
    refuse_if_others_can_write(paths.resource_file(name), paths)


def refuse_record_if_others_can_write(paths: Paths, name: str) -> None:
    """A record names the module that is run: it needs the same care as the resource file."""
    where = paths.record(name)
    refuse_if_others_can_write(paths.library, paths)
    refuse_if_others_can_write(os.path.dirname(where), paths)
    refuse_if_others_can_write(where, paths)


def refuse_if_others_can_write(path: str, paths: Paths) -> None:
    """Refuse what others could change: whoever can write it could have root run anything."""
    try:
        status = os.stat(path)
    except OSError:
        return  # reading it will tell
    owners = {0, os.geteuid()} if paths.prefix else {0}
    if status.st_uid not in owners:
        allowed = "root or the running user" if paths.prefix else "root"
        raise ConfigurationError(
            f"{path}: belongs to user id {status.st_uid}, who could write it; "
            f"it must belong to {allowed}"
        )
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        mode = stat.S_IMODE(status.st_mode)
        raise ConfigurationError(
            f"{path}: mode {mode:04o} lets others write it; allowed is at most "
            f"{mode & ~0o022:04o} (chmod go-w {path})"
        )
