"""What a packet filter does with the first packet of a connection: let it pass, drop it, or either.

A rule that asks for something that is not known here (a limit, a mark) may fit or not. Then both
ways are followed, and both ends are told.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ACCEPT, DROP, RETURN, JUMP, GOTO = "accept", "drop", "return", "jump", "goto"
#: Chains that call one another deeper are not followed; the kernel allows 16 (nft(8)).
_DEEPEST = 16


@dataclass(frozen=True)
class Packet:
    """The first packet of a connection. `hook`: "input" or "output"; `interface`: in or out."""

    hook: str
    interface: str
    protocol: str
    source: str
    to: str
    port: int

    @property
    def version(self) -> int:
        return ipaddress.ip_address(self.to).version


@dataclass(frozen=True)
class Step:
    """What a rule that fits does. `target`: the chain of a jump or goto."""

    kind: str
    target: str = ""


@dataclass
class Chain:
    """A chain of rules. `hook` and `policy`: of a base chain; "" of any other."""

    name: str
    hook: str = ""
    policy: str = ""
    rules: list[Callable[[Packet], Iterable[tuple[bool, Step]]]] = field(default_factory=list)


@dataclass
class Table:
    """Chains that may call one another. `versions`: of IP that it sees."""

    name: str
    versions: tuple[int, ...]
    chains: dict[str, Chain] = field(default_factory=dict)

    def fates(self, packet: Packet) -> dict[str, set[str]]:
        """What may become of `packet`, by each base chain that sees it."""
        if packet.version not in self.versions:
            return {}
        found = {}
        for chain in self.chains.values():
            if chain.hook == packet.hook:
                ends = self._ends(chain, packet, 0)
                if RETURN in ends:
                    ends = (ends - {RETURN}) | {chain.policy}
                found[f"{self.name} {chain.name}"] = ends
        return found

    def _ends(self, chain: Chain | None, packet: Packet, depth: int) -> set[str]:
        if chain is None or depth > _DEEPEST:
            return {ACCEPT, DROP, RETURN}
        found: set[str] = set()
        for rule in chain.rules:
            for certain, step in rule(packet):
                if step.kind in (JUMP, GOTO):
                    ends = self._ends(self.chains.get(step.target), packet, depth + 1)
                else:
                    ends = {step.kind}
                goes_on = step.kind == JUMP and RETURN in ends
                found |= ends - {RETURN} if goes_on else ends
                if certain and not goes_on:
                    return found
        return found | {RETURN}


def among(value: str | int, wanted: str | int) -> bool:
    """Whether a packet's value is the one that a rule names: a name may end in * or +."""
    text, pattern = str(value), str(wanted)
    if pattern.endswith(("*", "+")) and isinstance(wanted, str):
        return fnmatchcase(text, f"{pattern[:-1]}*")
    return text == pattern


def within(address: str, network: str) -> bool | None:
    """Whether an address is of a network, "192.0.2.0/24"; None where it is no network."""
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return None


def negated(fits: bool | None) -> bool | None:
    return None if fits is None else not fits


def every(answers: Iterable[bool | None]) -> bool | None:
    """Whether all of them hold; None where that is not known."""
    known = list(answers)
    if False in known:
        return False
    return None if None in known else True


def some(answers: Iterable[bool | None]) -> bool | None:
    """Whether one of them holds; None where that is not known."""
    known = list(answers)
    if True in known:
        return True
    return None if None in known else False
