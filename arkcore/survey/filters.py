"""Whether this machine's own packet filter lets a connection pass.

The rules are read and followed; nothing is sent. No program is asked that would have the kernel
load a module: without nf_tables in the kernel there is no rule of it.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass

from arkcore.survey import iptables, nft
from arkcore.survey.packet_filter import ACCEPT, DROP, Packet, Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

#: Where old kernels tell which tables iptables has.
_LEGACY = {4: "/proc/net/ip_tables_names", 6: "/proc/net/ip6_tables_names"}
_SAVE = {4: "iptables-save", 6: "ip6tables-save"}


@dataclass(frozen=True)
class Passing:
    """Whether a packet passes: None where it cannot be told. `by`: which chain says so, or why."""

    passes: bool | None
    by: str = ""


class Filters:
    """The rules of one machine. `problems`: what of them could not be read.

    `asked`: whether a program for rules is there at all.
    """

    def __init__(self, tables: list[Table], problems: list[str], *, asked: bool = True) -> None:
        self._tables = tables
        self.problems = problems
        self.asked = asked

    @property
    def has_rules(self) -> bool:
        return any(chain.rules for table in self._tables for chain in table.chains.values())

    def judged(self, packet: Packet) -> Passing:
        fates: dict[str, set[str]] = {}
        try:
            for table in self._tables:
                fates.update(table.fates(packet))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return Passing(None, f"a rule is not understood: {error}")
        for name, ends in fates.items():
            if ends == {DROP}:
                return Passing(False, name)
        for name, ends in fates.items():
            if ends != {ACCEPT}:
                return Passing(None, name)
        return Passing(None, "; ".join(self.problems)) if self.problems else Passing(True)


def filters_of(run: Callable[..., Any], read: Callable[[str], str | None]) -> Filters:
    """The rules in force. `run` and `read`: as those of a `Machine`."""
    tables: list[Table] = []
    problems: list[str] = []
    asked = False
    if _has_nf_tables(read):
        answer = run("nft", "-j", "list", "ruleset")
        asked = not answer.missing
        if answer.ok:
            try:
                tables += nft.tables_of(answer.text)
            except ValueError as error:
                problems.append(str(error))
        elif not answer.missing or _is_surely_loaded(read):
            problems.append(answer.problem)
    opaque = [table for table in tables if table.name.endswith((" ip filter", " ip6 filter"))]
    for version, listing in _LEGACY.items():
        legacy = "filter" in (read(listing) or "").split()
        written = [table for table in opaque if version in table.versions]
        if not legacy and not written:
            continue
        asked = True
        # iptables shows what nft shows by a name alone.
        answer = run(_SAVE[version])
        if answer.ok and "*filter" in answer.text:
            try:
                saved = iptables.table_of(answer.text, version)
            except ValueError as error:
                problems.append(f"{_SAVE[version]}: {error}")
                continue
            tables = [table for table in tables if table not in written] + [saved]
        elif legacy:
            problems.append(answer.problem or f"{_SAVE[version]}: no table filter")
    return Filters(tables, problems, asked=asked)


def _has_nf_tables(read: Callable[[str], str | None]) -> bool:
    """Whether nf_tables is in the kernel, or no module could be loaded by asking for it."""
    if _is_surely_loaded(read) or read("/proc/modules") is None:
        return True
    builtin = read(f"/lib/modules/{os.uname().release}/modules.builtin") or ""
    return "/nf_tables.ko" in builtin


def _is_surely_loaded(read: Callable[[str], str | None]) -> bool:
    modules = (read("/proc/modules") or "").splitlines()
    return any(line.split(" ")[0] == "nf_tables" for line in modules)


def interface_towards(run: Callable[..., Any], address: str) -> str:
    """The interface by which `address` is reached; "" where that is not known."""
    answer = run("ip", "-j", "route", "get", address)
    try:
        return str(json.loads(answer.text)[0]["dev"]) if answer.ok else ""
    except (ValueError, KeyError, IndexError, TypeError):
        return ""
