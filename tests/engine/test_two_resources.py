"""Two resources of one plugin on one logical host: what is one's is none of the other's."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest
from support import ToyNode, wait_for

#: Each has a daemon of its own, told by its number; all of them name their logical host.
HOOKS = """
from arkcore import Status, StatusReport, processes

def daemons(ctx):
    return ctx.find_processes([ctx.options.home], variables=["TOY_HOST"])

def ark_processes(ctx, default):
    return daemons(ctx)

def ark_status(ctx, default):
    wanted = [f"{ctx.options.home}/daemon".encode(), f"100{ctx.options.number}".encode()]
    served = any(processes.arguments(pid) == wanted for pid in processes.pids())
    return StatusReport(Status.RUNNING if served else Status.STOPPED)

def ark_start(ctx, default):
    number = ctx.options.number
    command = f"setsid {ctx.options.home}/daemon 100{number} >/dev/null 2>&1 &"
    ctx.run(["/bin/sh", "-c", command], env={"TOY_HOST": ctx.logical_host})

def ark_stop(ctx, default):
    ctx.terminate(daemons(ctx))

def ark_force_stop(ctx, default):
    ctx.terminate(daemons(ctx), grace=0.2)
"""


@pytest.fixture
def both(node: ToyNode) -> ToyNode:
    """`toy1` and `toy2` of one logical host, with numbers of their own; the first is in service."""
    for number in (1, 2):
        node.configure(f"toy{number}", plugin="toy-several", options={"number": number})
    node.hooks(HOOKS)
    assert node.run("restore") == 0
    assert len(node.daemons()) == 1
    return node


def recorded(node: ToyNode, resource: str) -> list[int]:
    """The pids that a resource had when it was last RUNNING."""
    return [pid for pid, _ in node.state("processes", resource)["processes"]]


def forget_record(node: ToyNode, resource: str) -> None:
    (node.prefix / f"run/ark/resources/{resource}/processes.json").unlink()


def test_restoring_the_second_leaves_the_first_in_service(both):
    first = both.daemons()
    assert both.run("restore", "toy2") == 0
    assert set(first) < set(both.daemons())
    assert recorded(both, "toy1") == first
    assert recorded(both, "toy2") == sorted({*both.daemons()} - {*first})
    assert both.run("quickcheck") == 0
    assert "Force stopping." not in both.ras


def test_removing_one_leaves_the_other_in_service(both):
    assert both.run("restore", "toy2") == 0
    assert both.run("remove") == 0
    assert both.daemons() == recorded(both, "toy2")
    assert both.run("quickcheck", "toy2") == 0


def test_what_the_other_has_started_is_its_own_before_it_was_ever_running(both):
    forget_record(both, "toy1")
    first = both.daemons()
    assert both.run("remove", "toy2") == 0
    assert both.daemons() == first


def test_what_the_other_has_recorded_is_its_own_without_any_mark(both):
    first = both.daemons()
    both.kill_daemons()
    daemon = subprocess.Popen(
        [both.home / "daemon", "1001"], env={"TOY_HOST": "LHOST1"}, start_new_session=True
    )
    try:
        wait_for(lambda: daemon.pid in both.daemons())
        assert both.run("quickcheck") == 0
        assert recorded(both, "toy1") == [daemon.pid] != first
        assert both.run("remove", "toy2") == 0
        assert daemon.poll() is None
    finally:
        daemon.kill()
        daemon.wait()


def stranger(node: ToyNode, mark: str) -> subprocess.Popen[bytes]:
    """A process that names the logical host and bears a mark of the first resource's name."""
    environment = {"TOY_HOST": "LHOST1", "ARK_ACTION": mark, "ARK_PREFIX": str(node.prefix)}
    made = subprocess.Popen([node.home / "daemon", "1009"], env=environment, start_new_session=True)
    wait_for(lambda: made.pid in node.daemons())
    return made


def test_a_mark_that_nobody_wrote_down_hides_nothing_from_a_remove(both):
    forged = stranger(both, "toy1:0123456789abcdef")
    try:
        assert both.run("remove", "toy2") == 0
        assert forged.wait(10) in (-signal.SIGTERM, -signal.SIGKILL)
    finally:
        forged.kill()
        forged.wait()


def test_what_a_resource_that_is_no_more_has_started_is_found_by_the_next(both):
    """Else a renamed resource would be stopped, and its application run on."""
    assert len(both.daemons()) == 1
    (both.resources / "toy1.toml").unlink()
    both.configure("toy2", plugin="toy-several", options={"number": 1})
    assert both.run("remove", "toy2") == 0
    assert both.daemons() == []


def test_another_plugin_s_mark_hides_nothing_from_a_remove(both):
    """Its search looks elsewhere: nobody would end what it has started."""
    (mark,) = json.loads((both.prefix / "run/ark/resources/toy1/started.json").read_text())[
        "marks"
    ][:1]
    forget_record(both, "toy1")
    record = both.prefix / "var/lib/ark/records/toy1.json"
    text = record.read_text()
    assert '"toy-several"' in text
    record.write_text(text.replace('"toy-several"', '"another"'))
    child = stranger(both, mark)
    try:
        assert both.run("remove", "toy2") == 0
        assert child.wait(10) in (-signal.SIGTERM, -signal.SIGKILL)
    finally:
        child.kill()
        child.wait()


def test_what_was_recorded_of_ours_stays_ours_whatever_mark_it_bears(both):
    """An application that puts on another's mark is not hidden by that."""
    assert both.run("restore", "toy2") == 0
    marks = json.loads((both.prefix / "run/ark/resources/toy1/started.json").read_text())["marks"]
    masked = stranger(both, marks[-1])
    try:
        path = both.prefix / "run/ark/resources/toy2/processes.json"
        value = json.loads(path.read_text())
        start = int(Path(f"/proc/{masked.pid}/stat").read_text().rpartition(") ")[2].split()[19])
        value["processes"].append([masked.pid, start])
        path.write_text(json.dumps(value))
        os.chmod(path, 0o600)
        assert both.run("remove", "toy2") == 0
        assert masked.wait(10) in (-signal.SIGTERM, -signal.SIGKILL)
    finally:
        masked.kill()
        masked.wait()
