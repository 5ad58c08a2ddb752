"""The shared directory: needed, locked, and a record of who wrote."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest
from ark_lab import StandIn, double_starts, writers
from ark_lab.testing import HOST, Lab


@pytest.mark.parametrize(
    "line",
    [
        ("jbs_start.cluster", HOST),
        ("jbs_stop.cluster", HOST),
        ("jbs_spmd_status", "-h", HOST),
        ("jevstat", HOST),
        ("jajs_start.cluster", HOST),
        ("jajs_stop.cluster", HOST),
        ("jajs_spmd_status", "-h", HOST),
        ("ajsqlstatus", "-h", HOST),
    ],
    ids=lambda line: line[0],
)
def test_without_the_shared_directory_the_answer_is_1(
    lab: Lab, node: StandIn, line: tuple[str, ...]
) -> None:
    lab.shared.rename(lab.directory / "away")
    done = node.run(*line)
    assert done.returncode == 1
    assert b"shared directory" in done.stderr
    assert node.processes() == []


def test_a_second_node_cannot_start_what_runs_on_the_first(lab: Lab, base: StandIn) -> None:
    other = lab.node("node2")
    done = other.run("jbs_start.cluster", HOST)
    assert done.returncode == 1
    assert b"DOUBLE START" in done.stderr
    assert str(base.root).encode() in done.stderr
    assert other.processes() == []
    assert [(writer.node, writer.event) for writer in double_starts(lab.shared)] == [
        (other.root, "DOUBLE")
    ]


def test_a_double_start_can_be_let_through_and_is_recorded(lab: Lab, base: StandIn) -> None:
    other = lab.node("node2")
    other.configure(double_start="allow")
    assert other.run("jbs_start.cluster", HOST).returncode == 0
    assert other.run("jbs_spmd_status", "-h", HOST).returncode == 0
    assert len(double_starts(lab.shared)) == 1
    assert base.run("jbs_spmd_status", "-h", HOST).returncode == 0


def test_one_process_left_on_the_first_node_still_holds_the_lock(lab: Lab, base: StandIn) -> None:
    survivor, *others = [process.pid for process in base.processes(HOST)]
    for pid in others:
        os.kill(pid, signal.SIGKILL)
    assert base.wait_until(lambda: [p.pid for p in base.processes(HOST)] == [survivor])
    other = lab.node("node2")
    assert other.run("jbs_start.cluster", HOST).returncode == 1
    os.kill(survivor, signal.SIGKILL)
    assert base.wait_until(lambda: base.processes(HOST) == [])
    assert other.run("jbs_start.cluster", HOST).returncode == 0


def test_a_second_start_on_the_same_node_is_refused_and_no_double(lab: Lab, base: StandIn) -> None:
    assert base.run("jbs_start.cluster", HOST).returncode == 1
    assert base.run("jbs_spmd_status", "-h", HOST).returncode == 0
    assert double_starts(lab.shared) == []
    assert writers(lab.shared)[-1].event == "refused"


def test_two_starts_at_once_start_one_service(lab: Lab, node: StandIn) -> None:
    commands = [subprocess.Popen([node.path("jbs_start.cluster"), HOST]) for _ in range(5)]
    assert sorted(command.wait() for command in commands) == [0, 1, 1, 1, 1]
    assert [p.name for p in node.processes()].count("jbs_spmd") == 1


def test_two_hosts_may_share_a_directory(lab: Lab, base: StandIn) -> None:
    base.logical_host("OTHER", lab.shared)
    assert base.run("jbs_start.cluster", "OTHER").returncode == 0


def test_the_record_tells_who_wrote_when(lab: Lab, base: StandIn) -> None:
    other = lab.node("node2")
    base.run("jajs_start.cluster", HOST)
    base.run("jajs_stop.cluster", HOST)
    base.run("jbs_stop.cluster", HOST)
    other.run("jbs_start.cluster", HOST)
    other.run("jbs_killall.cluster", HOST)
    record = [(w.node.name, w.event, w.group, w.host) for w in writers(lab.shared)]
    assert record == [
        ("node1", "start", "base", HOST),
        ("node1", "start", "ajs", HOST),
        ("node1", "stop", "ajs", HOST),
        ("node1", "stop", "base", HOST),
        ("node2", "start", "base", HOST),
        ("node2", "killed", "base", HOST),
    ]


def test_only_root_may_run_the_commands_unless_allowed() -> None:
    nobody = 65534
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        node = StandIn.install(Path(name) / "root")
        node.logical_host(HOST, Path(name) / "shared")
        as_user = {"user": nobody, "group": nobody, "extra_groups": []} if os.getuid() == 0 else {}
        for line in (["jbs_start.cluster", HOST], ["jbs_spmd_status", "-h", HOST]):
            done = subprocess.run(  # type: ignore[call-overload]
                [node.path(line[0]), *line[1:]], capture_output=True, check=False, **as_user
            )
            assert done.returncode == 1
            assert b"only root" in done.stderr
        assert node.processes() == []
