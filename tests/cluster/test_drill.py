"""`ark drill` on the real cluster: what it reports is what the cluster's own log says."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from rigs.cluster import Operation
from rigs.jp1_cluster import AJS3, World

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(240)]

ARK = str(Path(sys.executable).with_name("ark"))
LOG = "/var/log/pacemaker/pacemaker.log"


def run_drill(world: World, which: str) -> tuple[int, dict[str, Any]]:
    """One run on n1, with the client at the virtual address; its exit code and its facts."""
    resource = world.service.resource(AJS3)
    words = ["--client-address", f"{world.service.address}:80", "--yes", "--json"]
    report = "/var/log/drill.md"
    done = world.n1.run(
        ARK, "drill", which, resource, *words, "--report", report, check=False, timeout=180
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def at(text: str) -> float:
    """A reported moment on the clock that the cluster's operations are told by."""
    return datetime.fromisoformat(text).timestamp() - (time.time() - time.monotonic())


def moments(leg: dict[str, Any]) -> dict[str, float]:
    return {each["what"]: at(each["at"]) for each in leg["times"]}


def nearest(found: list[Operation], began: float) -> Operation:
    return min(found, key=lambda each: abs(each.began - began))


def no_move_is_left(world: World) -> bool:
    return "cli-" not in world.cluster.tool("cibadmin", "--query", "--scope", "constraints").stdout


@pytest.fixture
def logged(world: World) -> Callable[[str, str, str], list[Operation]]:
    """The starts or stops of a resource on a node since the test began, as its log has them."""
    began = time.monotonic()

    def operations(node: str, resource: str, action: str) -> list[Operation]:
        return [
            each
            for each in world.cluster.operations(began)
            if (each.node, each.resource, each.action) == (node, resource, action)
        ]

    return operations


def detected(log: str, resource: str) -> float:
    """When the failed monitor was on the cluster's record, by the text of its log."""
    [found] = re.findall(
        rf"^(\w+ +\d+ [\d:.]+) .*Result of monitor operation for {resource} on n1: not running",
        log,
        re.M,
    )
    moment = datetime.strptime(f"{datetime.now().year} {found}", "%Y %b %d %H:%M:%S.%f")
    return at(moment.isoformat())


def test_all_three_pass_and_their_times_are_those_of_the_cluster_s_own_log(
    world: World, logged: Callable[[str, str, str], list[Operation]]
) -> None:
    began, log_before = time.monotonic(), len(world.n1.text(LOG))
    code, facts = run_drill(world, "all")
    assert (code, facts["passed"]) == (0, True)
    resource = world.service.resource(AJS3)
    assert world.cluster.where(resource) == "n1"
    assert no_move_is_left(world)
    legs = facts["drills"]
    ends = [(each["from"], each["to"]) for each in legs]
    assert ends == [("n1", "n1"), ("n1", "n2"), ("n2", "n1")]
    assert legs[1]["moved"] == list(world.service.resources)
    #: What is reported, less what the cluster's log or the client outside says, in seconds.
    off: dict[object, float] = {}
    for leg in legs:
        kind = leg["drill"]
        # The resource's own stop and start: on n1 from the RAS log, on n2 from the history.
        for action, node in (("stop", leg["from"]), ("start", leg["to"])):
            told = moments(leg)
            operation = nearest(logged(node, resource, action), told[f"{action}_began"])
            assert operation.ended is not None
            off[kind, action, "began"] = told[f"{action}_began"] - operation.began
            off[kind, action, "ended"] = told[f"{action}_ended"] - operation.ended
        # All that goes with it.
        assert leg["operations"]
        for each in leg["operations"]:
            found = logged(each["node"], each["resource"], each["action"])
            operation = nearest(found, at(each["began"]))
            assert operation.ended is not None
            off[kind, repr(operation), "began"] = at(each["began"]) - operation.began
            off[kind, repr(operation), "ended"] = at(each["ended"]) - operation.ended
            assert each["code"] == operation.code == 0
    log = world.n1.text(LOG)[log_before:]
    off["detected"] = moments(legs[0])["acts"] - detected(log, resource)
    gaps = world.clients[world.service.name].gaps(began)
    for leg, gap in zip(legs, gaps, strict=True):
        off[leg["drill"], "served"] = moments(leg)["served"] - gap.back
        off[leg["drill"], "gap"] = leg["without_service"][0]["seconds"] - gap.seconds
    assert {what: by for what, by in off.items() if abs(by) > 1.0} == {}


def test_with_a_plugin_that_is_sabotaged_it_fails_and_says_where(world: World) -> None:
    world.fault(world.n2, "jajs_start.cluster", "refuse=1")
    code, facts = run_drill(world, "failover")
    assert (code, facts["passed"]) == (1, False)
    resource = world.service.resource(AJS3)
    [leg] = facts["drills"]
    assert "it is not up on n2" in leg["reason"]
    assert (
        f"it began with: start of {resource} on n2: exit code 1: Expected RUNNING" in leg["reason"]
    )
    [failed] = [each for each in leg["operations"] if each["code"]]
    assert (failed["node"], failed["resource"], failed["action"]) == ("n2", resource, "start")
    assert no_move_is_left(world)
    assert leg["reason"] in world.n1.text("/var/log/drill.md")
    # Nobody is led to believe that the next one could be begun.
    refused = world.n1.run(ARK, "drill", "failover", resource, "--yes", check=False)
    assert refused.returncode == 1
    assert f"{resource} has INFINITY failures on record on n2" in refused.stderr
