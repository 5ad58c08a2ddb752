"""The record of a resource that validated: its values, and the identity of all they came from.

While nothing of that has changed, the record alone is read. It is never believed over a changed
file, parameter, plugin or interpreter; deleting it loses nothing but time. It is also the last
known good copy.
"""

from __future__ import annotations

import os
import sys

from arkcore.base import quickjson, trusted
from arkcore.base.errors import ConfigurationError
from arkcore.memory.files import write_json
from arkcore.resources.resource import Resource, from_mapping, to_mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from arkcore.base.paths import Paths
    from arkcore.resources.parameters import Parameters

_FORMAT = 5


def load(paths: Paths, name: str, parameters: Parameters | None = None) -> Resource | None:
    """The recorded resource, where all it was made from is as it was; else None.

    `parameters`: what its manager has handed over; None: its values are in its file.
    """
    record = _read(paths, name)
    try:
        if record["format"] != _FORMAT or record["interpreter"] != _interpreter():
            return None
        if not _is_made_from(record, parameters):
            return None
        made_from = record["made_from"]
        if paths.node_file not in made_from:
            return None
        if parameters is None and paths.resource_file(name) not in made_from:
            return None
        for path, identity in made_from.items():
            if _identity_of(path) != identity:
                return None
        if parameters is None:
            trusted.refuse_untrusted(paths.resource_file(name), trusted.owners(paths.prefix))
        resource = from_mapping(record["resource"])
        resource.given = parameters
        return resource
    except (KeyError, TypeError, ValueError, AttributeError, ConfigurationError):
        return None


def _is_made_from(record: Mapping[str, Any], parameters: Parameters | None) -> bool:
    """Whether the manager's parameters are those that the record was made from."""
    if parameters is None:
        return bool(record["parameters"] is None)
    secret = record["resource"]["secrets"]
    if record["parameters"] != parameters.to_list(secret):
        return False
    held = [name for name, (source, _) in secret.items() if source == "manager"]
    known = [name for name in held if name in parameters.texts]
    if known != held or not held:
        # Who asks by what was recorded has no secret; who is called by the manager has each one.
        return parameters.recorded or not held
    from arkcore.resources.secrets import digest_of

    key, digest = record["secret"]
    return bool(digest == digest_of(parameters.texts, held, key))


def last_known_good(paths: Paths, name: str) -> Resource | None:
    """The recorded resource, however old; None where none was ever recorded."""
    try:
        return from_mapping(_read(paths, name)["resource"])
    except (KeyError, TypeError, ValueError, AttributeError, ConfigurationError):
        return None


def parameters_here(paths: Paths, name: str) -> Parameters | None:
    """The parameters that resource `name` was last made from; None where its values are a file's.

    A file comes first: whoever has written one means it. One that others could have written counts
    for nothing.
    """
    where = paths.resource_file(name)
    if os.path.exists(where):
        try:
            trusted.refuse_untrusted(where, trusted.owners(paths.prefix))
            return None
        except ConfigurationError:
            pass
    # Here, so that a healthy check under LifeKeeper does without.
    from arkcore.resources.parameters import parameters_of

    try:
        return parameters_of(_read(paths, name).get("parameters"))
    except (TypeError, ValueError):
        return None


def _read(paths: Paths, name: str) -> dict[str, Any]:
    """The record; empty where there is none that nobody else could have written."""
    try:
        data = trusted.read(paths.record(name), trusted.owners(paths.prefix))
        value = quickjson.loads(data)
    except (OSError, ValueError, RecursionError, ConfigurationError):
        return {}
    return value if isinstance(value, dict) else {}


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
            "parameters": parameters and parameters.to_list(resource.secrets),
            "secret": _digest(parameters, resource),
            "made_from": {path: _identity_of(path) for path in made_from if path},
            "resource": to_mapping(resource),
        },
    )


def _digest(parameters: Parameters | None, resource: Resource) -> list[str] | None:
    """A key and a digest of the secret parameters; None where there are none."""
    held = [name for name, (source, _) in resource.secrets.items() if source == "manager"]
    if parameters is None or not held:
        return None
    from arkcore.resources.secrets import digest_of

    key = os.urandom(16).hex()
    return [key, digest_of(parameters.texts, held, key)]


def _interpreter() -> list[str]:
    """Which interpreter this is, whatever name it was called by.

    Its directory, and not `sys.prefix`: a launcher does without the site module, which sets that.
    """
    return [os.path.dirname(sys.executable), sys.version]


def _identity_of(path: str) -> list[int] | None:
    """Device, inode, size and times of a file; None where there is none."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return [status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns]


def _files_of(modules: set[str]) -> list[str]:
    """The files of modules outside the interpreter's own library."""
    own = os.path.dirname(os.__file__)
    files = {getattr(sys.modules.get(module), "__file__", None) or "" for module in modules}
    return sorted(
        file for file in files if file and (not file.startswith(own) or "site-packages" in file)
    )


def refuse_record_if_others_can_write(paths: Paths, name: str) -> None:
    """A record names the module that is run: it needs the same care as the resource file."""
    users = trusted.owners(paths.prefix)
    trusted.refuse_untrusted(os.path.dirname(paths.record(name)), users)
    trusted.refuse_untrusted(paths.record(name), users)
