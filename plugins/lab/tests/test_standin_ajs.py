"""JP1/AJS3 Manager and Agent: processes, start, -HA, status."""

from __future__ import annotations

import os
import signal
import time

from ark_lab import Kind, Product, StandIn
from ark_lab.testing import HOST, Lab

MANAGER = ["jajs_dbmd_JF0", "jajs_hstd", "jajs_schd_AJSROOT1", "jajs_agtd"]


def pid_of(node: StandIn, name: str) -> int:
    return next(process.pid for process in node.processes() if process.name == name)


def kill(node: StandIn, name: str) -> int:
    pid = pid_of(node, name)
    os.kill(pid, signal.SIGKILL)
    return pid


def names(node: StandIn) -> set[str]:
    found = node.processes(HOST)
    return {process.name for process in found if "jp1ajs2" in process.exe.parts}


def status(node: StandIn) -> int:
    return node.run("jajs_spmd_status", "-h", HOST).returncode


def test_manager_processes_are_those_of_the_reference(ajs: StandIn) -> None:
    assert names(ajs) == {"jajs_spmd", *MANAGER}
    assert ("jajs_spmd", HOST) in {process.args for process in ajs.processes(HOST)}
    assert status(ajs) == 0


def test_agent_processes_are_those_of_the_reference(lab: Lab) -> None:
    agent = lab.node(product=Product.AGENT)
    agent.run("jbs_start.cluster", HOST)
    agent.run("jajs_start.cluster", HOST, "-HA")
    assert names(agent) == {"jajs_spmd", "jpqmon", "jpoagent"}
    assert status(agent) == 0


def test_queueless_daemons_are_the_machines(ajs: StandIn) -> None:
    machine = {process.name for process in ajs.processes() if process.kind is Kind.MACHINE}
    assert machine == {"hntr2mon", "ajsqlagtd", "ajsqlftpd"}


def queueless(node: StandIn) -> list[bytes]:
    """
    The lines of ajsqlstatus about its services.
    """
    lines = node.run("ajsqlstatus", "-h", HOST).stdout.splitlines()
    return [line for line in lines if line.startswith(b"Queueless")]


def test_ajsqlstatus_has_a_line_for_each_service(ajs: StandIn) -> None:
    assert ajs.run("ajsqlstatus", "-h", HOST).returncode == 0
    assert queueless(ajs) == [
        b"Queueless agent service         : active",
        b"Queueless file transfer service : active",
    ]


def test_ajsqlstatus_calls_a_dead_service_inactive(ajs: StandIn) -> None:
    kill(ajs, "ajsqlagtd")
    expected = [
        b"Queueless agent service         : inactive",
        b"Queueless file transfer service : active",
    ]
    assert ajs.wait_until(lambda: queueless(ajs) == expected)


def test_start_prints_the_status_at_its_end(base: StandIn) -> None:
    lines = base.run("jajs_start.cluster", HOST).stdout.splitlines()
    assert any(b" jajs_agtd " in line for line in lines)
    assert lines[-1].endswith(b"All processes are running.")


def test_start_with_ajsmanagerhost_set_is_refused(base: StandIn) -> None:
    done = base.run("jajs_start.cluster", HOST, environment={"AJSMANAGERHOST": "m"})
    assert done.returncode == 1
    assert names(base) == set()


def test_start_does_not_come_up_without_base(node: StandIn) -> None:
    done = node.run("jajs_start.cluster", HOST)
    assert done.returncode == 0  # not to be judged by
    assert names(node) == set()
    assert status(node) == 8


def test_return_code_of_a_start_that_did_not_come_up_is_a_setting(node: StandIn) -> None:
    node.configure(ajs_fail_rc=8)
    assert node.run("jajs_start.cluster", HOST).returncode == 8


def test_ajs_runs_on_when_base_is_gone(ajs: StandIn) -> None:
    ajs.run("jbs_killall.cluster", HOST)
    assert status(ajs) == 0


def test_ajs_stops_when_base_is_gone_if_set_so(base: StandIn) -> None:
    base.configure(base_gone="stop")
    base.run("jajs_start.cluster", HOST)
    base.run("jbs_killall.cluster", HOST)
    assert base.wait_until(lambda: names(base) == set())


def test_with_ha_the_whole_service_stops_when_one_process_dies(base: StandIn) -> None:
    base.run("jajs_start.cluster", HOST, "-HA")
    kill(base, "jajs_hstd")
    assert base.wait_until(lambda: names(base) == set())
    assert status(base) == 8


def test_without_ha_the_service_runs_on_degraded(ajs: StandIn) -> None:
    kill(ajs, "jajs_hstd")
    assert ajs.wait_until(lambda: status(ajs) == 4)
    assert names(ajs) == {"jajs_spmd", *MANAGER} - {"jajs_hstd"}


def test_without_ha_the_scheduler_is_restarted_under_another_pid(ajs: StandIn) -> None:
    old = kill(ajs, "jajs_schd_AJSROOT1")
    assert ajs.wait_until(
        lambda: any(
            process.name == "jajs_schd_AJSROOT1" and process.pid != old
            for process in ajs.processes()
        )
    )


def test_with_ha_the_scheduler_is_not_restarted(base: StandIn) -> None:
    base.run("jajs_start.cluster", HOST, "-HA")
    kill(base, "jajs_schd_AJSROOT1")
    assert base.wait_until(lambda: names(base) == set())


def test_status_does_not_see_the_scheduler_alone_dying(ajs: StandIn) -> None:
    ajs.configure(auto_restart=False)
    kill(ajs, "jajs_schd_AJSROOT1")
    assert ajs.wait_until(lambda: "jajs_schd_AJSROOT1" not in names(ajs))
    assert status(ajs) == 0


def test_timeout_counts_for_each_process(ajs: StandIn) -> None:
    ajs.freeze(pid_of(ajs, "jajs_spmd"))
    began = time.monotonic()
    assert ajs.run("jajs_spmd_status", "-h", HOST, "-t", "1").returncode == 1
    assert time.monotonic() - began >= 5 * 0.05


def test_stop_ends_ajs_and_leaves_base(ajs: StandIn) -> None:
    assert ajs.run("jajs_stop.cluster", HOST).returncode == 0
    assert names(ajs) == set()
    assert status(ajs) == 8
    assert ajs.run("jbs_spmd_status", "-h", HOST).returncode == 0


def test_ajs_commands_are_not_there_where_only_base_is_installed(lab: Lab) -> None:
    assert not lab.node(product=None).path("jajs_start.cluster").exists()
