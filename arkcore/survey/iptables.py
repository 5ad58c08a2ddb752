"""The rules of iptables, as `iptables-save` prints them (iptables(8), iptables-extensions(8))."""

from __future__ import annotations

import re
import shlex

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

_CHAIN = re.compile(r":(\S+) (\S+)")
_HOOKS = {"INPUT": "input", "OUTPUT": "output"}
_DECIDED = {"ACCEPT": ACCEPT, "DROP": DROP, "REJECT": DROP, "RETURN": RETURN}
#: Targets after which the next rule is looked at.
_IDLE = frozenset(("LOG", "NFLOG", "TRACE", "MARK", "CONNMARK", "AUDIT", "NOTRACK", "CT"))
#: Modules that match nothing by themselves.
_PLAIN = frozenset(("tcp", "udp", "comment", "multiport", "conntrack", "state"))
#: Options that say how a target acts, and their number of values.
_OF_TARGETS = {
    "--reject-with": 1,
    "--log-prefix": 1,
    "--log-level": 1,
    "--nflog-prefix": 1,
    "--nflog-group": 1,
    "--comment": 1,
}


def table_of(text: str, version: int) -> Table:
    """The table `filter` of `iptables-save` (version 4) or `ip6tables-save` (6)."""
    table = Table("iptables: filter" if version == 4 else "ip6tables: filter", (version,))
    within_filter = False
    for line in text.splitlines():
        if line.startswith("*"):
            within_filter = line == "*filter"
        elif not within_filter:
            continue
        elif match := _CHAIN.match(line):
            name, policy = match.groups()
            decided = DROP if policy == "DROP" else ACCEPT
            table.chains[name] = Chain(name, _HOOKS.get(name, ""), decided)
        elif line.startswith("-A "):
            words = shlex.split(line)
            if words[1] in table.chains:
                table.chains[words[1]].rules.append(_rule(words[2:]))
    return table


def _rule(words: list[str]) -> Callable[[Packet], Iterable[tuple[bool, Step]]]:
    def steps(packet: Packet) -> Iterator[tuple[bool, Step]]:
        fits: bool | None = True
        step: Step | None = None
        ahead = list(words)
        while ahead:
            inverted = ahead[0] == "!"
            if inverted:
                del ahead[0]
            option, values = _taken(ahead)
            if option == "-j":
                step = _target(values[0])
            elif option == "-g":
                step = Step(GOTO, values[0])
            elif option not in _OF_TARGETS:
                found = _matches(option, values[0] if values else "", packet)
                fits = every((fits, negated(found) if inverted else found))
        if fits is not False and step:
            yield fits is True, step

    return steps


def _taken(ahead: list[str]) -> tuple[str, list[str]]:
    """The next option with its values, taken off the front."""
    option = ahead.pop(0)
    values = []
    while ahead and ahead[0] != "!" and not ahead[0].startswith("-"):
        values.append(ahead.pop(0))
        if option in _OF_TARGETS:
            break
    return option, values


def _target(name: str) -> Step | None:
    if name in _DECIDED:
        return Step(_DECIDED[name])
    return None if name in _IDLE else Step(JUMP, name)


def _matches(option: str, value: str, packet: Packet) -> bool | None:
    if option == "-m":
        return True if value in _PLAIN else None
    if option in ("-p", "--protocol"):
        return value in (packet.protocol, "all")
    if option in ("-s", "-d"):
        return within(packet.source if option == "-s" else packet.to, value)
    if option in ("-i", "-o"):
        if (option == "-i") != (packet.hook == "input"):
            return False
        return among(packet.interface, value) if packet.interface else None
    if option in ("--dport", "--dports"):
        return some(_holds(part, packet.port) for part in value.split(","))
    if option in ("--ctstate", "--state"):
        return "NEW" in value.split(",")
    return None


def _holds(ports: str, port: int) -> bool | None:
    first, colon, last = ports.partition(":")
    try:
        return int(first or 0) <= port <= int((last or 65535) if colon else first)
    except ValueError:
        return None
