from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import time
from pathlib import Path

import pytest
from rich.cells import cell_len
from support import PROGRAMS, WITHOUT_CGROUPS, ToyNode, wait_for

from arkcore.base.paths import Paths
from arkcore.cli.status import may_ask
from arkcore.memory.attempts import Attempt
from arkcore.memory.maintenance import Maintenance
from arkcore.memory.state import State


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


def test_the_cgroup_of_a_start_and_how_many_live_there_are_told(node: ToyNode, ark) -> None:
    assert _facts(ark)["cgroup"] == {"path": None, "processes": None, "none_because": None}
    assert node.run("restore") == 0
    told = _facts(ark)["cgroup"]
    assert (told["path"], told["processes"]) == (node.state("group")["path"], 1)
    assert "cgroup" not in ark("status", "toy1").stdout


def test_where_starts_have_no_cgroup_status_tells_why(node: ToyNode) -> None:
    words = [*WITHOUT_CGROUPS, PROGRAMS / "ark", "status", "toy1"]
    environment = {"ARK_PREFIX": str(node.prefix), "PATH": os.environ["PATH"], "COLUMNS": "200"}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
    assert "no cgroup version 2 is mounted here that can be written" in done.stdout


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
    assert time.monotonic() - began < 50  # its status takes 1000 s
    assert facts["status"] == "UNKNOWN"
    # Whoever watches a hang leaves the room to the boxes of the scripts that failed.
    assert not (node.prefix / "var/log/ark/blackbox").exists()
    wait_for(lambda: not node.processes())


def test_a_plugin_that_crashes_is_told(node: ToyNode, ark) -> None:
    node.hooks("def ark_status(ctx, default): import os; os._exit(7)")
    result = ark("status", "toy1")
    assert result.returncode == 1
    assert "exit code 7" in result.stderr


def test_a_plugin_that_hangs_is_told_as_one_that_crashes(node: ToyNode, ark) -> None:
    node.hooks("def ark_status(ctx, default): import time; time.sleep(1000)")
    result = ark("status", "toy1", "--within", "0.2")
    assert result.returncode == 1
    assert "toy1: no answer within" in result.stderr


def test_a_caller_that_ignores_its_children_changes_no_answer(node: ToyNode) -> None:
    done = subprocess.run(
        [PROGRAMS / "ark", "status", "toy1"],
        env={"ARK_PREFIX": str(node.prefix), "PATH": os.environ["PATH"], "LANG": "C"},
        preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN),
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "STOPPED" in done.stdout


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
    State(paths, "toy1").undecided_clock(480, 360).observe()
    State(paths, "toy1").attempts.note(Attempt.RESTART, 1800)
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
    for part in ("MAINTENANCE since", "undecided since", "1 of 3 restarts", "1 black box"):
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


# Watching.


class Watching:
    """`ark status --watch` at work, on a terminal of its own or into a pipe."""

    def __init__(self, node: ToyNode, *words: str, terminal: bool) -> None:
        self._reading, writing = pty.openpty() if terminal else os.pipe()
        self.process = subprocess.Popen(
            [PROGRAMS / "ark", "status", "--watch", "--every", "1", *words],
            stdin=subprocess.DEVNULL,
            stdout=writing,
            stderr=subprocess.PIPE,
            env={
                "ARK_PREFIX": str(node.prefix),
                "PATH": "/usr/bin:/bin",
                "LANG": "C.UTF-8",
                "TERM": "xterm",
                "COLUMNS": "80",
                "LINES": "40",
            },
        )
        os.close(writing)
        self.text = ""

    def read_until(self, text: str, times: int = 1) -> None:
        until = time.monotonic() + 30
        while self.text.count(text) < times:
            ready, _, _ = select.select([self._reading], [], [], until - time.monotonic())
            assert ready, f"never seen: {text!r} in {self.text!r}"
            self.text += os.read(self._reading, 65536).decode()

    def stop_reading(self) -> None:
        os.close(self._reading)

    def end(self, number: int = signal.SIGINT) -> tuple[int, str]:
        """Its exit code, and what it wrote on stderr."""
        self.process.send_signal(number)
        _, errors = self.process.communicate(timeout=30)
        try:  # a terminal that nobody holds any more ends with an error
            while data := os.read(self._reading, 65536):
                self.text += data.decode()
        except OSError:
            pass
        return self.process.returncode, errors.decode()


