"""Validates the table [start] of a resource: how urgent a started product is, what it may use."""

from __future__ import annotations

from arkcore.base.errors import ConfigurationError
from arkcore.resources.resource import StartSettings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, NoReturn, TypeGuard

#: The limits of setrlimit(2), by the names that limits.conf(5) and prlimit(1) have for them.
LIMITS = {
    "as": "RLIMIT_AS",
    "core": "RLIMIT_CORE",
    "cpu": "RLIMIT_CPU",
    "data": "RLIMIT_DATA",
    "fsize": "RLIMIT_FSIZE",
    "memlock": "RLIMIT_MEMLOCK",
    "msgqueue": "RLIMIT_MSGQUEUE",
    "nofile": "RLIMIT_NOFILE",
    "nproc": "RLIMIT_NPROC",
    "rtprio": "RLIMIT_RTPRIO",
    "sigpending": "RLIMIT_SIGPENDING",
    "stack": "RLIMIT_STACK",
}
UNLIMITED = -1
_KEYS = ("nice", "limits", "slice")
_LARGEST = (1 << 63) - 1
_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-")


def check_start(values: Mapping[str, Any], where: str) -> StartSettings:
    """The settings in the table [start]. `ConfigurationError` says which value is wrong."""
    for key, value in values.items():
        if key not in _KEYS:
            _refuse(where, key, value, f"unknown key; allowed: {', '.join(_KEYS)}")
    nice = values.get("nice", 0)
    if not _is_whole(nice) or not -20 <= nice <= 19:
        _refuse(where, "nice", nice, "must be a whole number from -20 to 19")
    limits = values.get("limits", {})
    if not isinstance(limits, dict):
        _refuse(where, "limits", limits, "must be a table, for instance { nofile = 65536 }")
    checked = {name: _limit(name, limit, where) for name, limit in limits.items()}
    name = values.get("slice", "")
    if not isinstance(name, str) or (name and not _is_slice(name)):
        allowed = 'must be the name of a systemd slice, for instance "jp1.slice"'
        _refuse(where, "slice", name, allowed)
    return StartSettings(nice, checked, name)


def _limit(name: str, limit: object, where: str) -> list[int]:
    if name not in LIMITS:
        _refuse(where, f"limits.{name}", limit, f"unknown; allowed: {', '.join(LIMITS)}")
    both = limit if isinstance(limit, list) and len(limit) == 2 else [limit, limit]
    numbers = [UNLIMITED if each == "unlimited" else each for each in both]
    allowed = 'must be a whole number, "unlimited", or a list of soft and hard limit'
    found: list[int] = []
    for number in numbers:
        if not _is_whole(number) or not UNLIMITED <= number <= _LARGEST:
            _refuse(where, f"limits.{name}", limit, allowed)
        found.append(number)
    soft, hard = found
    if hard != UNLIMITED and (soft == UNLIMITED or soft > hard):
        _refuse(where, f"limits.{name}", limit, "the soft limit must not be above the hard one")
    return found


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_slice(name: str) -> bool:
    """Whether systemd.slice(5) allows it: words joined by single dashes, then ".slice"."""
    words = name.removesuffix(".slice").split("-")
    plain = _PLAIN.issuperset(name) and name.endswith(".slice") and len(name) <= 255
    return plain and all(word.strip(".") for word in words)


def _refuse(where: str, key: str, value: object, allowed: str) -> NoReturn:
    raise ConfigurationError(f"{where}: start.{key} = {value!r}: {allowed}")
