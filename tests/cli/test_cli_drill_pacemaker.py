"""`ark drill` under Pacemaker: what it refuses, and that a move's constraint is always taken back.

The tools here only say what a test has them say; the real ones are asked in tests/cluster.
"""

from __future__ import annotations

import signal

import pytest
from agents import SUCCESS, Agent
from drilling import Drilling
from pretended_pacemaker import PretendedPacemaker
from support import ToyNode

CLEAR = "--resource all --clear"


@pytest.fixture
def cluster(node: ToyNode) -> PretendedPacemaker:
    """toy1 runs here, on n1, as a resource of Pacemaker's."""
    (node.resources / "toy1.toml").unlink()
    agent = Agent(node.prefix, "toy", logical_host="LHOST1", home=node.home)
    assert agent.start().code == SUCCESS
    return PretendedPacemaker(node.prefix)


def drilled(node: ToyNode, *words: str) -> Drilling:
    drilling = Drilling(node, *words, "--yes")
    drilling.end()
    return drilling


def partner(**state: bool) -> dict[str, object]:
    return {"nodes": {"n1": {}, "n2": state}}


THREE = {"nodes": {"n1": {}, "n2": {}, "n3": {}}}
#: What the cluster says, and what is answered; for a failover, and for a local recovery.
FAILOVER = {
    "no quorum": ({"quorum": False}, "the cluster has no quorum; see: crm_mon -1"),
    "cluster in maintenance": (
        {"maintenance-mode": True},
        "first: crm_attribute --name maintenance-mode --update false",
    ),
    "fencing": ({"fencing": "n2"}, "n2: fencing is pending; wait for its end"),
    "offline": (partner(online=False), "n2 is offline; start Pacemaker there first"),
    "standby": (
        partner(standby=True),
        "n2 is in standby; first: crm_standby --node n2 --delete",
    ),
    "unclean": (partner(unclean=True), "n2 is unclean: it is to be fenced; see: crm_mon -1"),
    "joining": (partner(pending=True), "n2 is joining; wait until it has"),
    "node in maintenance": (
        partner(maintenance=True),
        "n2 is in maintenance; first: crm_attribute --node n2 --name maintenance --delete",
    ),
    "stopped": (
        {"resource": {"role": "Stopped", "node": "", "managed": True}},
        "the cluster says of toy1: toy1: Stopped; bring it in service on one node first",
    ),
    "unmanaged": (
        {"resource": {"role": "Started", "node": "n1", "managed": False}},
        "toy1 is not managed by the cluster",
    ),
    "clone": ({"group": "clone"}, "toy1 is of the clone all: it runs on every node"),
    "three nodes": (THREE, "the cluster has 2 other nodes (n2, n3); a drill needs one"),
    "failures": (
        {"failures": {"toy1": "INFINITY"}},
        "toy1 has INFINITY failures on record on n2; when their cause is gone: "
        "crm_resource --cleanup --resource toy1",
    ),
    "failures of what goes along": (
        {"failures": {"ip": "2"}},
        "ip has 2 failures on record on n2",
    ),
    "something would run nowhere": (
        {"simulated": {"toy1": "n2", "db": ""}},
        "the cluster would stop db and run it nowhere",
    ),
    "would not run there": (
        {"simulated": {}},
        "the cluster would not run toy1 on n2 (constraints, or what it needs there)",
    ),
}
LOCAL = {
    "not monitored": ({"monitor": ""}, "toy1 has no monitor operation"),
    "would be moved": (
        {"recovered": {"toy1": "n2"}},
        "at its next failure the cluster would run toy1 on n2, not here again",
    ),
    "on the other node": (
        {"resource": {"role": "Started", "node": "n2", "managed": True}},
        "on n2: ark drill local-recovery toy1",
    ),
}
CASES = [("failover", *each) for each in FAILOVER.values()]
CASES += [("local-recovery", *each) for each in LOCAL.values()]


@pytest.mark.parametrize(("kind", "facts", "told"), CASES, ids=[*FAILOVER, *LOCAL])
def test_it_is_refused_in_one_line_and_nothing_is_done(node, cluster, kind, facts, told) -> None:
    cluster.write(**facts)
    alive, log = node.daemons(), node.ras
    drilling = drilled(node, kind, "toy1")
    assert drilling.process.returncode == 1
    assert drilling.out == "toy1 (LHOST1): checking that all is ready for the drill\n"
    [line] = drilling.err.splitlines()
    assert line.startswith("ark: refused: ")
    assert told in line
    assert (node.daemons(), node.ras, cluster.calls) == (alive, log, [])


