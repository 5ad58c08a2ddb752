"""The node's own file, ark.toml: reads and validates it."""

from __future__ import annotations

import os

from arkcore.base.errors import ConfigurationError, NodeError
from arkcore.base.toml_file import choice, read_toml, refuse_unknown, table, texts, whole_number
from arkcore.resources.resource import LogSettings, RasSettings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from arkcore.base.paths import Paths

NODE_KEYS = ("ras", "log", "observers")
_LOG_KEYS = ("stderr", "journal", "json", "trace", "group")
#: The least and the most that each may be.
_LOG_NUMBERS = {
    "blackboxes": (5, 1000),
    "blackbox_days": (0, 3650),
    "incident_days": (0, 3650),
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
    refuse_unknown(values, NODE_KEYS, where, "")
    ras = table(values, "ras", where)
    check_ras(ras, where)
    log = table(values, "log", where)
    refuse_unknown(log, (*_LOG_KEYS, *_LOG_NUMBERS), where, "log.")
    for key in ("stderr", "journal"):
        choice(log, key, LogSettings.LEVELS, where, "log.")
    for key in ("json", "trace"):
        path = log.get(key, "")
        if not isinstance(path, str) or (path and not path.startswith("/")):
            raise ConfigurationError(f"{where}: log.{key} = {path!r}: must be an absolute path")
    group = log.get("group", "")
    if not isinstance(group, str):
        raise ConfigurationError(f"{where}: log.group = {group!r}: must be the name of a group")
    for key, (least, most) in _LOG_NUMBERS.items():
        whole_number(log, key, least, most, where, "log.")
    return NodeSettings(ras, LogSettings(**log), texts(values, "observers", where))


def check_ras(values: Mapping[str, Any], where: str) -> RasSettings:
    refuse_unknown(values, ("detail", "quickcheck"), where, "ras.")
    choice(values, "detail", RasSettings.DETAIL, where, "ras.")
    choice(values, "quickcheck", RasSettings.QUICKCHECK, where, "ras.")
    return RasSettings(**values)
