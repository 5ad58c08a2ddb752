"""Which logs are read, and for which time, as the options of a command say."""

from __future__ import annotations

import os
import re
import time

import click

from arkcore.base.errors import ArkError, ConfigurationError
from arkcore.cli.console import complain, refuse_unless_readable
from arkcore.ras.reader import Reader
from arkcore.ras.source import Source
from arkcore.resources import record
from arkcore.resources.timers import Timers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from arkcore.base.paths import Paths

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_AGO = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)([smhd])")
_DAYS = ("%Y/%m/%d", "%Y-%m-%d")
_FORMATS = [
    day + rest for day in _DAYS for rest in ("", " %H:%M", " %H:%M:%S", "T%H:%M", "T%H:%M:%S")
]
_OF_TODAY = ("%H:%M:%S", "%H:%M")


class When(click.ParamType[float]):
    """A local time, or how long ago; seconds since the epoch."""

    name = "TIME"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        if isinstance(value, float):
            return value
        text = str(value).strip()
        ago = _AGO.fullmatch(text)
        if ago is not None:
            return max(0.0, time.time() - float(ago[1]) * _UNITS[ago[2]])
        today = time.strftime("%Y/%m/%d ")
        tries = [(text, shape) for shape in _FORMATS]
        tries += [(today + text, "%Y/%m/%d " + shape) for shape in _OF_TODAY]
        for each, shape in tries:
            try:
                return time.mktime(time.strptime(each, shape))
            except (ValueError, OverflowError):
                continue
        return self.fail(
            f"{text!r} is no time: say 2h, 30m, 7d, 18:00 or 2026-11-23T18:00.", param, ctx
        )


def sources_of(paths: Paths, files: Sequence[str]) -> list[Source]:
    """The logs that are named, as PATH or NODE=PATH; this node's where none is."""
    if not files:
        refuse_unless_readable(paths.ras_log)
        found = [Source(paths.ras_log, os.uname().nodename)]
        if not found[0].parts():
            raise ConfigurationError(f"{paths.ras_log}: there is no RAS log yet")
        return found
    found = []
    for each in files:
        node, equals, path = each.partition("=")
        if not equals or "/" in node:
            node, path = "", each
        if path != "-" and not os.path.exists(path):
            raise ConfigurationError(f"{path}: there is no such file")
        if os.path.isdir(path):
            path = os.path.join(path, "ras.log")
        found.append(Source(path, node or ("" if len(files) == 1 else _name_of(path))))
    return found


def _name_of(path: str) -> str:
    """A node's name, where none is given: as its log is told apart from the others."""
    directory = os.path.basename(os.path.dirname(os.path.abspath(path)))
    return directory if os.path.basename(path) == "ras.log" else os.path.basename(path)


def limits_of(paths: Paths) -> Callable[[str], Mapping[str, float]]:
    """The timers of a resource of this node, as recorded; the defaults of any other."""
    known: dict[str, Mapping[str, float]] = {}

    def limits(resource: str) -> Mapping[str, float]:
        if resource not in known:
            known[resource] = _limits(paths, resource)
        return known[resource]

    return limits


def _limits(paths: Paths, resource: str) -> Mapping[str, float]:
    timers, under_pacemaker = Timers({}), False
    try:
        if os.path.exists(paths.record(resource)):
            found = record.last_known_good(paths, resource)
            under_pacemaker = record.parameters_here(paths, resource) is not None
            timers = found.timers if found is not None else timers
    except (ArkError, OSError, ValueError):
        pass  # the defaults
    values = {key: float("inf") if value is None else value for key, value in _items(timers)}
    if under_pacemaker:
        del values["lifekeeper.quickcheck_run"]
    return values


def _items(timers: Timers) -> Sequence[tuple[str, float | None]]:
    return list(timers.as_mapping().items())


def tell_damage(reader: Reader, *, foreign: bool) -> None:
    """On stderr what is wrong with the logs; `foreign`: also the lines that are none of theirs."""
    for damage in reader.damage:
        for text in damage.told():
            complain(text)
        for line in damage.lines if foreign else ():
            complain(f"  {line}")