def test_a_constraint_that_is_there_already_is_not_taken_for_ours(node, cluster) -> None:
    cluster.constraint.touch()
    drilling = drilled(node, "failover", "toy1")
    assert drilling.process.returncode == 1
    assert "cli-prefer-all: a move has left this constraint" in drilling.err
    assert f"crm_resource {CLEAR}" in drilling.err
    assert cluster.constraint.exists()
    assert cluster.calls == []


def test_without_pacemaker_s_answer_it_is_refused(node, cluster) -> None:
    (node.prefix / "usr/sbin/crm_node").write_text("#!/bin/sh\nexit 102\n")
    drilling = drilled(node, "failover", "toy1")
    assert "Pacemaker does not answer on this node; first: systemctl" in drilling.err


def announced(node: ToyNode, *words: str) -> str:
    """What it says that it would do; then nobody can be asked, so that nothing is done."""
    drilling = Drilling(node, *words)
    assert drilling.end() == 2
    return drilling.out


def test_one_of_several_nodes_is_named_by_its_name(node, cluster) -> None:
    cluster.write(**THREE, simulated={"toy1": "n3"})
    assert "--to n9: no other node" in drilled(node, "failover", "toy1", "--to", "n9").err
    told = announced(node, "failover", "toy1", "--to", "n3")
    assert "from n1 to n3: crm_resource --resource all --move --node n3" in told


def test_all_that_goes_along_is_named_and_the_group_is_moved(node, cluster) -> None:
    told = announced(node, "failover", "toy1", "--within", "60")
    assert "stopped and started: ip toy1" in told
    assert "crm_resource --resource all --move --node n2 --lifetime=PT11M" in told
    assert cluster.calls == []


def test_without_within_the_limit_is_what_the_operations_may_take(node, cluster) -> None:
    # Nothing is configured: 20 s for each start and stop, of two resources; and 30 to decide.
    assert "waits at most 110 s" in announced(node, "failover", "toy1")


def test_what_the_cluster_runs_elsewhere_meanwhile_need_not_go_along(node, cluster) -> None:
    places = {"ip": "n2", "toy1": "n2", "power": "n1"}
    cluster.write(moves=True, others={"power": "n1"}, simulated=places)
    drilling = drilled(node, "failover", "toy1", "--within", "30")
    assert drilling.process.returncode == 0, drilling.out
    assert "toy1: PASSED" in drilling.out
    assert "toy1: Started n2" in drilling.out


# The constraint.


def test_a_move_that_fails_leaves_no_constraint(node, cluster) -> None:
    drilling = drilled(node, "failover", "toy1", "--within", "1")
    assert drilling.process.returncode == 1
    assert "Pacemaker has done nothing about it within 1 s" in drilling.out
    assert cluster.calls == ["--resource all --move --node n2 --lifetime=PT11M", CLEAR]
    assert not cluster.constraint.exists()
    assert f"the move's constraint was taken back: crm_resource {CLEAR}" in drilling.out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_move_leaves_no_constraint(node, cluster, number) -> None:
    drilling = Drilling(node, "failover", "toy1", "--yes")
    drilling.read_until("ordered: crm_resource")
    drilling.process.send_signal(number)
    assert drilling.end() == 1
    assert "toy1: INTERRUPTED" in drilling.out
    assert "toy1: Started n1" in drilling.out
    assert cluster.calls[-1] == CLEAR
    assert not cluster.constraint.exists()


def test_it_is_asked_for_again_where_the_cluster_does_not_answer(node, cluster) -> None:
    cluster.write(**{"clear fails": 2})
    drilling = drilled(node, "failover", "toy1", "--within", "1")
    assert not cluster.constraint.exists()
    assert cluster.calls.count(CLEAR) == 3
    assert "was taken back" in drilling.out


def test_one_that_is_left_is_told_loudly_with_the_command(node, cluster) -> None:
    cluster.write(**{"clear fails": 99})
    drilling = drilled(node, "failover", "toy1", "--within", "1")
    assert drilling.process.returncode == 1
    assert "the move's constraint is LEFT: the cluster does not answer" in drilling.err
    assert f"give the command: crm_resource {CLEAR}" in drilling.err
