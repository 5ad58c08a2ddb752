"""Writes a resource file from what a person has given on the command line, and only a right one."""

from __future__ import annotations

import json
import os
import tomllib

from arkcore.base.errors import ArkError, ConfigurationError, MachineError
from arkcore.base.paths import ensure_directory
from arkcore.cli.lifekeeper.hierarchy import Entry
from arkcore.resources.names import check_resource_name
from arkcore.resources.validation import validate, validate_values
from arkcore.worker.aside import answer_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from arkcore.base.paths import Paths


class ResourceFile:
    """One resource file, as it is to be."""

    def __init__(
        self,
        name: str,
        *,
        plugin: str,
        logical_host: str,
        requires: Sequence[str] = (),
        mount_points: Sequence[str] = (),
        options: Sequence[str] = (),
    ) -> None:
        self.name = check_resource_name(name)
        self._values: dict[str, Any] = {"plugin": plugin, "logical_host": logical_host}
        if requires:
            self._values["requires"] = list(requires)
        if mount_points:
            self._values["mount_points"] = list(mount_points)
        self._options = dict(map(_option, options))

    @property
    def entry(self) -> Entry:
        values = self._values
        requires, points = values.get("requires", []), values.get("mount_points", [])
        return Entry(
            self.name, values["plugin"], values["logical_host"], tuple(requires), tuple(points)
        )

    @property
    def text(self) -> str:
        lines = [f"{key} = {_toml(value)}" for key, value in self._values.items()]
        if self._options:
            lines += ["", "[options]"]
            lines += [f"{key} = {written}" for key, (_, written) in self._options.items()]
        return "\n".join(lines) + "\n"

    def check(self, paths: Paths) -> None:
        """Refuse what :meth:`write` refuses; nothing is written."""
        path = paths.resource_file(self.name)
        if os.path.lexists(path):
            self._compare(path)
            return
        values = tomllib.loads(self.text)
        answer_of(lambda: validate_values(paths, self.name, values).name)

    def write(self, paths: Paths) -> bool:
        """Write it and validate it; False where it stands there already as it is to be.

        One that says otherwise is left alone, and one that is wrong does not stay.
        """
        path = paths.resource_file(self.name)
        if os.path.lexists(path):
            self._compare(path)
            return False
        temporary = f"{path}.{os.getpid()}"
        try:
            ensure_directory(paths.resources)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            descriptor = os.open(temporary, flags, 0o644)
            with open(descriptor, "w", encoding="utf-8") as file:
                os.fchmod(descriptor, 0o644)
                file.write(self.text)
            os.rename(temporary, path)
        except OSError as error:
            raise MachineError(f"{path}: cannot be written: {error.strerror}") from error
        try:
            answer_of(lambda: validate(paths, self.name).name)
        except ArkError:
            os.unlink(path)
            raise
        return True

    def _compare(self, path: str) -> None:
        wanted = {**self._values, **({"options": self._parsed} if self._options else {})}
        try:
            with open(path, "rb") as file:
                there = tomllib.load(file)
        except (OSError, ValueError) as error:
            raise ConfigurationError(
                f"{path}: it is there already, and unusable: {error}"
            ) from None
        there.pop("timers", None)
        if there != wanted:
            differing = sorted(
                key for key in {*there, *wanted} if there.get(key) != wanted.get(key)
            )
            raise ConfigurationError(
                f"{path}: it is there already and says otherwise ({', '.join(differing)}); edit "
                f"it, and register without --plugin"
            )

    @property
    def _parsed(self) -> dict[str, Any]:
        return {key: value for key, (value, _) in self._options.items()}


def _option(text: str) -> tuple[str, tuple[Any, str]]:
    """KEY=VALUE as the key, the value, and the value as TOML; what is no TOML is a text."""
    key, equals, value = text.partition("=")
    bare = key.replace("_", "").replace("-", "")
    if not equals or not bare.isascii() or not bare.isalnum():
        raise ConfigurationError(f"--option {text!r}: allowed is KEY=VALUE, for instance lang=C")
    try:
        if "\n" not in value:
            return key, (tomllib.loads(f"value = {value}")["value"], value)
    except tomllib.TOMLDecodeError:
        pass
    return key, (value, _toml(value))


def _toml(value: Any) -> str:
    """Texts and lists of texts: TOML writes them as JSON does."""
    return json.dumps(value, ensure_ascii=False)
