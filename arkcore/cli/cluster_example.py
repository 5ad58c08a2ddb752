"""A cluster's configuration for resources of ours, as crm and as pcs would be told it."""

from __future__ import annotations

import posixpath
import re
import shlex
from dataclasses import dataclass, field
from ipaddress import ip_address

from arkcore.base.text import shown
from arkcore.managers.operation_times import INTERVAL, usual_timeout
from arkcore.resources.timers import Timers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

#: What keeps a resource where it is; a group has that of all its members.
_STICKINESS = 100
#: How much a group would rather be on its own node, and apart from the other one. Less than keeps a
#: single resource where it is: no failback by itself.
_PREFERENCE = 50
#: What crm takes for a node's name, and pcs for no option.
_NODE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
#: The id of the constraint that keeps two groups apart.
_APART = "apart"
#: Files for pcs: the configuration as it was, and as it is to be.
_BEFORE, _AFTER = "ark-before.xml", "ark-after.xml"


@dataclass(frozen=True)
class Operation:
    """One operation of a primitive. Seconds."""

    name: str
    timeout: int
    interval: int = 0


@dataclass(frozen=True)
class Primitive:
    """One resource."""

    id: str
    agent: str
    parameters: dict[str, str]
    operations: tuple[Operation, ...]
    meta: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Group:
    """What runs together, on one node, in this order; `node`: where it would rather be."""

    id: str
    members: tuple[Primitive, ...]
    node: str

    @property
    def preference(self) -> str:
        """The id of the constraint that says where it would rather be."""
        return f"{self.id}_prefers"


# What is given. Each of these returns what two ways to write the same have in common; `ValueError`
# says what is allowed.


def same_address(text: str) -> str:
    try:
        found = ip_address(text)
    except ValueError:
        found = None
    # With a zone it would be an address of one node's interface.
    if found is None or getattr(found, "scope_id", None):
        raise ValueError("allowed is an IP address, such as 192.0.2.11")
    return str(found)


def same_device(text: str) -> str:
    """Also what is no path: `Filesystem` takes `-L LABEL` and `-U UUID` as well."""
    if shown(text) != text:
        raise ValueError("control characters are not allowed")
    return posixpath.normpath(text)


def same_directory(text: str) -> str:
    if not text.startswith("/") or shown(text) != text:
        raise ValueError("allowed is an absolute path without control characters")
    return posixpath.normpath(f"/{text.lstrip('/')}")


def same_node(text: str) -> str:
    if not _NODE.fullmatch(text):
        raise ValueError(
            "allowed are letters, digits and . _ -, beginning with a letter, a digit or _"
        )
    return text


# As resources.


def identifier(text: str) -> str:
    """`text` as an id that the cluster's XML allows."""
    plain = re.sub(r"[^A-Za-z0-9_.-]", "_", text)
    return plain if re.match(r"[A-Za-z_]", plain) else f"_{plain}"


def of_plugin(id: str, plugin: str, parameters: dict[str, str], timers: Timers) -> Primitive:
    """A resource of ours: timeouts that its timers fit into; restarted as often as by a recover.

    At the failure that reaches migration-threshold Pacemaker moves it: it is restarted in place at
    one failure less. 0 would be no threshold at all.
    """
    monitor = Operation("monitor", usual_timeout("monitor", timers), INTERVAL)
    start, stop = (Operation(name, usual_timeout(name, timers)) for name in ("start", "stop"))
    meta = {
        "migration-threshold": f"{timers['recover.attempts'] + 1:g}",
        "failure-timeout": f"{timers['recover.window']:g}s",
    }
    return Primitive(id, f"ocf:ark:{plugin}", parameters, (start, stop, monitor), meta)


def virtual_ip(id: str, ip: str) -> Primitive:
    operations = (Operation("start", 20), Operation("stop", 20), Operation("monitor", 20, 10))
    return Primitive(id, "ocf:heartbeat:IPaddr2", {"ip": ip}, operations)


