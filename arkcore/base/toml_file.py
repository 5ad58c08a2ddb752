"""Reads our TOML files, and says in one line what is wrong: file, key, value, what is allowed."""

from __future__ import annotations

from arkcore.base.errors import ConfigurationError
from arkcore.base.text import shown
from arkcore.base.trusted import owners, read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


def read_toml(
    where: str, prefix: str, missing: str = "there is no such resource file"
) -> dict[str, Any]:
    """The tables of the file `where`. `prefix`: what comes before our paths.

    `missing`: what is said where there is none. `ConfigurationError` also where others could have
    written the file.
    """
    import tomllib

    try:
        data = read(where, owners(prefix))
        if data.startswith(_UTF16_MARKS):
            raise ConfigurationError(f"{where}: written in UTF-16; save it as UTF-8")
        # An editor's mark of UTF-8 means nothing.
        return tomllib.loads(data.removeprefix(_UTF8_MARK).decode())
    except FileNotFoundError:
        raise ConfigurationError(f"{where}: {missing}") from None
    except OSError as error:
        raise ConfigurationError(f"{where}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"{where}: not UTF-8: {error.reason} at byte {error.start}"
        ) from error
    except (ValueError, RecursionError) as error:  # ValueError: also a number of 5,000 digits
        raise ConfigurationError(f"{where}: not TOML: {shown(str(error))}") from error


def refuse_unknown(
    values: Mapping[str, Any], allowed: tuple[str, ...], where: str, prefix: str
) -> None:
    """Refuse keys that are none of `allowed`; `prefix` stands before a key in what is said."""
    for key in values:
        if key not in allowed:
            names = ", ".join(allowed) or "none"
            # Not its value: that may be a password under a misspelt key.
            raise ConfigurationError(
                f"{where}: {prefix}{shown(key)}: unknown key; allowed: {names}"
            )


def text(values: Mapping[str, Any], key: str, where: str) -> str:
    """The text that must stand at `key`."""
    if key not in values:
        raise ConfigurationError(f"{where}: {key}: missing; it must be given, as text")
    value = values[key]
    if not isinstance(value, str) or not value:
        raise ConfigurationError(f"{where}: {key} = {value!r}: must be text")
    return value


def texts(values: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    """The list of texts at `key`; empty where there is none."""
    value = values.get(key, [])
    if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
        raise ConfigurationError(f"{where}: {key} = {value!r}: must be a list of texts")
    return tuple(value)


def table(values: Mapping[str, Any], key: str, where: str) -> dict[str, Any]:
    """The table at `key`; empty where there is none."""
    value = values.get(key, {})
    if not isinstance(value, dict):
        raise ConfigurationError(f"{where}: {key}: must be a table, [{key}]")
    return value


def choice(
    values: Mapping[str, Any], key: str, allowed: tuple[str, ...], where: str, prefix: str
) -> None:
    """Refuse a value at `key` that is none of `allowed`."""
    if key in values and values[key] not in allowed:
        names = ", ".join(map(repr, allowed))
        raise ConfigurationError(f"{where}: {prefix}{key} = {values[key]!r}: allowed: {names}")


def whole_number(
    values: Mapping[str, Any], key: str, least: int, most: int, where: str, prefix: str
) -> None:
    """Refuse a value at `key` that is no whole number from `least` to `most`."""
    value = values.get(key, least)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ConfigurationError(
            f"{where}: {prefix}{key} = {value!r}: allowed: whole numbers from {least} to {most}"
        )
