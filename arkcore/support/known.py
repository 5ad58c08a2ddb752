"""The secrets of this node: the values that a bundle must not show, and where they stand."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, field

from arkcore.base.errors import ArkError
from arkcore.base.text import shown
from arkcore.plugin.application import declared_options, is_secret
from arkcore.plugin.discovery import find
from arkcore.resources import record
from arkcore.resources.names import resource_names
from arkcore.resources.secrets import SHORTEST, WITH_MANAGER, read_secret
from arkcore.support.files import Found, Unreadable, content_of
from arkcore.support.masking import Masker
from arkcore.support.toml_text import masked_toml, secrets_in
from arkcore.worker.aside import answer_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from arkcore.base.paths import Paths
    from arkcore.managers.pacemaker_tools import PacemakerTools

#: Tables whose values are all secret.
_ENVIRONMENTS = ("environment", "env")
#: The most bytes of a file that a person writes.
_LARGEST = 1 << 20
#: Values that an environment may well have, and that say nothing: masking them would hide much.
_USUAL = frozenset(
    ("true", "false", "none", "null", "POSIX", "C.UTF-8", "ja_JP.UTF-8", "en_US.UTF-8",
     "ja_JP.eucJP", "ja_JP.SJIS", "/usr", "/bin", "/root", "root", "/usr/bin",
     "/usr/bin:/bin", "/opt", "/tmp")
)  # fmt: skip


@dataclass
class Secrets:
    """What is known of the secrets here.

    `texts`: the values. `names`: of options and variables. `options`: of each resource, the names
    of its secret options; None where nobody can tell. `problems`: what could not be found out.
    """

    texts: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    options: dict[str, frozenset[str] | None] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def masker(self) -> Masker:
        return Masker(self.texts, self.names)

    def masked_resource_file(self, resource: str, data: bytes, masker: Masker) -> bytes:
        """A resource's file with its secrets masked."""
        options = self.options.get(resource)

        def is_hidden(at: tuple[str, ...]) -> bool:
            return _is_secret(at, options, masker)

        return masked_file(data, is_hidden, masker)

    @staticmethod
    def masked_other_file(data: bytes, masker: Masker) -> bytes:
        """Another file in TOML: the node's, the site's."""
        return masked_file(data, lambda at: _is_secret(at, frozenset(), masker), masker)


def masked_file(data: bytes, is_hidden: Any, masker: Masker) -> bytes:
    text = data.decode("utf-8", "surrogateescape")
    return masked_toml(text, is_hidden, masker).encode("utf-8", "surrogateescape")


def secrets_of(paths: Paths, cluster: PacemakerTools | None) -> Secrets:
    """What is known of this node's secrets.

    `cluster`: whom to ask for values that Pacemaker holds; None: neither it nor a plugin is asked.
    """
    found = Secrets()
    public = {os.uname().nodename, *resource_names(paths)}
    for name in resource_names(paths):
        _add_file(found, paths, name, public, asks=cluster is not None)
    for name in record.of_managers(paths):
        _add_managers(found, paths, name, cluster)
    found.texts -= {""}
    return found


