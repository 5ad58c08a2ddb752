"""Every timer as it acts, and where its value is set."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass

from arkcore.resources import record
from arkcore.resources import timers as engine
from arkcore.resources.parameters import timer_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from arkcore.base.paths import Paths
    from arkcore.resources.resource import Resource
    from arkcore.resources.timers import Timer


@dataclass(frozen=True)
class Row:
    """One timer as it acts, and who says so: "", "plugin", "file" or "cluster"."""

    timer: Timer
    value: float | None
    source: str


def rows_of(paths: Paths, resource: Resource | None) -> list[Row]:
    """Every timer of a resource; the defaults where there is none."""
    if resource is None:
        return [Row(timer, timer.default, "") for timer in engine.TIMERS]
    parameters = record.parameters_here(paths, resource.name)
    if parameters is None:
        given = _keys_in_file(paths.resource_file(resource.name))
    else:
        given = {key for name in parameters.texts if (key := timer_of(name))}
    values = resource.timers.as_mapping()
    rows = []
    for timer in engine.TIMERS:
        value = values[timer.key]
        differs = value != timer.default
        source = "plugin"
        if timer.key in given:
            source = "file" if parameters is None else "cluster"
        rows.append(Row(timer, value, source if differs else ""))
    return rows


def _keys_in_file(path: str) -> set[str]:
    """The timers a resource's file sets; it has validated before."""
    try:
        with open(path, "rb") as file:
            return set(_flat(tomllib.load(file).get("timers", {}), ""))
    except (OSError, ValueError):
        return set()


def _flat(table: Mapping[str, Any], prefix: str) -> list[str]:
    keys: list[str] = []
    for key, value in table.items():
        keys += _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else [f"{prefix}{key}"]
    return keys