def test_watching_shows_what_changes(node: ToyNode) -> None:
    watching = Watching(node, terminal=True)
    watching.read_until("STOPPED")
    assert node.run("restore") == 0
    watching.read_until("RUNNING")
    assert watching.end() == (0, "")
    assert watching.text.count("\x1b[?25h") == 1  # the cursor is shown again


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_without_a_terminal_it_prints_one_look_after_another(node: ToyNode, number: int) -> None:
    watching = Watching(node, terminal=False)
    watching.read_until("RESOURCE", times=2)
    assert watching.end(number) == (0, "")
    assert "\x1b" not in watching.text
    assert all(line == line.rstrip() for line in watching.text.splitlines())


def test_it_ends_when_nobody_reads_any_more(node: ToyNode) -> None:
    watching = Watching(node, terminal=False)
    watching.read_until("RESOURCE")
    watching.stop_reading()
    _, errors = watching.process.communicate(timeout=30)
    assert (watching.process.returncode, errors) == (0, b"")


def test_watching_a_hang_leaves_the_first_boxes_of_the_incident(node: ToyNode) -> None:
    """It has hung for an hour; a quickCheck every two minutes wrote a box."""
    assert node.run("restore") == 0
    node.hooks(
        """
        def ark_status(ctx, default):
            ctx.run(["/bin/sh", "-c", "sleep 1000; exit 0"], timeout=0.3).check()
        """
    )
    boxes = node.prefix / "var/log/ark/blackbox"
    boxes.mkdir()
    names = []
    for age in range(3600, 0, -120):
        stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(time.time() - age))
        names.append(f"toy1-{stamp}-1-000001.txt")
        (boxes / names[-1]).write_text("late\n")
    watching = Watching(node, "--within", "0.3", terminal=True)
    watching.read_until("UNKNOWN", times=2)
    assert {path.name for path in boxes.iterdir()} == set(names)

    def is_written() -> bool:
        try:
            new = [path.read_text() for path in boxes.iterdir() if path.name not in names]
        except FileNotFoundError:  # it was empty: no time was left to write it
            return False
        return any("sleep 1000" in text for text in new)

    check = node.start("quickcheck")
    wait_for(is_written)
    check.process.terminate()
    check.end()
    assert watching.end() == (0, "")
    assert sorted(path.name for path in boxes.iterdir())[:5] == names[:5]


def test_an_end_while_a_status_hangs_leaves_nothing_behind(node: ToyNode) -> None:
    node.hooks(
        """
        def ark_status(ctx, default):
            ctx.run(["/bin/sh", "-c", "sleep 1000; exit 0"]).check()
        """
    )
    watching = Watching(node, "--within", "60", terminal=True)
    wait_for(lambda: len(node.processes()) >= 3)
    began = time.monotonic()
    assert watching.end() == (0, "")
    assert time.monotonic() - began < 50  # its status has 60 s
    wait_for(lambda: not node.processes())


def test_why_a_resource_cannot_be_used_stands_on_the_screen(node: ToyNode) -> None:
    (node.resources / "toy1.toml").write_text("nonsense")
    watching = Watching(node, terminal=True)
    watching.read_until("not TOML")
    assert watching.end() == (0, "")


def test_facts_are_not_watched(ark_here) -> None:
    assert ark_here("status", "--watch", "--json").returncode == 2


def test_eighty_columns_are_enough(node: ToyNode, ark) -> None:
    node.configure("lkjp1_base", "LVMRH5LKB2", home=node.home)
    Maintenance(Paths(str(node.prefix)), "lkjp1_base").begin(time.time() + 3600)
    for language in ("C.UTF-8", "ja_JP.UTF-8"):
        for words in ((), ("lkjp1_base",)):
            text = ark("status", *words, COLUMNS="80", LC_ALL=language).stdout
            assert max(map(cell_len, text.splitlines())) <= 80
