"""The real cluster: each fault, and where the service is afterwards.

After each: one node runs it and never two did, by the disk's own record; starts and stops were in
order; the RAS logs of both nodes are whole and paired; nothing is left anywhere.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

import pytest
from rigs.cluster import Operation, wait_for
from rigs.jp1_cluster import AJS3, BASE, World

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(240)]


def _starts(world: World, resource: str, since: float) -> list[Operation]:
    return [
        each
        for each in world.cluster.operations(since)
        if each.resource == resource and each.action == "start"
    ]


def test_a_hierarchy_is_started_in_order(world: World, recovered: Callable[..., None]) -> None:
    world.cluster.stop(world.service.name)
    world.cluster.wait_idle()
    assert world.service.processes(world.n1) == []
    began = time.monotonic()
    world.cluster.allow_start(world.service.name)
    recovered("start", began, world.n1)
    starts = [each for each in world.cluster.operations(began) if each.action == "start"]
    assert [each.resource for each in starts] == list(world.service.resources)


def test_a_monitor_at_work_when_its_resource_is_stopped_is_killed_and_told_as_aborted(
    world: World,
) -> None:
    # Of AJS3: all that is stopped before it is nginx, long before the slow monitor is over.
    world.fault(world.n1, "jajs_spmd_status", "slow=1.5")
    resource = world.service.resource(AJS3)

    def told() -> list[str]:
        lines = world.n1.text("/var/log/ark/ras.log").splitlines()
        return [line for line in lines if f" : {resource} : " in line]

    wait_for("a monitor ends", lambda: told()[-1:] and told()[-1].endswith("completed."), 20)
    wait_for("the next one is at work", lambda: told()[-1].endswith("QuickCheck start."), 20)
    before = len(told())
    world.cluster.stop(world.service.name)
    world.cluster.wait_idle()
    world.service.clear_faults(world.n1)
    assert world.service.processes(world.n1) == []
    assert any("QuickCheck aborted." in line for line in told()[before:])
    assert resource in world.cluster.monitors_cut_short(world.n1)
    world.cluster.allow_start(world.service.name)
    world.wait_in_service(world.service, world.n1)
    assert world.proof.problems() == []


def test_a_killed_nginx_is_restarted_in_place(world: World, recovered: Callable[..., None]) -> None:
    fault = world.kill_server(world.service, world.n1)
    recovered("nginx-killed", fault, world.n1)
    assert _starts(world, world.service.resource(BASE), fault) == []


def test_a_killed_process_of_ajs3_is_restarted_in_place(
    world: World, recovered: Callable[..., None]
) -> None:
    fault = world.kill(world.service, world.n1, "jajs_agtd")
    recovered("ajs3-killed", fault, world.n1)
    assert _starts(world, world.service.resource(BASE), fault) == []


def test_jp1_base_failing_alone_restarts_ajs3_with_it(
    world: World, recovered: Callable[..., None]
) -> None:
    fault = world.kill(world.service, world.n1, "jbs_spmd")
    recovered("base-killed", fault, world.n1)
    for layer in (BASE, AJS3):
        assert len(_starts(world, world.service.resource(layer), fault)) == 1


def test_at_the_migration_threshold_it_fails_over(
    world: World, recovered: Callable[..., None]
) -> None:
    first = world.kill(world.service, world.n1, "jajs_agtd")
    world.wait_recovered(world.service, first, world.n1)
    world.cluster.wait_idle()
    fault = world.kill(world.service, world.n1, "jajs_agtd")
    recovered("threshold", fault, world.n2)


def test_standby_moves_it_and_the_way_back_is_free(
    world: World, recovered: Callable[..., None]
) -> None:
    began = time.monotonic()
    world.cluster.standby(world.n1)
    recovered("standby", began, world.n2)
    world.cluster.standby(world.n1, on=False)
    back = time.monotonic()
    world.cluster.move(world.service.name, world.n1)
    recovered("switch-back", back, world.n1)


def test_the_power_of_a_whole_node_is_cut(world: World, recovered: Callable[..., None]) -> None:
    fault = time.monotonic()
    world.n1.cut_power()
    recovered("power", fault, world.n2)
    assert world.cluster.power_switch.fenced[-1].victim == "n1"


def test_a_node_that_is_cut_off_is_fenced_and_left(
    world: World, recovered: Callable[..., None]
) -> None:
    fault = time.monotonic()
    world.cluster.cut(world.n1)
    recovered("cut-off", fault, world.n2)
    assert world.cluster.power_switch.fenced[-1].victim == "n1"
    assert not world.n1.alive


def test_nodes_that_do_not_hear_each_other_the_idle_one_is_fenced(world: World) -> None:
    fault = time.monotonic()
    world.cluster.part()
    wait_for("n2 is fenced", lambda: not world.n2.alive, 60)
    world.cluster.wait_until("n2 is known to be dead", lambda view: view.online == {"n1"})
    world.cluster.wait_idle()
    assert world.cluster.power_switch.fenced[-1].victim == "n2"
    assert world.clients[world.service.name].gaps(fault) == []
    world.wait_in_service(world.service, world.n1)
    assert world.proof.problems() == []


def test_a_start_without_its_disk_fails_and_starts_nothing(world: World) -> None:
    began = time.monotonic()
    lines = world.service.configuration(world.n1).splitlines()
    [line] = [each for each in lines if each.startswith("primitive lh1-base ")]
    lonely = line.replace("lh1-base", "lonely").replace("/srv/lh1", "/srv/nowhere")
    lonely = lonely.replace(world.service.host, "NOWHERE")
    world.cluster.crm(f"{lonely} target-role=Stopped\nlocation where lonely -inf: n1\n")
    world.cluster.allow_start("lonely")
    world.cluster.wait_until(
        "the start fails", lambda view: any("lonely_start" in each for each in view.failures)
    )
    view = world.cluster.view()
    assert view is not None
    [failure] = [each for each in view.failures if "lonely_start" in each]
    assert "/srv/nowhere" in failure
    assert "not mounted" in failure
    assert [each.code for each in _starts(world, "lonely", began)] == [1]
    assert not any(each.name.startswith("jbs") for each in world.n2.processes())
    world.cluster.remove("lonely")
    assert world.proof.problems() == []


def test_a_wrong_parameter_fences_no_node(world: World) -> None:
    """What cannot be started is stopped by Pacemaker, which fences the node where that fails."""
    began = time.monotonic()
    world.cluster.crm(
        "primitive wrong ocf:ark:command params logical_host=WRONG start=relative stop=/bin/true "
        "op start timeout=30s op stop timeout=30s\n"
    )

    def stops() -> list[int | None]:
        done = [each for each in world.cluster.operations(began) if each.resource == "wrong"]
        return [each.code for each in done if each.action == "stop" and each.ended]

    wait_for("wrong is stopped", stops, 30)
    world.cluster.wait_idle()
    assert set(stops()) == {0}
    assert world.cluster.power_switch.fenced_since(began) == []
    world.cluster.remove("wrong")
    assert world.proof.problems() == []


def test_a_stop_that_hangs_is_forced(world: World, recovered: Callable[..., None]) -> None:
    world.fault(world.n1, "jajs_stop.cluster", "hang=before", "ignore_term=1")
    began = time.monotonic()
    world.cluster.standby(world.n1)
    recovered("stop-hangs", began, world.n2)
    assert world.cluster.power_switch.fenced_since(began) == []
    assert "jajs_killall.cluster" in world.n1.text("/var/log/ark/ras.log")


def test_a_monitor_that_hangs_becomes_a_failure(
    world: World, recovered: Callable[..., None]
) -> None:
    fault = world.kill(world.service, world.n1, "jajs_spmd", signal.SIGSTOP)
    recovered("monitor-hangs", fault, world.n1)
    assert "UNKNOWN" in world.n1.text("/var/log/ark/ras.log")


def test_both_nodes_lose_their_power_and_come_back(
    world: World, recovered: Callable[..., None]
) -> None:
    fault = time.monotonic()
    world.n1.cut_power()
    world.n2.cut_power()
    world.n1.boot()
    world.n2.boot()
    recovered("both-rebooted", fault, None)


def test_two_logical_hosts_cross_over(world: World, recovered: Callable[..., None]) -> None:
    other = world.add("lh2", world.n2)
    began = time.monotonic()
    world.cluster.move_at_once({"lh1": world.n2, "lh2": world.n1})
    recovered("crossing", began, world.n2)
    recovered("crossing-2", began, world.n1, other)
    fault = time.monotonic()
    world.n2.cut_power()
    recovered("mutual-power", fault, world.n1)
    assert world.cluster.where(other.resource(AJS3)) == "n1"
