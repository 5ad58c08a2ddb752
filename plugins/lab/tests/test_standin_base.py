"""JP1/Base: processes, start, stop, status."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from ark_lab import Kind, LabError, StandIn
from ark_lab.testing import HOST, Lab

CHILDREN = [
    *("jbsroute", "jcocmd", "jbsplugind", "jbshcd"),
    *("jbshchostd", "jbssrvmgr", "jbslcact", "jbscomd"),
]


def pid_of(node: StandIn, name: str, kind: Kind | None = None) -> int:
    return next(p.pid for p in node.processes() if p.name == name and kind in (None, p.kind))


def environment_of(pid: int) -> dict[str, str]:
    text = Path(f"/proc/{pid}/environ").read_bytes().decode()
    return dict(line.split("=", 1) for line in text.split("\0") if line)


def status(node: StandIn, host: str = HOST) -> int:
    return node.run("jbs_spmd_status", "-h", host).returncode


def test_start_brings_up_the_processes_of_the_reference(base: StandIn) -> None:
    names = sorted(process.name for process in base.processes(HOST))
    assert names == sorted(["jbs_spmd", *CHILDREN, "jevservice", "jevservice", "jevservice"])


def test_manager_shows_its_logical_host_and_children_do_not(base: StandIn) -> None:
    shown = {process.args for process in base.processes(HOST)}
    assert ("jbs_spmd", HOST) in shown
    assert {args for args in shown if len(args) > 1} == {("jbs_spmd", HOST)}


def test_executables_lie_beneath_the_product(base: StandIn) -> None:
    assert all(p.exe.is_relative_to(base.root / "opt/jp1base") for p in base.processes())


def test_children_descend_from_their_manager(base: StandIn) -> None:
    manager = pid_of(base, "jbs_spmd")
    parents = {process.ppid for process in base.processes() if process.name in CHILDREN}
    assert parents == {manager}


def test_children_carry_the_host_in_their_environment(base: StandIn) -> None:
    for process in base.processes(HOST):
        assert environment_of(process.pid)["JP1_HOSTNAME"] == HOST


@pytest.mark.parametrize(("choice", "keeps_mark"), [("nohost", True), ("clean", False)])
def test_children_without_a_name_of_their_own(node: StandIn, choice: str, keeps_mark: bool) -> None:
    node.configure(child_env=choice)
    node.run("jbs_start.cluster", HOST, environment={"MARK": "m"})
    environment = environment_of(pid_of(node, "jcocmd"))
    assert "JP1_HOSTNAME" not in environment
    assert ("MARK" in environment) == keeps_mark


def test_daemons_lead_their_session_and_hold_nothing_of_the_caller(base: StandIn) -> None:
    for process in base.processes():
        assert os.getsid(process.pid) == process.pid
        assert os.readlink(f"/proc/{process.pid}/cwd") == "/"
        links = {os.readlink(f"/proc/{process.pid}/fd/{fd}") for fd in (0, 1, 2)}
        assert links == {"/dev/null"}
        held = {os.readlink(path) for path in Path(f"/proc/{process.pid}/fd").iterdir()}
        assert not any(name.startswith(("pipe:", "socket:")) for name in held)


def test_hntr2mon_is_the_machines_and_runs_once(lab: Lab, base: StandIn) -> None:
    base.logical_host("OTHER", lab.directory / "shared2")
    assert base.run("jbs_start.cluster", "OTHER").returncode == 0
    machine = [process for process in base.processes() if process.kind is Kind.MACHINE]
    assert [process.args for process in machine] == [("hntr2mon",)]
    assert machine[0].host is None
    assert "JP1_HOSTNAME" not in environment_of(machine[0].pid)


def test_status_of_a_running_base_is_0(base: StandIn) -> None:
    assert status(base) == 0
    assert base.run("jevstat", HOST).returncode == 0


def test_status_command_calls_jbsplugind_jbsplugin(base: StandIn) -> None:
    assert b" jbsplugin " in base.run("jbs_spmd_status", "-h", HOST).stdout


def test_status_before_the_start_is_8(node: StandIn) -> None:
    assert status(node) == 8
    assert node.run("jevstat", HOST).returncode == 8


def test_a_dead_child_makes_the_status_4(base: StandIn) -> None:
    os.kill(pid_of(base, "jcocmd"), signal.SIGKILL)
    assert base.wait_until(lambda: status(base) == 4)
    assert base.run("jevstat", HOST).returncode == 0


def test_a_dead_child_of_the_event_service_makes_jevstat_4(base: StandIn) -> None:
    os.kill(pid_of(base, "jevservice", Kind.CHILD), signal.SIGKILL)
    assert base.wait_until(lambda: base.run("jevstat", HOST).returncode == 4)
    assert status(base) == 0


def test_a_dead_manager_leaves_its_children_running(base: StandIn) -> None:
    manager = pid_of(base, "jbs_spmd")
    os.kill(manager, signal.SIGKILL)
    assert base.wait_until(lambda: status(base) == 8)
    children = [process for process in base.processes() if process.name in CHILDREN]
    assert len(children) == len(CHILDREN)
    assert manager not in {process.ppid for process in children}


def test_a_down_manager_may_answer_1(node: StandIn) -> None:
    node.configure(down_rc=1)
    assert status(node) == 1


def test_a_manager_that_does_not_answer_is_waited_for_t_seconds(base: StandIn) -> None:
    base.freeze(pid_of(base, "jbs_spmd"))
    began = time.monotonic()
    assert base.run("jbs_spmd_status", "-h", HOST, "-t", "2").returncode == 1
    assert time.monotonic() - began >= 2 * 0.05


def test_a_daemon_told_to_hang_has_stopped_when_the_fault_is_set(base: StandIn) -> None:
    pid = pid_of(base, "jbs_spmd")
    base.fault("jbs_spmd", hang=1)
    assert "(stopped)" in Path(f"/proc/{pid}/status").read_text()


def test_what_does_not_live_cannot_be_frozen(base: StandIn) -> None:
    pid = pid_of(base, "jbs_spmd")
    os.kill(pid, signal.SIGKILL)
    assert base.wait_until(lambda: not Path(f"/proc/{pid}").exists())
    with pytest.raises(LabError, match=f"process {pid} did not stop"):
        base.freeze(pid)


def test_an_event_server_that_does_not_answer_is_12(base: StandIn) -> None:
    base.freeze(pid_of(base, "jevservice", Kind.MANAGER))
    done = base.run("jevstat", HOST, "-t", "1")
    assert done.returncode == 12
    assert b"KAJP1706-E" in done.stderr


def test_jevstat_says_kajp1706_for_a_while_after_the_start(node: StandIn) -> None:
    node.configure(event_server_delay=0.8)
    node.run("jbs_start.cluster", HOST)
    done = node.run("jevstat", HOST)
    assert done.returncode == 12
    assert b"KAJP1706-E A connection to the event server cannot be established." in done.stderr
    assert node.wait_until(lambda: node.run("jevstat", HOST).returncode == 0)


def at_work(base: StandIn, host: str) -> subprocess.Popen[bytes]:
    """A status command that hangs, and is the one that all others clash with."""
    hung = subprocess.Popen([base.path("jbs_spmd_status"), "-h", host])
    assert base.wait_until(lambda: hung.poll() is not None or status(base) == 12)
    # Where it came a moment after our own question, it was the one to be refused.
    return hung if hung.poll() is None else at_work(base, host)


def test_two_jbs_spmd_status_at_once_on_a_node_clash(lab: Lab, base: StandIn) -> None:
    base.logical_host("OTHER", lab.directory / "shared2")
    base.fault("jbs_spmd_status", host="OTHER", hang="before")
    with at_work(base, "OTHER") as hung:
        hung.kill()
    assert status(base) == 0


def test_a_status_during_the_stop_of_another_host_clashes(lab: Lab, base: StandIn) -> None:
    base.logical_host("OTHER", lab.directory / "shared2")
    base.run("jbs_start.cluster", "OTHER")
    base.configure(cap=0)
    base.fault("jbsroute", host=HOST, ignore_term=True)
    base.run("jbs_stop.cluster", HOST)
    assert base.wait_until(lambda: status(base, "OTHER") == 12)


def test_status_on_two_nodes_does_not_clash(lab: Lab, base: StandIn) -> None:
    other = lab.node("node2")
    other.fault("jbs_spmd_status", hang="before")
    with subprocess.Popen([other.path("jbs_spmd_status"), "-h", HOST]) as hung:
        assert base.wait_until(lambda: len(other.commands()) == 1)
        assert status(base) == 0
        hung.kill()


def test_stop_ends_all_processes_of_the_host_and_none_of_the_machine(base: StandIn) -> None:
    assert base.run("jbs_stop.cluster", HOST).returncode == 0
    assert base.processes(HOST) == []
    assert [process.name for process in base.processes()] == ["hntr2mon"]
    assert status(base) == 8


def test_stop_leaves_other_hosts_alone(lab: Lab, base: StandIn) -> None:
    base.logical_host("OTHER", lab.directory / "shared2")
    base.run("jbs_start.cluster", "OTHER")
    base.run("jbs_stop.cluster", HOST)
    assert status(base, "OTHER") == 0


@pytest.mark.parametrize("rc", [0, 1])
def test_stop_where_nothing_runs(node: StandIn, rc: int) -> None:
    node.configure(stop_down_rc=rc)
    assert node.run("jbs_stop.cluster", HOST).returncode == rc


def test_stop_without_a_manager_fails_and_leaves_the_children(base: StandIn) -> None:
    os.kill(pid_of(base, "jbs_spmd"), signal.SIGKILL)
    base.wait_until(lambda: status(base) == 8)
    assert base.run("jbs_stop.cluster", HOST).returncode == 1
    left = {process.name for process in base.processes(HOST)}
    assert left == set(CHILDREN)


def test_a_service_starts_again_after_its_stop(base: StandIn) -> None:
    for _ in range(3):
        assert base.run("jbs_stop.cluster", HOST).returncode == 0
        assert base.run("jbs_start.cluster", HOST).returncode == 0
        assert status(base) == 0
