"""`ark log` and `ark why`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ras_writing import RasWriter
from support import ToyNode

FAILS = (
    "QuickCheck start.", 3, "QuickCheck failed. It is STOPPED (x).", 1,
    "Recover start.", "Status checking.", 3, "Status check completed. STOPPED (x)",
    "Stopping.", "/opt/stop", 2, "Stop completed.", 10, "Starting.", "/opt/start LHOST1", 120,
    "start returned 1", "| KAVB0001-E no", "Start failed. Expected RUNNING, seen STOPPED", 1,
    "Recover failed. Expected RUNNING, seen STOPPED", 5,
)  # fmt: skip


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "logs/ras.log"


def runs(ark_here, *words: str) -> list[dict]:
    return json.loads(ark_here("log", *words, "--json").stdout)


class TestRuns:
    def test_a_run_is_shown_as_a_tree_with_its_times(self, log: Path, ark_here) -> None:
        RasWriter().check().forced_remove(15, 4).write(log)
        told = ark_here("log", "--file", str(log)).stdout.splitlines()
        assert told == [
            "2026/11/10 12:00:00  toy1 (LHOST1)  QuickCheck  well, until 12:00:00, slowest 0 s",
            "2026/11/10 12:01:00  toy1 (LHOST1)  Remove  well  19 s / remove.process 120 s, 16%",
            "  ├─ stop  15 s / remove.process 120 s, 12%  went on to the forced stop",
            "  └─ forced stop  4 s (19 s / remove.process 120 s, 16%)",
        ]

    @pytest.mark.parametrize(
        ("option", "seconds"),
        [("--failed", [7]), ("--slow", [300, 400]), ("--near", [400]), ("--unpaired", [0])],
    )
    def test_an_option_leaves_the_runs_it_names(
        self, log: Path, ark_here, option: str, seconds: list[int]
    ) -> None:
        writer = RasWriter().restore(20).restore(300).restore(400)
        writer.told("Remove start.", 7, "Remove failed. x", 9, "Recover completed.").write(log)
        found = runs(ark_here, "--file", str(log), option)
        assert [each["seconds"] for each in found] == seconds

    def test_times_and_hosts_leave_what_they_name(self, log: Path, ark_here) -> None:
        now = time.time()
        RasWriter(now=now - 7200).restore(1).write(log.with_name("ras.log.1"))
        writer = RasWriter(now=now - 600, host="OTHER").restore(2)
        writer.host = "LHOST1"
        writer.restore(3).write(log)
        where = ("--file", str(log.parent))
        assert [each["seconds"] for each in runs(ark_here, *where, "--since", "1h")] == [2, 3]
        assert [each["seconds"] for each in runs(ark_here, *where, "--until", "1h")] == [1]
        assert [each["seconds"] for each in runs(ark_here, *where, "--host", "OTHER")] == [2]

    def test_two_nodes_stand_in_one_order(self, log: Path, ark_here) -> None:
        RasWriter().remove(5).write(log)
        RasWriter(now=RasWriter().now + 2).restore(9).write(log.with_name("other"))
        found = runs(ark_here, "--file", f"one={log}", "--file", f"two={log.with_name('other')}")
        assert [(each["node"], each["action"]) for each in found] == [
            ("one", "remove"),
            ("two", "restore"),
        ]

    def test_foreign_lines_are_counted_and_shown_on_request(self, log: Path, ark_here) -> None:
        log.parent.mkdir()
        log.write_text("KAVB3674-I not ours\n")
        told = ark_here("log", "--file", str(log), "--foreign").stderr
        assert "1 lines are no lines of the RAS log" in told
        assert "KAVB3674-I not ours" in told
        assert "KAVB3674-I" not in ark_here("log", "--file", str(log)).stderr

    @pytest.mark.parametrize("when", ["yesterday", "25:00", "2h30m", "-1h"])
    def test_a_time_that_is_none_is_one_line(self, ark_here, when: str) -> None:
        told = ark_here("log", "--since", when)
        assert told.returncode == 2
        assert "is no time: say 2h, 30m, 7d" in told.stderr

    def test_what_is_written_is_followed_from_stdin_too(self, log: Path, node: ToyNode) -> None:
        program = [sys.executable, "-m", "arkcore.cli.main", "log", "--file", "-", "--json"]
        data = b"".join(RasWriter().restore(5).lines)
        done = subprocess.run(program, input=data, capture_output=True, timeout=60, check=True)
        [found] = json.loads(done.stdout)
        assert found["seconds"] == 5

    def test_a_followed_log_tells_each_run_as_it_ends(self, node: ToyNode) -> None:
        log = node.prefix / "var/log/ark/ras.log"
        RasWriter().restore(5).write(log)
        environment = {**os.environ, "ARK_PREFIX": str(node.prefix), "LC_ALL": "C.UTF-8"}
        program = [sys.executable, "-m", "arkcore.cli.main", "log", "--follow"]
        with subprocess.Popen(program, stdout=subprocess.PIPE, env=environment) as following:
            assert following.stdout is not None
            assert b"Restore  well" in following.stdout.readline()
            time.sleep(1)  # it looks a few times, and there is nothing new
            assert following.poll() is None
            with log.open("ab") as file:
                file.writelines(RasWriter().remove(7).lines)
            # What the run at work is doing is told meanwhile, so often as the machine lets it.
            assert any(b"Remove  well  7 s" in each for each in following.stdout)
            following.terminate()


def two_nodes(directory: Path, one: RasWriter, *, after: float) -> tuple[str, ...]:
    """The logs of node one, and of node two which starts it so many seconds after its last line."""
    two = RasWriter(now=one.now + after).restore(5)
    one.write(directory / "one/ras.log")
    two.write(directory / "two/ras.log")
    return "--file", f"one={directory}/one", "--file", f"two={directory}/two"


class TestWhy:
    def test_it_names_the_step_that_failed_and_what_came_next(self, log: Path, ark_here) -> None:
        RasWriter().told(*FAILS).remove(4).write(log)
        told = ark_here("why", "--file", f"one={log}")
        assert told.returncode == 0
        what, reason, said, then, look = told.stdout.splitlines()
        assert what == (
            "one: Recover toy1 (LHOST1): the start (/opt/start LHOST1) failed at "
            "2026/11/10 12:02:19, after 2 min of 480 s (restore.process)."
        )
        assert reason == "Reason: Expected RUNNING, seen STOPPED"
        assert said == "What was said: start returned 1 / KAVB0001-E no"
        assert "one: Remove toy1 well" in then
        assert look.startswith("Look at: the product's own log at 2026/11/10 12:02:20")

    def test_the_failure_at_a_time_is_found(self, log: Path, ark_here) -> None:
        writer = RasWriter().told("Remove start.", 9, "Remove failed. Still alive: pid 1 x (D)")
        writer.now += 86400
        writer.told(*FAILS).write(log)
        answer = ark_here("why", "--file", str(log), "--at", "2026-11-10T13:00", "--json")
        found = json.loads(answer.stdout)
        assert found["failed"]["action"] == "remove"
        assert "reboot this node" in found["text"][-1]

    def test_a_check_whose_restart_went_well_is_the_failure(self, log: Path, ark_here) -> None:
        RasWriter().told(*FAILS[:4]).recover(1, 1, 10, 5).write(log)
        told = ark_here("why", "--file", str(log)).stdout
        assert told.startswith("QuickCheck toy1 (LHOST1) failed")
        assert "Next: Recover toy1 well" in told

    def test_where_nothing_failed_it_is_one_line(self, log: Path, ark_here) -> None:
        RasWriter().restore(4).write(log)
        told = ark_here("why", "--file", str(log))
        assert (told.returncode, told.stdout) == (0, "Nothing failed in the RAS log.\n")

    def test_a_stop_that_became_a_forced_one_is_named(self, log: Path, ark_here) -> None:
        RasWriter().restore(4).forced_remove(90, 3).write(log)
        told = ark_here("why", "--file", f"one={log}").stdout
        assert told.startswith("one: Remove toy1 (LHOST1): the stop did not stop it; the forced")

    def test_a_node_that_was_lost_is_named(self, tmp_path: Path, ark_here) -> None:
        answer = ark_here("why", "--json", *two_nodes(tmp_path, RasWriter().restore(4), after=60))
        found = json.loads(answer.stdout)
        assert (found["failed"], found["lost"]["node"]) == (None, "one")
        assert found["text"][0].startswith("one was lost: toy1 (LHOST1) ran there since")

    def test_a_node_that_stopped_it_first_is_not_lost(self, tmp_path: Path, ark_here) -> None:
        stopped = RasWriter().restore(4).remove(4)
        # Its clock is 30 s ahead of the other's.
        told = ark_here("why", *two_nodes(tmp_path, stopped, after=-90)).stdout
        assert told == "Nothing failed in the RAS log.\n"

    def test_a_step_that_was_cut_off_with_its_node_is_named(self, tmp_path: Path, ark_here) -> None:
        cut = RasWriter().restore(4).told("Remove start.", "Stopping.", "/stop LHOST1", 5)
        told = ark_here("why", *two_nodes(tmp_path, cut, after=60)).stdout
        assert told.startswith("one: Remove toy1 (LHOST1): the stop (/stop LHOST1) that began at")

    def test_a_check_that_was_ended_for_a_stop_is_no_failure(self, log: Path, ark_here) -> None:
        writer = RasWriter().told(*FAILS).told("QuickCheck start.", "QuickCheck aborted.", 1)
        writer.remove(4).write(log)
        assert ark_here("why", "--file", str(log)).stdout.startswith("Recover toy1")

    def test_a_remove_that_fails_after_a_check_hides_it_not(self, log: Path, ark_here) -> None:
        RasWriter().told(
            "QuickCheck start.", 3, "QuickCheck failed. It is PARTIAL (x).", 1, "Remove start.",
            "Stopping.", 9, "Force stopping.", 2, "Force stop failed. Still alive: pid 1 x (D)",
            "Remove failed. Still alive: pid 1 x (D)",
        ).write(log)  # fmt: skip
        told = ark_here("why", "--file", str(log)).stdout
        assert told.startswith("QuickCheck toy1 (LHOST1) failed")
        assert "reboot this node" in told.splitlines()[-1]

    def test_a_black_box_tells_what_hung(self, node: ToyNode, ark) -> None:
        node.configure(timers={"restore.process": 1, "restore.cleanup": 2})
        node.hooks("def ark_start(ctx, default):\n    ctx.run(['/bin/sleep', '1000'])\n")
        node.run("restore")
        told = ark("why", "toy1").stdout
        assert "the start (/bin/sleep 1000) failed" in told
        assert "of 1 s (restore.process)" in told
        assert ": /bin/sleep 1000 (pid" in told
        assert "the black box" in told.splitlines()[-1]


# Lines.


def test_the_last_lines_of_one_resource(node: ToyNode, ark) -> None:
    node.configure("toy2", "OTHERHOST", home=node.home)
    node.run("restore")
    node.run("remove", "toy2")
    answer = ark("log", "toy1", "--lines", "2")
    assert answer.returncode == 0
    lines = answer.stdout.splitlines()
    assert [line.split(" : ", 3)[3] for line in lines] == ["Start completed.", "Restore completed."]


def test_only_what_ended_badly_with_its_black_box(node: ToyNode, ark) -> None:
    node.configure(timers={"restore.process": 1, "restore.cleanup": 2})
    node.hooks("def ark_start(ctx, default):\n    ctx.run(['/bin/sleep', '1000'])\n")
    node.run("restore")
    answer = ark("log", "--bad", "--json", "--lines")
    lines = json.loads(answer.stdout)
    assert [line["message"].split(".")[0] for line in lines if line["went_badly"]] == [
        "Start failed",
        "Restore failed",
    ]
    boxes = {line["black_box"] for line in lines} - {None}
    told = ark("log").stdout
    assert len(boxes) == 1
    assert f"  {boxes.pop()}" in told.splitlines()


def test_no_log_yet_is_one_clear_line(node: ToyNode, ark) -> None:
    answer = ark("log")
    assert answer.returncode == 1
    assert answer.stderr.endswith("there is no RAS log yet\n")
    assert answer.stderr.count("\n") == 1