def _add_file(found: Secrets, paths: Paths, name: str, public: set[str], *, asks: bool) -> None:
    where = paths.resource_file(name)
    options = _recorded(paths, name)
    values: dict[str, Any] = {}
    try:
        data = content_of(Found(paths.resources, f"{name}.toml"), _LARGEST).data
        values = tomllib.loads(data.decode())
    except Unreadable as error:
        found.problems.append(f"{where}: its secrets are not known: {error}")
    except (ValueError, RecursionError):
        found.problems.append(f"{where}: not TOML; of its values few are shown")
    plugin = values.get("plugin")
    if isinstance(plugin, str) and asks:
        try:
            declared = frozenset(answer_of(lambda: _declared(plugin)))
            options = declared | (options or frozenset())
        except ArkError as error:
            found.problems.append(f"{where}: the plugin does not tell its secret options: {error}")
    found.options[name] = options
    if options is None and values:
        found.problems.append(f"{where}: no text of [options] is shown: its secrets are not known")
    public |= {
        each for key in ("plugin", "logical_host") if isinstance(each := values.get(key), str)
    }
    plain = Masker()
    variables = _variables_in(values)
    named = _files_named_in(values, options or frozenset(), plain)
    for text in secrets_in(values, lambda at: _is_secret(at, options or frozenset(), plain)):
        if text in [path for path, _ in named]:
            continue  # masked where it stands; what complains of the file may name it
        if text not in variables.values() or (text not in public and text not in _USUAL):
            found.texts.add(text)
    found.names |= {
        key
        for key, text in variables.items()
        if len(key) >= SHORTEST and text not in public and text not in _USUAL
    }
    found.names |= {key for key in options or () if not _is_table(values, key)}
    for path, at in named:
        try:
            found.texts.add(read_secret(path, f"{where}: {at}", paths))
        except ArkError as error:
            found.problems.append(f"{error}; its value is not known, and so not searched")


def _add_managers(found: Secrets, paths: Paths, name: str, cluster: PacemakerTools | None) -> None:
    """The secret values that Pacemaker holds for a resource."""
    known = record.last_known_good(paths, name)
    held = [
        key
        for key, (source, _) in (known.secrets if known else {}).items()
        if source == WITH_MANAGER
    ]
    found.names |= {*held}
    for key in held:
        value = cluster.parameter(name, key) if cluster is not None else None
        if value is None:
            found.problems.append(
                f"{name}: {key}: the cluster manager does not tell its value, so it is not searched"
            )
            continue
        found.texts.add(value)
        try:
            found.texts |= {*secrets_in(tomllib.loads(f"x = {value}"), lambda _: True)}
        except (ValueError, RecursionError):
            pass  # no table


def _declared(plugin: str) -> list[str]:
    model = find(plugin).load().ark_application().options  # type: ignore[attr-defined]
    return [name for name, option in declared_options(model).items() if is_secret(name, option)]


def _recorded(paths: Paths, name: str) -> frozenset[str] | None:
    known = record.last_known_good(paths, name)
    return frozenset(known.secrets) if known is not None else None


def _is_secret(at: tuple[str, ...], options: frozenset[str] | None, masker: Masker) -> bool:
    """Whether what stands at this key of a resource's file is a secret."""
    if any(part in _ENVIRONMENTS for part in at) or any(masker.is_secret(part) for part in at):
        return True
    if at[:1] != ("options",) or len(at) < 2:
        return False
    return options is None or at[1] in options


def _is_table(values: Mapping[str, Any], key: str) -> bool:
    options = values.get("options")
    return key in _ENVIRONMENTS or (
        isinstance(options, dict) and isinstance(options.get(key), dict)
    )


def _variables_in(values: Any) -> dict[str, str]:
    """The variables of all tables that are environments."""
    found: dict[str, str] = {}
    if isinstance(values, dict):
        for key, each in values.items():
            if key in _ENVIRONMENTS and isinstance(each, dict):
                found |= {name: text for name, text in each.items() if isinstance(text, str)}
            else:
                found |= _variables_in(each)
    elif isinstance(values, list):
        for each in values:
            found |= _variables_in(each)
    return found


def _files_named_in(
    values: Any, options: frozenset[str], masker: Masker, at: tuple[str, ...] = ()
) -> list[tuple[str, str]]:
    """The files that hold secrets, and the key that names each."""
    if not isinstance(values, dict):
        return []
    if list(values) == ["file"] and isinstance(values["file"], str):
        is_path = values["file"].startswith("/") and _is_secret(at, options, masker)
        return [(values["file"], shown(".".join(at)))] if is_path else []
    found = []
    for key, each in values.items():
        found += _files_named_in(each, options, masker, (*at, key))
    return found
