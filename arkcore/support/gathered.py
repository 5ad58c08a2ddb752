"""What of this node goes into a bundle: the files, in the order in which they are given room."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field, replace

from arkcore.base.errors import ArkError
from arkcore.ras.clock import Clock
from arkcore.ras.line import parse_line
from arkcore.ras.rotated import beside, packing_of
from arkcore.resources.node_file import read_node_file
from arkcore.support.files import Content, Found, content_of, files_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from arkcore.base.paths import Paths
    from arkcore.support.known import Secrets
    from arkcore.support.masking import Masker

    #: What a file is, with its secrets masked.
    Mask = Callable[[bytes], bytes]
    #: Whether a line of a log is taken.
    Wanted = Callable[[bytes], bool]

#: No file gets more than this share of all the room.
_SHARE = 4
#: Where fewer bytes are left, nothing more is taken.
_LEAST = 1 << 14
#: Logs of the cluster managers, beneath the prefix.
_LOGS_OF_MANAGERS = ("/var/log/lifekeeper.log", "/var/log/pacemaker/pacemaker.log")
#: Where everything of a node lies in its bundle, as it lies on the node.
FILES = "files"
#: Seconds. A black box is written so much later, at most, than what it tells of.
_SLACK = 60.0


@dataclass(frozen=True)
class Period:
    """The time that is asked for, in seconds since the epoch."""

    since: float = 0.0
    until: float = float("inf")

    @property
    def is_all(self) -> bool:
        return self == Period()

    def holds(self, at: float) -> bool:
        return self.since <= at < self.until


@dataclass(frozen=True)
class Item:
    """Something that may go into the bundle as `name`. `origin`: its path, or the command.

    `read`: its contents, masked, with at most so many bytes. `size`: on disk; None: not known yet.
    """

    name: str
    origin: str
    read: Callable[[int], Content]
    size: int | None = None
    modified: float = 0.0


@dataclass(frozen=True)
class Absent:
    """What is not in the bundle, and why."""

    origin: str
    why: str


@dataclass
class Plan:
    """What is going to be packed, the most telling first, and what is not."""

    items: list[Item] = field(default_factory=list)
    absent: list[Absent] = field(default_factory=list)


def plan_of(paths: Paths, secrets: Secrets, masker: Masker, period: Period) -> Plan:
    """The files of this node."""
    plan = Plan()
    taken: set[str] = set()

    def add(found: Iterable[Found], mask: Mask, wanted: Callable[[], Wanted] | None = None) -> None:
        for each in found:
            if each.problem:
                plan.absent.append(Absent(each.path, each.problem))
            else:
                plan.items.append(_item(paths, each, mask, wanted, masker, taken))

    configuration = os.path.dirname(paths.node_file)
    for each in files_in(configuration):
        add([each], _mask_of_configuration(paths, each, secrets, masker))
    for directory in (paths.library, f"{paths.prefix}/run/ark"):
        # Not the bundles of before, which supportconfig leaves there.
        found = files_in(directory, lambda name: not name.startswith("support/"))
        add((each for each in found if each.size or each.problem), masker.json)
    boxes = [*files_in(paths.blackboxes)]
    boxes.sort(key=lambda each: (-each.modified, each.name))
    for each in boxes:
        if each.problem or period.since <= each.modified <= period.until + _SLACK:
            add([each], lambda data: masker.data(data, words=True))
        else:
            plan.absent.append(Absent(each.path, "outside the period"))
    logs = [Log(paths.ras_log, masker.data, ras_moment), *_sinks(paths, masker, plan)]
    for log in logs:
        add(_parts(log.path, plan, period), log.mask, _wanted(log, period))
    outputs = os.path.dirname(paths.start_output("-"))
    for each in files_in(outputs):
        if each.problem or each.modified >= period.since:
            add([each], masker.data)
        else:
            plan.absent.append(Absent(each.path, "outside the period"))
    others = [f"{paths.prefix}{log}" for log in _LOGS_OF_MANAGERS]
    for path in others:
        add(_parts(path, plan, period), masker.data)
    known = {each for log in logs for part in beside(log.path) for each in part}
    for each in files_in(paths.log):
        if each.name.partition("/")[0] not in ("blackbox", "output") and each.path not in known:
            plan.absent.append(Absent(each.path, each.problem or "none of our files"))
    plan.absent = [Absent(masker.text(each.origin), masker.text(each.why)) for each in plan.absent]
    return plan


def room_for(item: Item, limit: int, left: int) -> int:
    """Bytes that an item may have, where `left` of `limit` are left."""
    return min(left, max(limit // _SHARE, _LEAST)) if left >= _LEAST else 0


def safe_name(path: str, taken: set[str]) -> str:
    """A name for the archive that no program could mistake; another than those `taken`."""
    parts = [re.sub(r"[^A-Za-z0-9._@+=,-]", "_", part) for part in path.split("/")]
    parts = [part for part in parts if part not in ("", ".", "..")]
    name = made = "/".join(parts)[:200] or "_"
    number = 1
    while made in taken:
        number += 1
        made = f"{name}~{number}"
    taken.add(made)
    return made


def _item(
    paths: Paths,
    found: Found,
    mask: Mask,
    wanted: Callable[[], Wanted] | None,
    masker: Masker,
    taken: set[str],
) -> Item:
    path = found.path.removeprefix(paths.prefix)
    path = path.removesuffix(packing_of(path))

    def read(limit: int) -> Content:
        # Of each reading its own: it remembers the time of the line before.
        content = content_of(found, limit, wanted() if wanted is not None else None)
        return replace(content, data=mask(content.data))

    name = safe_name(f"{FILES}/{masker.text(path)}", taken)
    return Item(name, masker.text(found.path), read, found.size, found.modified)


def _mask_of_configuration(paths: Paths, found: Found, secrets: Secrets, masker: Masker) -> Mask:
    directory, _, last = found.path.rpartition("/")
    if directory == paths.resources and last.endswith(".toml"):
        resource = last.removesuffix(".toml")
        return lambda data: secrets.masked_resource_file(resource, data, masker)
    if last.endswith(".toml"):
        return lambda data: secrets.masked_other_file(data, masker)
    return masker.data


# Logs.


@dataclass(frozen=True)
class Log:
    """A log of ours: how it is masked, and what tells the time of one of its lines."""

    path: str
    mask: Mask
    moment: Callable[[], Callable[[bytes], float | None]]


def ras_moment() -> Callable[[bytes], float | None]:
    """What tells the time of each line of a RAS log, or of a trace, in their order."""
    clock = Clock()

    def moment(line: bytes) -> float | None:
        parsed = parse_line(line.decode("utf-8", "backslashreplace"))
        return clock.of(parsed.at) if parsed is not None else None

    return moment


def json_moment() -> Callable[[bytes], float | None]:
    """The same of the log of JSON lines."""

    def moment(line: bytes) -> float | None:
        try:
            return float(json.loads(line)["record"]["time"]["timestamp"])
        except (ValueError, TypeError, LookupError, RecursionError):
            return None

    return moment


def _wanted(log: Log, period: Period) -> Callable[[], Wanted] | None:
    """What tells whether a line is of the period; None where every line is."""
    if period.is_all:
        return None

    def begin() -> Wanted:
        moment, last = log.moment(), False

        def wanted(line: bytes) -> bool:
            nonlocal last
            at = moment(line)
            if at is not None:
                last = period.holds(at)
            return last  # a line without a time belongs to the one before

        return wanted

    return begin


def _sinks(paths: Paths, masker: Masker, plan: Plan) -> list[Log]:
    """The logs that the node's file names."""
    try:
        settings = read_node_file(paths).log
    except ArkError as error:
        plan.absent.append(Absent("log.json, log.trace", f"where they are is not known: {error}"))
        return []
    found = []
    if settings.json:
        found.append(Log(settings.json, masker.json_lines, json_moment))
    if settings.trace:
        found.append(Log(settings.trace, masker.data, ras_moment))
    return found


def _parts(log: str, plan: Plan, period: Period) -> Iterator[Found]:
    """The log with its rotated parts, the newest first."""
    directory, name = os.path.split(log)
    own, others = beside(log)
    names = {os.path.basename(each) for each in own}
    for other in others:
        plan.absent.append(Absent(other, f"no name that logrotate gives to a part of {name}"))
    found = [*files_in(directory, lambda each: each in names, depth=0)] if names else []
    for each in sorted(found, key=lambda each: (-each.modified, each.name)):
        if not each.problem and each.modified < period.since:
            plan.absent.append(Absent(each.path, "outside the period"))
        else:
            yield each
