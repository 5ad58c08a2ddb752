"""The rules of nftables, as `nft -j list ruleset` shows them (libnftables-json(5))."""

from __future__ import annotations

import json

from arkcore.survey.packet_filter import (
    ACCEPT,
    DROP,
    GOTO,
    JUMP,
    RETURN,
    Chain,
    Packet,
    Step,
    Table,
    among,
    every,
    negated,
    some,
    within,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

_VERSIONS = {"inet": (4, 6), "ip": (4,), "ip6": (6,)}
#: Expressions that neither match nor decide.
_IDLE = frozenset(("counter", "log", "comment", "mangle", "notrack", "ct count"))
#: Of an iptables target that nft shows by its name alone.
_TARGETS = {"REJECT": DROP, "LOG": "", "NFLOG": "", "TRACE": "", "AUDIT": ""}


def tables_of(text: str) -> list[Table]:
    """The tables that filter. `ValueError` where `text` is no answer of nft."""
    try:
        objects = json.loads(text)["nftables"]
        tables: dict[tuple[str, str], Table] = {}
        sets: dict[tuple[str, str, str], Any] = {}
        for each in objects:
            if (found := each.get("table")) and found["family"] in _VERSIONS:
                key = found["family"], found["name"]
                tables[key] = Table(f"nftables: {' '.join(key)}", _VERSIONS[found["family"]])
            for kind in ("set", "map"):
                if found := each.get(kind):
                    name = found["family"], found["table"], found["name"]
                    sets[name] = None if "timeout" in found else found.get("elem", [])
            if (found := each.get("chain")) and (found["family"], found["table"]) in tables:
                # A chain of NAT or routing decides nothing here.
                hook = found.get("hook", "") if found.get("type") == "filter" else ""
                tables[found["family"], found["table"]].chains[found["name"]] = Chain(
                    found["name"], hook, found.get("policy", ACCEPT)
                )
            if (found := each.get("rule")) and (found["family"], found["table"]) in tables:
                key = found["family"], found["table"]
                rule = _rule(found.get("expr", []), _Sets(sets, *key))
                tables[key].chains[found["chain"]].rules.append(rule)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"nft -j list ruleset: not understood: {error}") from error
    return list(tables.values())


class _Sets:
    """The named sets of one table: their elements, None where they are not known."""

    def __init__(self, every: dict[tuple[str, str, str], Any], family: str, table: str) -> None:
        self._every = every
        self._table = family, table

    def __call__(self, name: str) -> Any:
        return self._every.get((*self._table, name))


def _rule(
    expressions: list[dict[str, Any]], elements: Callable[[str], Any]
) -> Callable[[Packet], Iterable[tuple[bool, Step]]]:
    def steps(packet: Packet) -> Iterator[tuple[bool, Step]]:
        fits: bool | None = True
        for each in expressions:
            [(kind, value)] = each.items()
            if kind == "match":
                fits = every((fits, _matches(value, packet, elements)))
            elif kind == "vmap":
                yield from _mapped(value, packet, fits, elements)
            elif step := _step(kind, value):
                yield fits is True, step
            elif kind == "xt" and isinstance(value, dict) and value.get("type") == "target":
                if decided := _TARGETS.get(str(value.get("name"))):
                    yield fits is True, Step(decided)
            elif kind not in _IDLE:
                fits = every((fits, None))
            if fits is False:
                return

    return steps


def _step(kind: str, value: Any) -> Step | None:
    if kind in (ACCEPT, DROP, RETURN):
        return Step(kind)
    if kind == "reject":
        return Step(DROP)
    if kind in (JUMP, GOTO):
        return Step(kind, str(value["target"]))
    return None


def _mapped(
    value: dict[str, Any], packet: Packet, fits: bool | None, elements: Callable[[str], Any]
) -> Iterator[tuple[bool, Step]]:
    """The steps of a verdict map: the one of the packet's value, or all where it is not known."""
    data = value["data"]
    pairs = elements(data[1:]) if isinstance(data, str) else data.get("set")
    known, own = _value(value["key"], packet)
    for wanted, verdict in pairs if isinstance(pairs, list) else ():
        hit = _contains(wanted, own, elements) if known else None
        [(kind, told)] = verdict.items()
        step = _step(kind, told)
        if hit is not False and step:
            yield (fits is True and hit is True), step


def _matches(match: dict[str, Any], packet: Packet, elements: Callable[[str], Any]) -> bool | None:
    known, own = _value(match["left"], packet)
    if not known:
        return None
    if own is None:  # of another protocol, which the packet is not
        return False
    operator, right = match["op"], match["right"]
    if operator in ("==", "in"):
        return _contains(right, own, elements)
    if operator == "!=":
        return negated(_contains(right, own, elements))
    return None


def _value(left: Any, packet: Packet) -> tuple[bool, str | int | None]:
    """Whether a packet's value is known, and which it is; None where it has none such."""
    if not isinstance(left, dict):
        return False, None
    [(kind, what)] = left.items()
    key = what.get("key", "") if isinstance(what, dict) else ""
    if kind == "meta":
        ours = {"input": ("iifname", "iif"), "output": ("oifname", "oif")}[packet.hook]
        if key in ours:
            return bool(packet.interface), packet.interface
        if key == "l4proto":
            return True, packet.protocol
        if key in ("nfproto", "protocol"):
            names = {("nfproto", 4): "ipv4", ("nfproto", 6): "ipv6", ("protocol", 4): "ip"}
            return True, names.get((key, packet.version), "ip6")
    elif kind == "ct":
        values = {"state": "new", "status": "none", "direction": "original"}
        return key in values, values.get(key)
    elif kind == "payload" and isinstance(what, dict):
        return _header(str(what.get("protocol", "")), str(what.get("field", "")), packet)
    return False, None


def _header(protocol: str, field: str, packet: Packet) -> tuple[bool, str | int | None]:
    if protocol in ("ip", "ip6"):
        if (protocol == "ip") != (packet.version == 4):
            return True, None
        values = {
            "saddr": packet.source,
            "daddr": packet.to,
            "protocol": packet.protocol,
            "nexthdr": packet.protocol,
        }
        return field in values, values.get(field)
    if protocol in ("tcp", "udp", "th"):
        if protocol not in ("th", packet.protocol):
            return True, None
        return field == "dport", packet.port
    # ICMP and the like are other protocols.
    return True, None


def _contains(right: Any, value: str | int | None, elements: Callable[[str], Any]) -> bool | None:
    """Whether the right side of a match holds the packet's value; None where it cannot be told."""
    if value is None:
        return False
    if isinstance(right, list):
        return some(_contains(each, value, elements) for each in right)
    if isinstance(right, str) and right.startswith("@"):
        listed = elements(right[1:])
        return None if listed is None else _contains(listed, value, elements)
    if isinstance(right, (str, int)):
        return among(value, right)
    if isinstance(right, dict):
        if "set" in right:
            return _contains(right["set"], value, elements)
        if "elem" in right:
            return _contains(right["elem"].get("val"), value, elements)
        if "prefix" in right:
            return within(str(value), f"{right['prefix']['addr']}/{right['prefix']['len']}")
        if "range" in right and isinstance(value, int):
            first, last = right["range"]
            if isinstance(first, int) and isinstance(last, int):
                return first <= value <= last
    return None
