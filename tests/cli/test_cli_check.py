"""`ark status --check`: one line and an exit code for a monitoring system."""

from __future__ import annotations

import json
import time

import pytest
from support import ToyNode, wait_for

from arkcore.base.paths import Paths
from arkcore.memory.maintenance import Maintenance
from arkcore.memory.state import State

HANGS = "def ark_status(ctx, default): ctx.run(['/bin/sleep', '1000']).check()"


def test_what_runs_is_ok_and_what_has_died_critical(node: ToyNode, ark) -> None:
    assert node.run("restore") == 0
    told = ark("status", "--check")
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout == "ARK OK - toy1 RUNNING | ok=1 warning=0 critical=0 unknown=0\n"
    node.kill_daemons()
    wait_for(lambda: not node.daemons())
    told = ark("status", "--check")
    assert told.returncode == 2
    assert told.stdout.startswith("ARK CRITICAL - toy1 STOPPED: does not run here, although ")
    assert told.stdout.endswith(" | ok=0 warning=0 critical=1 unknown=0\n")
    # In maintenance it is a warning: the failure is known, and not acted upon.
    Maintenance(Paths(str(node.prefix)), "toy1").begin(time.time() + 3600)
    told = ark("status", "--check", "toy1")
    assert (told.returncode, told.stdout[:28]) == (1, "ARK WARNING - toy1 STOPPED: ")
    assert "MAINTENANCE since" in told.stdout


def test_what_is_not_wanted_and_does_not_run_is_ok(node: ToyNode, ark) -> None:
    assert node.run("remove") == 0
    told = ark("status", "--check")
    assert (told.returncode, told.stdout[:28]) == (0, "ARK OK - toy1 STOPPED | ok=1")


def test_a_status_without_an_answer_is_unknown(node: ToyNode, ark) -> None:
    node.hooks(HANGS)
    told = ark("status", "--check", "--within", "0.3")
    assert told.returncode == 3
    assert told.stdout.startswith("ARK UNKNOWN - toy1 UNKNOWN")
    assert told.stdout.count("\n") == 1


def test_an_unusable_resource_is_unknown_and_a_blind_one_critical(node: ToyNode, ark) -> None:
    node.configure("toy2", "LHOST2", text="unheard = '|'")
    told = ark("status", "--check")
    assert told.returncode == 3
    assert told.stdout.startswith("ARK UNKNOWN - toy2 unusable: ")
    assert "toy1 STOPPED | ok=1 warning=0 critical=0 unknown=1\n" in told.stdout
    assert told.stdout.count("|") == 1
    State(Paths(str(node.prefix)), "toy2").blindness.note("wrong file")
    told = ark("status", "--check", "toy2")
    assert told.returncode == 2
    assert "BLIND since" in told.stdout


def test_a_resource_that_there_is_not_is_unknown(ark_here) -> None:
    told = ark_here("status", "--check", "nobody")
    assert (told.returncode, told.stdout[:21]) == (3, "ARK UNKNOWN - nobody:")


@pytest.mark.parametrize("word", ["--json", "--watch"])
def test_it_goes_with_no_other_way_to_show(ark_here, word: str) -> None:
    assert ark_here("status", "--check", word).returncode == 2


def test_the_process_that_has_gone_is_named(node: ToyNode, ark) -> None:
    node.hooks(
        """
        from arkcore import Status, StatusReport
        def ark_start(ctx, default):
            default(ctx)
            # Another program of the application, of another name.
            ctx.run(["/bin/cp", f"{ctx.options.home}/daemon", f"{ctx.options.home}/helper"])
            ctx.run(["/bin/sh", "-c", f"setsid {ctx.options.home}/helper 1000 >/dev/null 2>&1 &"])
        def ark_status(ctx, default):
            number = len(ctx.find_processes([ctx.options.home]))
            return StatusReport({2: Status.RUNNING, 0: Status.STOPPED}.get(number, Status.PARTIAL))
        """
    )
    assert node.run("restore") == 0
    [pid] = node.daemons()
    node.kill_daemons()
    wait_for(lambda: not node.daemons())
    assert json.loads(ark("status", "--json").stdout)[0]["gone"] == [{"pid": pid, "name": "daemon"}]
    assert f"gone since it last ran: daemon (pid {pid})" in ark("status", "--check").stdout
