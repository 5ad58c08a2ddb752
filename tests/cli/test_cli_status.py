from __future__ import annotations

import json
import time
from pathlib import Path

from support import ToyNode, wait_for

from arkcore.cli.status import may_ask
from arkcore.paths import Paths
from arkcore.state import Maintenance, State, UndecidedClock


def _facts(ark, *words: str) -> dict[str, object]:
    result = ark("status", *words, "--json")
    return json.loads(result.stdout)[0]


def _files(prefix: Path) -> set[str]:
    return {str(path) for path in prefix.rglob("*") if path.is_file()}


def test_what_runs_is_asked_now(node: ToyNode, ark) -> None:
    assert node.run("restore") == 0
    facts = _facts(ark)
    assert (facts["resource"], facts["plugin"], facts["logical_host"]) == ("toy1", "toy", "LHOST1")
    assert (facts["status"], facts["wanted"], facts["error"]) == ("RUNNING", "up", None)
    assert facts["last_verdict"]["action"] == "restore"
    assert facts["last_verdict"]["outcome"] == "well"
    assert facts["since"] is not None
    node.kill_daemons()
    facts = _facts(ark)
    assert (facts["status"], facts["since"]) == ("STOPPED", None)


def test_looking_changes_nothing(node: ToyNode, ark) -> None:
    assert node.run("restore") == 0
    before, ras = _files(node.prefix), node.ras
    stamps = {path: Path(path).stat().st_mtime_ns for path in before if "/run/ark/" in path}
    assert ark("status").returncode == 0
    assert _files(node.prefix) - before == set() or all(
        "__pycache__" in path for path in _files(node.prefix) - before
    )
    assert {path: Path(path).stat().st_mtime_ns for path in stamps} == stamps
    assert node.ras == ras


def test_a_status_that_hangs_is_unknown_in_time(node: ToyNode, ark) -> None:
    node.hooks(
        """
        def ark_status(ctx, default):
            ctx.run(["/bin/sh", "-c", "sleep 1000; exit 0"]).check()
        """
    )
    began = time.monotonic()
    facts = _facts(ark, "--within", "0.5")
    assert time.monotonic() - began < 6
    assert facts["status"] == "UNKNOWN"
    wait_for(lambda: not node.processes())


def test_a_plugin_that_crashes_is_told(node: ToyNode, ark) -> None:
    node.hooks("def ark_status(ctx, default): import os; os._exit(7)")
    result = ark("status", "toy1")
    assert result.returncode == 1
    assert "exit code 7" in result.stderr


def test_an_unusable_file_is_shown_and_is_exit_code_1(node: ToyNode, ark) -> None:
    node.configure("toy2", host="OTHER2")
    (node.resources / "toy1.toml").write_text('plugin = "toy"\nlogical_host = 3\n')
    result = ark("status")
    assert result.returncode == 1
    assert "toy2" in result.stdout
    assert f"ark: {node.resources}/toy1.toml: logical_host = 3" in result.stderr


def test_a_resource_that_is_blind_says_since_when(node: ToyNode, ark) -> None:
    (node.resources / "toy1.toml").write_text("nonsense")
    node.run("quickcheck")
    facts = _facts(ark)
    assert facts["blind"]["since"]
    assert "not TOML" in facts["blind"]["reason"]
    assert "BLIND since" in ark("status").stdout


def test_a_resource_whose_file_is_gone_is_still_shown(node: ToyNode, ark) -> None:
    assert node.run("restore") == 0
    (node.resources / "toy1.toml").unlink()
    result = ark("status")
    assert result.returncode == 1
    assert "toy1" in result.stdout
    assert "there is no such resource file" in result.stderr


def test_the_action_at_work_is_named(node: ToyNode, ark) -> None:
    node.hooks(
        """
        import time
        def ark_start(ctx, default):
            time.sleep(30)
        """
    )
    program = node.start("restore")
    wait_for(lambda: "Starting." in node.ras)
    try:
        at_work = _facts(ark)["at_work"]
        assert (at_work["action"], at_work["pid"]) == ("restore", program.process.pid)
        assert "restore is at work" in ark("status").stdout
    finally:
        program.process.terminate()
        program.end()
    assert _facts(ark)["at_work"] is None


def test_undecided_restarts_maintenance_and_black_boxes(node: ToyNode, ark) -> None:
    assert node.run("restore") == 0
    node.hooks("from arkcore import *\ndef ark_status(c, d): return StatusReport(Status.UNKNOWN)")
    paths = Paths(str(node.prefix))
    UndecidedClock(State(paths, "toy1"), 480, 360).observe()
    State(paths, "toy1").note_attempt("restart", 1800)
    Maintenance(paths, "toy1").begin(time.time() + 3600)
    boxes = node.prefix / "var/log/ark/blackbox"
    boxes.mkdir()
    (boxes / "toy1-20260101-000000-1-000001.txt").write_text("")
    facts = _facts(ark)
    assert facts["status"] == "UNKNOWN"
    assert 0 < facts["undecided"]["seconds"] < 60
    assert facts["restarts"] == {"count": 1, "limit": 3, "window": 1800}
    assert facts["maintenance"]["until"]
    assert facts["black_boxes"] == ["toy1-20260101-000000-1-000001.txt"]
    text = ark("status").stdout
    for part in ("maintenance until", "undecided for", "1 of 3 restarts", "1 black box"):
        assert part in text


def test_what_runs_although_it_is_not_in_service_is_told(node, ark, lifekeeper) -> None:
    assert node.run("restore") == 0
    lifekeeper("OSU")
    assert "runs here, although the cluster manager does not want it here" in ark("status").stdout


def test_who_cannot_see_roots_processes_is_told_nothing_wrong() -> None:
    assert may_ask(Paths(""), 0)
    assert may_ask(Paths("/srv/node1"), 1000)
    assert not may_ask(Paths(""), 1000)


def test_one_resource_in_full(node: ToyNode, ark) -> None:
    assert node.run("restore") == 0
    text = ark("status", "toy1").stdout
    for label in ("status", "since", "plugin", "logical host", "wanted", "last verdict"):
        assert f"  {label}" in text


def test_a_node_without_resources_says_so(node: ToyNode, ark_here) -> None:
    (node.resources / "toy1.toml").unlink()
    result = ark_here("status")
    assert (result.returncode, result.stdout) == (0, "No resource is defined here.\n")


def test_a_japanese_reader_is_addressed_in_japanese(ark) -> None:
    assert "リソース" in ark("status", LANG="ja_JP.UTF-8").stdout
    assert "RESOURCE" in ark("status", LANG="ja_JP.UTF-8", LC_ALL="C.UTF-8").stdout
