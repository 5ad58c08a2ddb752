"""What the rules of a packet filter let pass: as nft and iptables print them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from arkcore.survey import iptables, nft
from arkcore.survey.filters import Filters, filters_of
from arkcore.survey.machine import Answer
from arkcore.survey.packet_filter import Packet

#: Of a real kernel: firewalld's chains, with a set, a verdict map, ranges and a limit.
RULES = (Path(__file__).parents[1] / "preflight/ruleset.json").read_text()

SAVED = """\
*nat
:PREROUTING DROP [0:0]
COMMIT
*filter
:INPUT ACCEPT [0:0]
:OUTPUT DROP [0:0]
:local - [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -s 192.0.2.0/28 -p tcp -m multiport --dports 81,7000:7400 -j local
-A INPUT ! -s 192.0.2.0/24 -j REJECT --reject-with icmp-port-unreachable
-A INPUT -p tcp -m tcp --dport 33 -m limit --limit 3/sec -j DROP
-A INPUT -p tcp -m tcp --dport 99 -m comment --comment "no - entry" -j LOG --log-prefix "-j DROP"
-A local -p tcp -m tcp --dport 7365 -j RETURN
-A local -j DROP
-A OUTPUT -o eth+ -d 192.0.2.2/32 -j ACCEPT
COMMIT
"""


def judged(filters: Filters, port: int, **parts: Any) -> bool | None:
    packet = {"hook": "input", "interface": "eth0", "protocol": "tcp", "source": "192.0.2.2",
              "to": "192.0.2.1", "port": port, **parts}  # fmt: skip
    return filters.judged(Packet(**packet)).passes


@pytest.mark.parametrize(
    ("port", "parts", "passes"),
    [
        (22, {}, True),
        (7365, {}, False),
        (7365, {"source": "192.0.2.9"}, True),  # of the set
        (7365, {"source": "192.0.2.18"}, True),  # by the set's prefix
        (7365, {"interface": "lo"}, True),
        (8050, {}, True),  # by the range
        (8101, {}, False),
        (694, {"protocol": "udp", "source": "198.51.100.2"}, True),
        (694, {"protocol": "udp"}, False),
        (1, {}, True),  # by the verdict map
        (2, {}, False),
        (33, {}, None),  # a limit
        (44, {}, True),
        (7365, {"hook": "output"}, True),  # no chain sees it
        (22, {"source": "2001:db8::2", "to": "2001:db8::1"}, True),
        (7365, {"source": "2001:db8::2", "to": "2001:db8::1"}, False),
    ],
)
def test_nftables(port: int, parts: dict[str, str], passes: bool | None) -> None:
    assert judged(Filters(nft.tables_of(RULES), []), port, **parts) is passes


@pytest.mark.parametrize(
    ("port", "parts", "passes"),
    [
        (7365, {}, True),
        (7364, {}, False),
        (81, {}, False),
        (81, {"interface": "lo"}, True),
        (80, {"source": "203.0.113.1"}, False),
        (33, {}, None),
        (99, {}, True),
        (7365, {"hook": "output", "source": "192.0.2.1", "to": "192.0.2.2"}, True),
        (7365, {"hook": "output", "source": "192.0.2.1", "to": "192.0.2.3"}, False),
        (80, {"source": "2001:db8::2", "to": "2001:db8::1"}, True),  # of ip6tables
    ],
)
def test_iptables(port: int, parts: dict[str, str], passes: bool | None) -> None:
    assert judged(Filters([iptables.table_of(SAVED, 4)], []), port, **parts) is passes


def test_what_the_other_program_wrote_is_read_by_it() -> None:
    """nft shows a module of iptables by its name alone."""
    match = {"xt": {"type": "match", "name": "multiport"}}
    written = [
        {"table": {"family": "ip", "name": "filter"}},
        {"chain": {"family": "ip", "table": "filter", "name": "INPUT", "type": "filter",
                   "hook": "input", "prio": 0, "policy": "accept"}},
        {"rule": {"family": "ip", "table": "filter", "chain": "INPUT",
                  "expr": [match, {"xt": {"type": "target", "name": "REJECT"}}]}},
    ]  # fmt: skip
    printed = {"nft": json.dumps({"nftables": written}), "iptables-save": SAVED}
    assert judged(Filters(nft.tables_of(printed["nft"]), []), 7365) is None

    def run(program: str, *_: str) -> Answer:
        text = printed.get(program)
        return Answer(program, text or "", None if text is None else 0, missing=text is None)

    assert judged(filters_of(run, lambda _: None), 7365) is True
    assert judged(filters_of(run, lambda _: None), 81) is False


def test_without_nf_tables_in_the_kernel_nobody_has_it_loaded() -> None:
    asked = []

    def run(program: str, *_: str) -> Answer:
        asked.append(program)
        return Answer(program, "", 1)

    files = {"/proc/modules": "ext4 1 0 - Live 0x0\n"}
    assert judged(filters_of(run, files.get), 7365) is True
    assert asked == []


def test_rules_that_cannot_be_read_are_no_pass() -> None:
    def run(program: str, *_: str) -> Answer:
        return Answer(program, "not json", 0)

    assert judged(filters_of(run, lambda _: None), 7365) is None


@pytest.mark.parametrize("expression", [{"match": {"op": "=="}}, {"a": 1, "b": 2}, {"jump": {}}, 7])
def test_a_rule_that_is_not_understood_is_no_pass(expression: object) -> None:
    rules = [
        {"table": {"family": "inet", "name": "t"}},
        {"chain": {"family": "inet", "table": "t", "name": "in", "type": "filter",
                   "hook": "input", "prio": 0, "policy": "accept"}},
        {"rule": {"family": "inet", "table": "t", "chain": "in", "expr": [expression]}},
    ]  # fmt: skip
    filters = Filters(nft.tables_of(json.dumps({"nftables": rules})), [])
    assert judged(filters, 7365) is None
