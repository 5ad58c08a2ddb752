"""Start and stop return after their cap, with the work going on in the background."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from ark_lab import StandIn
from ark_lab.testing import HOST


def status(node: StandIn) -> int:
    return node.run("jbs_spmd_status", "-h", HOST).returncode


def test_a_start_beyond_its_cap_goes_on_in_the_background(node: StandIn) -> None:
    node.configure(cap=1, child_delay=0.05)
    done = node.run("jbs_start.cluster", HOST)
    assert done.returncode == 0
    assert b"goes on in the background" in done.stdout
    assert status(node) != 0
    assert node.wait_until(lambda: status(node) == 0)
    assert node.wait_until(lambda: node.commands() == [])


def test_a_stop_beyond_its_cap_goes_on_in_the_background(base: StandIn) -> None:
    base.configure(cap=1, stop_delay=0.05, cap_rc=1)
    assert base.run("jbs_stop.cluster", HOST).returncode == 1
    assert base.processes(HOST) != []
    assert base.wait_until(lambda: base.processes(HOST) == [])


def test_the_cap_is_60_seconds_of_the_product(node: StandIn) -> None:
    node.configure(scale=0.005, child_delay=1)
    began = time.monotonic()
    node.run("jbs_start.cluster", HOST)
    assert 0.3 <= time.monotonic() - began < 5


def test_an_ajs_start_beyond_its_cap_prints_the_status_so_far(base: StandIn) -> None:
    base.configure(cap=0, child_delay=0.1)
    last = base.run("jajs_start.cluster", HOST).stdout.splitlines()[-1]
    assert b"No process is running." in last or b"Some processes are running." in last


def test_background_work_ends_when_the_processes_are_killed(base: StandIn) -> None:
    base.configure(cap=0)
    base.fault("jbs_spmd", ignore_term=True)
    base.run("jbs_stop.cluster", HOST)
    assert [process.args[1] for process in base.commands()] == ["jbs_stop.cluster"]
    base.run("jbs_killall.cluster", HOST)
    assert base.wait_until(lambda: base.commands() == [])


@pytest.mark.parametrize("leaves", [False, True])
def test_background_work_may_leave_the_session(base: StandIn, leaves: bool) -> None:
    base.configure(kill_delay=5, background_setsid=leaves)
    base.run("jbs_killall.cluster", HOST)
    (killer,) = base.commands()
    assert base.wait_until(lambda: (os.getsid(killer.pid) == killer.pid) == leaves)


@pytest.mark.parametrize("kept", [False, True])
def test_daemons_keep_the_callers_stdout_open_only_if_told(node: StandIn, kept: bool) -> None:
    node.configure(keep_stdout=kept)
    reader, writer = os.pipe()
    pid = os.posix_spawn(
        node.path("jbs_start.cluster"),
        ["jbs_start.cluster", HOST],
        {},
        file_actions=[(os.POSIX_SPAWN_DUP2, writer, 1)],
    )
    os.close(writer)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    held = {os.readlink(f"/proc/{process.pid}/fd/1") for process in node.processes()}
    name = os.readlink(f"/proc/self/fd/{reader}")
    assert held == {name if kept else "/dev/null"}
    os.close(reader)


def test_a_removed_root_takes_its_daemons_with_it(base: StandIn) -> None:
    processes = base.processes()
    (base.root / "opt/lab/settings").unlink()
    gone = [Path(f"/proc/{process.pid}/exe") for process in processes]
    assert base.wait_until(lambda: not any(os.path.lexists(path) and _alive(path) for path in gone))


def _alive(path: Path) -> bool:
    try:
        return bool(os.readlink(path))
    except OSError:
        return False
