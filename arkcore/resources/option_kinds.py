"""The kinds of options that more is known of than their type: path, address, port, user."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from arkcore.plugin.application import Option

PATH, ADDRESS, PORT, USER = "path", "address", "port", "user"
#: The type that an option of each kind must have.
TYPES: dict[str, type] = {PATH: str, ADDRESS: str, PORT: int, USER: str}
_LARGEST_PORT = 65535


def refusal(option: Option, value: Any) -> str:
    """What is allowed, where `value` is none of the option's kind; "" where it is one."""
    if not option.kind or (value == option.default and value in ("", 0)):
        return ""  # not given
    return _CHECKS[option.kind](value)


def _path(value: str) -> str:
    good = value.startswith("/") and "\0" not in value and "\n" not in value
    return "" if good else "must be an absolute path"


def _address(value: str) -> str:
    import ipaddress

    if value == "localhost":
        return ""
    try:
        address = ipaddress.ip_address(value)
        good = not address.is_multicast and "%" not in value
    except ValueError:
        good = False
    return "" if good else "allowed: localhost and IP addresses, without a zone"


def _port(value: int) -> str:
    return "" if 1 <= value <= _LARGEST_PORT else f"allowed: from 1 up to {_LARGEST_PORT}"


def _user(value: str) -> str:
    good = value and value.isprintable() and not set(value) & set(":/ \t,")
    return "" if good else "must be the name of a user"


_CHECKS: dict[str, Callable[[Any], str]] = {
    PATH: _path,
    ADDRESS: _address,
    PORT: _port,
    USER: _user,
}


def unique_groups(declared: Mapping[str, Option]) -> dict[str, list[str]]:
    """The names of the options in each group whose values no two resources may share."""
    groups: dict[str, list[str]] = {}
    for name, option in declared.items():
        if option.unique:
            groups.setdefault(option.unique, []).append(name)
    return groups


def shared_group(
    declared: Mapping[str, Option], ours: Mapping[str, Any], theirs: Mapping[str, Any]
) -> list[str]:
    """The options of a group that both have with the same values; empty where they share none.

    An option that is not given counts with its default; a group of which nothing is given anywhere
    and whose defaults are empty is nobody's.
    """
    for names in unique_groups(declared).values():
        mine = [ours.get(name, declared[name].default) for name in names]
        other = [theirs.get(name, declared[name].default) for name in names]
        if mine == other and any(each not in ("", 0, None) for each in mine):
            return names
    return []
