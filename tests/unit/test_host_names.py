"""The names of the logical hosts, by what each application takes."""

from __future__ import annotations

import pytest

from arkcore.base.finding import Level
from arkcore.survey.host_names import Rule, check_host_names
from arkcore.survey.site import MUTUAL_STANDBY, LogicalHost, Node, Site

NODES = (Node("a", "192.0.2.1", ("198.51.100.1",)), Node("b", "192.0.2.2", ("198.51.100.2",)))
AJS3 = Rule("JP1/AJS3", 32, 15)


def levels(*names: str, rule: Rule = AJS3) -> list[Level]:
    hosts = tuple(
        LogicalHost(name, f"192.0.2.1{number}", "a", resources={f"r{number}": "p"})
        for number, name in enumerate(names)
    )
    site = Site(MUTUAL_STANDBY, "lifekeeper", NODES, hosts)
    rules = {name: rule for host in hosts for name in host.resources}
    return [each.level for each in check_host_names(site, rules)]


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (("L" * 32,), [Level.OK]),
        (("L" * 33,), [Level.FAIL]),
        (("L" * 14 + "A", "L" * 14 + "B"), [Level.OK]),
        (("L" * 15 + "A", "L" * 15 + "B"), [Level.FAIL]),
    ],
)
def test_lengths_and_beginnings(names: tuple[str, ...], found: list[Level]) -> None:
    assert levels(*names) == found


def test_without_a_rule_names_may_begin_alike() -> None:
    assert levels("L" * 40, "L" * 41, rule=Rule("other", 255, 0)) == [Level.OK]
