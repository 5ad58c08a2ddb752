"""Values of secret options: kept in no record, read from where they stand when a plugin is loaded.

They stand in the resource file, in a file of their own that it names, or with the cluster manager.
A record names only which options are secret, and where each of them stands.
"""

from __future__ import annotations

import errno
import os
import stat

from arkcore.base import trusted
from arkcore.base.errors import ConfigurationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from arkcore.base.paths import Paths
    from arkcore.resources.resource import Resource

#: Where the value of a secret option stands.
IN_FILE, WITH_MANAGER = "file", "manager"
#: The largest file that holds a secret, in bytes.
_LARGEST = 65536
#: A shorter value is no secret that could be told from other text; it is shown.
SHORTEST = 4


def values_of(resource: Resource, paths: Paths, complain: Callable[[str], None]) -> dict[str, Any]:
    """The values of the resource's secret options.

    Where one cannot be had and the resource may do without, it is empty, and `complain` is told.
    `ConfigurationError` otherwise.
    """
    found: dict[str, Any] = {}
    in_file: dict[str, Any] | None = None
    for name, (source, is_table) in resource.secrets.items():
        try:
            if source == WITH_MANAGER:
                found[name] = _of_manager(resource, name, is_table=is_table)
                continue
            if in_file is None:
                in_file = _options_in(paths.resource_file(resource.name), paths)
            where = f"{paths.resource_file(resource.name)}: options.{name}"
            found[name] = resolved(in_file.get(name), where, paths, is_table=is_table)
        except ConfigurationError as error:
            if not resource.may_lack_secrets:
                raise
            complain(f"{resource.name}: option {name} is empty: {error}")
            found[name] = {} if is_table else ""
    return found


def _options_in(where: str, paths: Paths) -> dict[str, Any]:
    from arkcore.base.toml_file import read_toml, table

    return table(read_toml(where, paths.prefix), "options", where)


def _of_manager(resource: Resource, name: str, *, is_table: bool) -> Any:
    text = resource.given.texts.get(name) if resource.given else None
    if text is None:
        raise ConfigurationError(
            f"{resource.name}: {name}: the cluster manager holds its value and does not tell it; "
            f"run this as root while Pacemaker runs on this node"
        )
    if not is_table:
        return text
    from arkcore.resources.parameters import table_of

    return table_of(text, name, resource.name)


def resolved(value: Any, where: str, paths: Paths, *, is_table: bool) -> Any:
    """A secret value as it stands in a resource file, with each `{ file = PATH }` read.

    `ConfigurationError` names the key and the file, and never the value.
    """
    if is_table and isinstance(value, dict):
        return {key: _text(each, f"{where}.{key}", paths) for key, each in value.items()}
    if is_table:
        raise ConfigurationError(f"{where}: must be a table of texts")
    return _text(value, where, paths)


def _text(value: Any, where: str, paths: Paths) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and list(value) == ["file"] and isinstance(value["file"], str):
        return read_secret(value["file"], where, paths)
    raise ConfigurationError(f'{where}: must be text, or {{ file = "/absolute/path" }}')


def read_secret(path: str, where: str, paths: Paths) -> str:
    """The secret in a file, without the newline at its end.

    `ConfigurationError` where the file cannot be read, is not text, or is not root's alone.
    """
    if not path.startswith("/"):
        raise ConfigurationError(f"{where}: file = {path!r}: must be an absolute path")
    try:
        if os.path.islink(path):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        descriptor = trusted.opened(path, trusted.owners(paths.prefix))
        try:
            _refuse_others(os.fstat(descriptor), path, where, paths)
            data = os.read(descriptor, _LARGEST + 1)
        finally:
            os.close(descriptor)
        if len(data) > _LARGEST:
            raise ConfigurationError(
                f"{where}: {path}: more than {_LARGEST} bytes; no secret may be so long"
            )
        text = data.decode().removesuffix("\n").removesuffix("\r")
    except OSError as error:
        raise ConfigurationError(f"{where}: {path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{where}: {path}: not UTF-8") from None
    if "\0" in text or "\n" in text:
        raise ConfigurationError(f"{where}: {path}: must hold one line of text")
    return text


def _refuse_others(status: os.stat_result, path: str, where: str, paths: Paths) -> None:
    owners = {0, os.geteuid()} if paths.prefix else {0}
    if not stat.S_ISREG(status.st_mode):
        raise ConfigurationError(f"{where}: {path}: must be a regular file")
    if status.st_uid not in owners:
        raise ConfigurationError(f"{where}: {path}: belongs to user id {status.st_uid}, not root")
    if status.st_mode & 0o077:
        mode = stat.S_IMODE(status.st_mode)
        raise ConfigurationError(
            f"{where}: {path}: mode {mode:04o} lets others in; it must be 0600 (chmod 600 {path})"
        )


# Masking.


def texts_to_hide(values: Mapping[str, Any]) -> tuple[str, ...]:
    """The texts that nothing may show, the longest first, also as Python and JSON quote them."""
    found: set[str] = set()
    for value in values.values():
        for text in value.values() if isinstance(value, dict) else [value]:
            if isinstance(text, str) and len(text) >= SHORTEST:
                quoted = text.encode("unicode_escape").decode("ascii")
                json = text.replace("\\", "\\\\").replace('"', '\\"')
                found |= {text, repr(text)[1:-1], quoted, json}
    return tuple(sorted(found, key=len, reverse=True))


def digest_of(texts: Mapping[str, str], names: Iterable[str], key: str) -> str:
    """A keyed digest of some parameters: tells whether they are as they were, and not what."""
    # The interpreter's own, without the two milliseconds of `hashlib`.
    from _blake2 import blake2b

    made = blake2b(key=bytes.fromhex(key), digest_size=16)
    for name in sorted(names):
        for part in (name, texts.get(name, "")):
            data = part.encode("utf-8", "surrogateescape")
            made.update(b"%d:" % len(data) + data)
    return str(made.hexdigest())