def shared_disk(id: str, device: str, mount_point: str, kind: str) -> Primitive:
    operations = (Operation("start", 60), Operation("stop", 60), Operation("monitor", 40, 20))
    parameters = {"device": device, "directory": mount_point, "fstype": kind}
    return Primitive(id, "ocf:heartbeat:Filesystem", parameters, operations)


def repeated_id(groups: Sequence[Group]) -> str:
    """An id that two parts of the configuration would bear; "" where there is none."""
    seen = {_APART} if len(groups) > 1 else set()
    for group in groups:
        for id in (group.id, group.preference, *(each.id for each in group.members)):
            if id in seen:
                return id
            seen.add(id)
    return ""


def not_for_crm(groups: Sequence[Group]) -> str:
    """A value that crm would alter or trip over; "" where there is none.

    It makes character references of what is not ASCII, and escapes no backslash in the text that it
    makes of a value and then reads again.
    """
    members = (each for group in groups for each in group.members)
    values = (value for each in members for value in each.parameters.values())
    return next((value for value in values if not value.isascii() or "\\" in value), "")


# As text.


def crm_text(groups: Sequence[Group]) -> str:
    """The configuration for `crm configure load update FILE`."""
    blocks = []
    for group in groups:
        blocks += [_crm_primitive(primitive) for primitive in group.members]
        blocks.append(f"group {group.id} {' '.join(each.id for each in group.members)}")
        blocks.append(f"location {group.preference} {group.id} {_PREFERENCE}: {group.node}")
    if len(groups) > 1:
        first, second = groups[:2]
        blocks.append(f"colocation {_APART} -{_PREFERENCE}: {second.id} {first.id}")
    blocks.append(f"rsc_defaults resource-stickiness={_STICKINESS}")
    return "\n".join(blocks)


def _crm_primitive(primitive: Primitive) -> str:
    parts = [f"primitive {primitive.id} {primitive.agent}"]
    parts.append(f"params {_pairs(primitive.parameters, _crm_quoted)}")
    parts += [f"op {_operation(each)}" for each in primitive.operations]
    if primitive.meta:
        parts.append(f"meta {_pairs(primitive.meta, _crm_quoted)}")
    return " \\\n    ".join(parts)


def pcs_text(groups: Sequence[Group]) -> str:
    """The same as a script of pcs.

    The cluster is given all of it at once: before its constraints are there, a group would start on
    either node, and then stay there.
    """
    words = [f"resource defaults update resource-stickiness={_STICKINESS}"]
    for group in groups:
        words += [_pcs_create(primitive, group.id) for primitive in group.members]
        words.append(f"constraint location {group.id} prefers {group.node}={_PREFERENCE}")
    if len(groups) > 1:
        first, second = groups[:2]
        words.append(f"constraint colocation add {second.id} with {first.id} score=-{_PREFERENCE}")
    before = ["set -e", f"pcs cluster cib {_BEFORE}", f"cp {_BEFORE} {_AFTER}"]
    after = f"pcs cluster cib-push {_AFTER} diff-against={_BEFORE}"
    return "\n".join([*before, *(f"pcs -f {_AFTER} {each}" for each in words), after])


def _pcs_create(primitive: Primitive, group: str) -> str:
    parts = [f"resource create {primitive.id} {primitive.agent}"]
    parts.append(_pairs(primitive.parameters, shlex.quote))
    parts += [f"op {_operation(each)}" for each in primitive.operations]
    if primitive.meta:
        parts.append(f"meta {_pairs(primitive.meta, shlex.quote)}")
    parts.append(f"--group {group}")
    return " \\\n    ".join(parts)


def _operation(operation: Operation) -> str:
    return f"{operation.name} interval={operation.interval}s timeout={operation.timeout}s"


def _pairs(values: dict[str, str], quoted: Callable[[str], str]) -> str:
    return " ".join(f"{key}={quoted(value)}" for key, value in values.items())


def _crm_quoted(value: str) -> str:
    plain = re.fullmatch(r"[A-Za-z0-9_./:+-]+", value)
    return value if plain else '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
