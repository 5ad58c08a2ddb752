"""Every fault, on demand."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time

import pytest
from ark_lab import LabError, StandIn
from ark_lab.testing import HOST, Lab
from ark_lab.vocabulary import COMMANDS


def status(node: StandIn) -> int:
    return node.run("jbs_spmd_status", "-h", HOST).returncode


def arguments(command: str) -> list[str]:
    return ["-h", HOST] if command.endswith("status") else [HOST]


def names(node: StandIn) -> set[str]:
    return {process.name for process in node.processes(HOST)}


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_any_command_can_refuse(node: StandIn, command: str) -> None:
    node.fault(command, refuse=True, rc=5)
    done = node.run(command, *arguments(command))
    assert done.returncode == 5
    assert b"refused" in done.stderr
    assert node.processes() == []


def test_refusal_without_a_code_is_1(node: StandIn) -> None:
    node.fault("jbs_start.cluster", refuse=True)
    assert node.run("jbs_start.cluster", HOST).returncode == 1


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_any_command_can_be_slow(node: StandIn, command: str) -> None:
    node.fault(command, slow=0.1, nothing=True)
    began = time.monotonic()
    assert node.run(command, *arguments(command)).returncode == 0
    assert time.monotonic() - began >= 0.1


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_any_command_can_hang_and_still_obeys_term(node: StandIn, command: str) -> None:
    node.fault(command, hang="before")
    with subprocess.Popen([node.path(command), *arguments(command)]) as hung:
        assert node.wait_until(lambda: len(node.commands()) == 1)
        hung.terminate()
        assert hung.wait() == -signal.SIGTERM


def test_a_command_can_hang_after_its_work(node: StandIn) -> None:
    node.fault("jbs_start.cluster", hang="after")
    with subprocess.Popen([node.path("jbs_start.cluster"), HOST]) as hung:
        assert node.wait_until(lambda: status(node) == 0)
        assert hung.poll() is None
        hung.kill()


def test_a_command_can_ignore_term(node: StandIn) -> None:
    node.fault("jbs_stop.cluster", ignore_term=True, hang="before")
    with subprocess.Popen([node.path("jbs_stop.cluster"), HOST]) as hung:
        assert node.wait_until(lambda: _in_mask(hung.pid, "SigIgn", signal.SIGTERM))
        hung.terminate()
        hung.kill()
        assert hung.wait() == -signal.SIGKILL


def _in_mask(pid: int, mask_name: str, number: int) -> bool:
    with open(f"/proc/{pid}/status") as text:
        mask = next(int(line.split()[1], 16) for line in text if line.startswith(mask_name))
    return bool(mask >> (number - 1) & 1)


def test_daemons_of_a_command_that_ignores_term_do_not(node: StandIn) -> None:
    node.fault("jbs_start.cluster", ignore_term=True)
    node.run("jbs_start.cluster", HOST)
    assert node.run("jbs_stop.cluster", HOST).returncode == 0
    assert names(node) == set()


def test_wrong_return_code_with_the_work_done(node: StandIn) -> None:
    node.fault("jbs_start.cluster", rc=77)
    assert node.run("jbs_start.cluster", HOST).returncode == 77
    assert status(node) == 0


def test_a_command_can_die_by_a_signal(node: StandIn) -> None:
    node.fault("jbs_spmd_status", signal=11)
    assert status(node) in (-11, 139)


def test_a_stop_can_do_nothing(base: StandIn) -> None:
    base.fault("jbs_stop.cluster", nothing=True)
    assert base.run("jbs_stop.cluster", HOST).returncode == 0
    assert status(base) == 0


def test_a_status_can_be_nothing_but_text(node: StandIn) -> None:
    node.fault("jbs_spmd_status", text="all is well")
    done = node.run("jbs_spmd_status", "-h", HOST)
    assert done.returncode == 0
    assert done.stdout == b"[stand-in] jbs_spmd_status: all is well\n"


def test_half_started(node: StandIn) -> None:
    node.fault("jbs_start.cluster", half=3)
    assert node.run("jbs_start.cluster", HOST).returncode == 0
    assert names(node) == {"jbs_spmd", "jbsroute", "jcocmd", "jbsplugind", "jevservice"}
    assert status(node) == 4


def test_started_without_named_processes(node: StandIn) -> None:
    node.fault("jbs_start.cluster", without=["jcocmd", "jevservice"])
    node.run("jbs_start.cluster", HOST)
    assert status(node) == 4
    assert node.run("jevstat", HOST).returncode == 8
    assert "jcocmd" not in names(node)
    assert "jevservice" not in names(node)


def test_a_child_can_die_later(node: StandIn) -> None:
    node.fault("jcocmd", die=0.6)
    node.run("jbs_start.cluster", HOST)
    assert status(node) == 0
    assert node.wait_until(lambda: status(node) == 4)


def test_the_manager_can_die_later(node: StandIn) -> None:
    node.fault("jbs_spmd", die=0.6)
    assert node.run("jbs_start.cluster", HOST).returncode == 0
    assert node.wait_until(lambda: status(node) == 8)
    assert "jcocmd" in names(node)


def test_a_manager_that_dies_while_it_starts_fails_the_start(node: StandIn) -> None:
    node.fault("jbs_spmd", die=0.02, child_delay=0.1, manager_delay=0.1)
    assert node.run("jbs_start.cluster", HOST).returncode == 1
    assert status(node) == 8


def test_a_fault_reaches_daemons_that_run(base: StandIn) -> None:
    base.fault("jcocmd", die=0)
    assert base.wait_until(lambda: status(base) == 4)


def test_a_daemon_can_hang(base: StandIn) -> None:
    base.fault("jbs_spmd", hang=True)
    assert base.wait_until(
        lambda: any(p.name == "jbs_spmd" and p.state == "T" for p in base.processes())
    )
    assert base.run("jbs_spmd_status", "-h", HOST, "-t", "0").returncode == 1
    base.clear_faults()
    assert base.wait_until(lambda: status(base) == 0)


def test_a_daemon_can_ignore_term(base: StandIn) -> None:
    base.configure(cap=0)
    base.fault("jbsroute", ignore_term=True)
    base.run("jbs_stop.cluster", HOST)
    assert base.wait_until(lambda: names(base) == {"jbs_spmd", "jbsroute", "jevservice"})
    pid = next(process.pid for process in base.processes() if process.name == "jbsroute")
    for _ in range(2):  # the second is only taken when the first has been dealt with
        os.kill(pid, signal.SIGTERM)
        assert base.wait_until(lambda: not _in_mask(pid, "ShdPnd", signal.SIGTERM))
    assert "jbsroute" in names(base)
    base.fault("jbsroute")
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    assert base.wait_until(lambda: names(base) == set())


def test_a_daemon_can_be_slow_to_end(base: StandIn) -> None:
    base.fault("jcocmd", stop_delay=0.2)
    began = time.monotonic()
    base.run("jbs_stop.cluster", HOST)
    assert time.monotonic() - began >= 0.2


@pytest.mark.parametrize(
    ("leave", "left"),
    [
        (["jcocmd", "jbshcd"], {"jcocmd", "jbshcd"}),
        (2, {"jbsroute", "jcocmd"}),
        ("jevservice", {"jevservice"}),
    ],
)
def test_a_stop_can_leave_processes_behind(
    base: StandIn, leave: list[str] | str | int, left: set[str]
) -> None:
    base.fault("jbs_stop.cluster", leave=leave)
    assert base.run("jbs_stop.cluster", HOST).returncode == 0
    assert names(base) == left
    assert status(base) == 8
    assert base.run("jbs_start.cluster", HOST).returncode == 1
    base.run("jbs_killall.cluster", HOST)
    assert names(base) == set()


def test_a_flood_of_a_given_size(base: StandIn) -> None:
    base.fault("jbs_spmd_status", flood=300_000)
    output = base.run("jbs_spmd_status", "-h", HOST).stdout
    assert 300_000 <= len(output) < 310_000


def test_an_endless_flood(base: StandIn) -> None:
    base.fault("jevstat", flood="endless")
    with subprocess.Popen([base.path("jevstat"), HOST], stdout=subprocess.PIPE) as flood:
        assert flood.stdout is not None
        assert len(flood.stdout.read(3_000_000)) == 3_000_000
        assert flood.poll() is None
        flood.kill()


def test_garbage_is_text_in_no_encoding(base: StandIn) -> None:
    base.fault("jbs_spmd_status", garbage=True)
    output = base.run("jbs_spmd_status", "-h", HOST).stdout
    assert b"\0" in output
    assert b"\x1b" in output
    for encoding in ("utf-8", "euc_jp", "cp932"):
        with pytest.raises(UnicodeDecodeError):
            output.decode(encoding)


def test_a_fault_may_be_one_hosts_alone(lab: Lab, node: StandIn) -> None:
    node.logical_host("OTHER", lab.directory / "shared2")
    node.fault("jbs_spmd_status", host="OTHER", rc=3)
    assert status(node) == 8
    assert node.run("jbs_spmd_status", "-h", "OTHER").returncode == 3


def test_a_hosts_fault_comes_before_the_commands(node: StandIn) -> None:
    node.fault("jbs_spmd_status", rc=3)
    node.fault("jbs_spmd_status", host=HOST, rc=4)
    assert status(node) == 4


def test_a_setting_may_be_one_commands_alone(base: StandIn) -> None:
    base.fault("jcocmd", stop_delay=0.3)
    base.fault("jbs_stop.cluster", cap=0, cap_rc=9)
    assert base.run("jbs_stop.cluster", HOST).returncode == 9


def test_faults_can_be_cleared(node: StandIn) -> None:
    node.fault("jbs_spmd_status", rc=3)
    node.fault("jevstat", host=HOST, rc=3)
    assert set(node.faults()) == {"jbs_spmd_status", f"jevstat@{HOST}"}
    node.clear_faults("jevstat")
    assert set(node.faults()) == {"jbs_spmd_status"}
    node.clear_faults()
    assert node.faults() == {}
    assert status(node) == 8


def test_unknown_names_are_refused(node: StandIn) -> None:
    with pytest.raises(LabError, match="neither a command nor a daemon: nothing_such"):
        node.fault("nothing_such", rc=1)
    with pytest.raises(LabError, match="cannot have this fault: die"):
        node.fault("jevstat", die=1)
    with pytest.raises(LabError, match="no such setting: cup"):
        node.configure(cup=1)
