"""The healthy path of a quickCheck: it says "well" and nothing else, and leaves the rest whole."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support import ToyNode, pairs_are_whole, wait_for

from arkcore import processes
from arkcore.memory.recorded_processes import LATELY

WELL = ["QuickCheck start.", "QuickCheck completed."]


class Watched:
    """A toy that runs, whose plugin notes that it was asked."""

    def __init__(self, node: ToyNode) -> None:
        self.node = node
        self.asked = node.home / "asked"
        self.command = node.home / "well"
        self.does("exit 0")
        (node.home / "health").write_text(f"{self.command}\n")
        node.hooks(
            f"""
            def ark_status(ctx, default):
                open({str(self.asked)!r}, "w").close()
                return default(ctx)
            """
        )
        node.configure(timers={'"lifekeeper.quickcheck_run"': 6})
        assert node.run("restore") == 0
        # The first check is the plugin's: it looks, and notes what it has seen.
        assert node.run("quickcheck") == 0

    def does(self, script: str) -> None:
        """What the health command does."""
        new = self.command.with_suffix(".new")
        new.write_text(f"#!/bin/sh\n{script}\n")
        new.chmod(0o755)
        new.rename(self.command)

    def check(self) -> tuple[int, list[str], bool]:
        """Of one check: the exit code, the messages, and whether the plugin was asked."""
        self.asked.unlink(missing_ok=True)
        before = len(self.node.ras)
        code = self.node.run("quickcheck")
        return code, self.node.ras[before:], self.asked.exists()

    def state(self, name: str) -> Path:
        return self.node.prefix / f"run/ark/resources/toy1/{name}"

    def is_waiting(self) -> bool:
        """Whether a check has begun, and its clock stands: it waits for the lock of the node."""
        return self.state("commands.json").exists() and not self.state("undecided.json").exists()


@pytest.fixture
def toy(node: ToyNode) -> Watched:
    return Watched(node)


def test_a_healthy_application_is_well_and_its_plugin_is_not_asked(toy: Watched) -> None:
    before = toy.node.state("verdict")
    assert toy.check() == (0, WELL, False)
    after = toy.node.state("verdict")
    assert (after["action"], after["outcome"], after["status"]) == ("quickcheck", "well", "RUNNING")
    assert after["at"] > before["at"]
    assert after["since"] == before["since"]


def test_it_leaves_nothing_behind(toy: Watched) -> None:
    kept = sorted(os.listdir(toy.state("")))
    assert toy.check()[2] is False
    assert sorted(os.listdir(toy.state(""))) == kept
    assert not list((toy.node.prefix / "var/lib/ark/open").glob("*"))


def test_a_plugin_that_names_no_command_is_asked(toy: Watched) -> None:
    (toy.node.home / "health").unlink()
    toy.node.configure()  # validated anew
    toy.check()
    assert toy.check() == (0, WELL, True)


def test_a_command_that_returns_something_else_leaves_it_to_the_plugin(toy: Watched) -> None:
    toy.does("exit 1")
    assert toy.check() == (0, WELL, True)


def test_a_command_that_is_gone_leaves_it_to_the_plugin(toy: Watched) -> None:
    toy.command.unlink()
    assert toy.check() == (0, WELL, True)


def test_a_dead_process_is_seen_though_every_command_says_well(toy: Watched) -> None:
    toy.node.kill_daemons()
    code, told, asked = toy.check()
    assert (code, asked) == (1, True)
    assert (told[0], told[-1]) == (WELL[0], "QuickCheck failed. It is STOPPED.")
    assert pairs_are_whole(told)


def test_a_recorded_process_that_is_gone_has_all_looked_at(toy: Watched) -> None:
    """Others of it live, and its command says well."""
    path = toy.state("processes.json")
    value = json.loads(path.read_text())
    path.write_text(json.dumps({**value, "processes": [*value["processes"], [2, 1]]}))
    assert toy.check() == (0, WELL, True)
    assert json.loads(path.read_text())["processes"] == value["processes"]
    assert toy.check() == (0, WELL, False)


def test_the_process_table_is_looked_at_now_and_then(toy: Watched) -> None:
    path = toy.state("processes.json")
    value = json.loads(path.read_text())
    path.write_text(json.dumps({**value, "looked": value["looked"] - LATELY - 1}))
    assert toy.check() == (0, WELL, True)
    assert toy.check() == (0, WELL, False)


def test_a_look_that_is_to_come_is_none(toy: Watched) -> None:
    path = toy.state("processes.json")
    value = json.loads(path.read_text())
    path.write_text(json.dumps({**value, "looked": value["looked"] + 1e6}))
    assert toy.check()[2] is True


def undecided(toy: Watched) -> None:
    toy.state("undecided.json").write_text("{}")


def blind(toy: Watched) -> None:
    toy.state("blind.json").write_text('{"reason": "x"}')


def open_command(toy: Watched) -> None:
    toy.state("commands.json").write_text('{"toy1:00": ["status", 0, 0]}')


def other_verdict(toy: Watched) -> None:
    path = toy.state("verdict.json")
    path.write_text(json.dumps({**json.loads(path.read_text()), "outcome": "undecided"}))


def nothing_wanted(toy: Watched) -> None:
    toy.state("wanted.json").unlink()


def nothing_recorded(toy: Watched) -> None:
    toy.state("processes.json").unlink()


def another_resource_file(toy: Watched) -> None:
    path = toy.node.resources / "toy1.toml"
    path.write_text(path.read_text() + "\n")


def trace(toy: Watched) -> None:
    (toy.node.prefix / "etc/ark/ark.toml").write_text(f"[log]\ntrace = '{toy.node.home}/trace'\n")


def full(toy: Watched) -> None:
    (toy.node.prefix / "etc/ark/ark.toml").write_text("[ras]\ndetail = 'full'\n")


NOT_ORDINARY: list[Callable[[Watched], None]] = [
    undecided,
    blind,
    open_command,
    other_verdict,
    nothing_wanted,
    nothing_recorded,
    another_resource_file,
    trace,
    full,
]


@pytest.mark.parametrize("change", NOT_ORDINARY, ids=lambda change: change.__name__)
def test_what_is_not_ordinary_is_left_to_the_plugin(
    toy: Watched, change: Callable[[Watched], None]
) -> None:
    change(toy)
    code, _, asked = toy.check()
    assert (code, asked) == (0, True)


def test_a_resource_in_maintenance_is_left_to_the_guard(toy: Watched) -> None:
    directory = toy.node.prefix / "var/lib/ark/maintenance"
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    (directory / "toy1.json").write_text('{"since": 1, "until": null}')
    code, told, asked = toy.check()
    assert (code, asked) == (0, True)
    assert any("aintenance" in line for line in told)


def test_a_script_that_was_killed_is_told_before_the_check(toy: Watched) -> None:
    toy.does("sleep 30")
    check = toy.node.start("quickcheck")
    wait_for(lambda: toy.state("undecided.json").exists())
    check.process.send_signal(signal.SIGKILL)
    check.end()
    toy.does("exit 0")
    code, told, asked = toy.check()
    assert (code, asked) == (0, True)
    assert told[0].startswith("QuickCheck aborted.")
    assert told[1:] == WELL
    assert not toy.node.processes_of("sleep")


def test_what_hangs_is_undecided_ended_and_told_with_its_black_box(toy: Watched) -> None:
    toy.does("sleep 31 & sleep 32")
    began = time.monotonic()
    code, told, asked = toy.check()
    assert (code, asked) == (0, False)
    assert told[0] == "QuickCheck start."
    assert told[1].startswith("QuickCheck completed. Undecided: It is UNKNOWN (well had not ended")
    assert "black box" in told[1]
    assert time.monotonic() - began < 12
    assert not toy.node.processes_of("sleep")
    assert toy.node.state("undecided")


def test_told_to_end_it_ends_and_leaves_no_command(toy: Watched) -> None:
    toy.does("sleep 33")
    check = toy.node.start("quickcheck")
    wait_for(lambda: toy.node.processes_of("sleep"))
    check.process.send_signal(signal.SIGTERM)
    assert check.end() == 0
    assert check.seconds < 5
    assert toy.node.ras[-1].startswith("QuickCheck completed. Undecided: Ended by SIGTERM")
    assert not toy.node.processes_of("sleep")


def test_a_remove_that_comes_meanwhile_is_not_kept_waiting(toy: Watched) -> None:
    toy.does("sleep 34")
    check = toy.node.start("quickcheck")
    wait_for(lambda: toy.node.processes_of("sleep"))
    assert toy.node.run("remove") == 0
    assert check.end() == 0
    assert pairs_are_whole(toy.node.ras)
    assert not toy.node.processes_of("sleep")


def test_what_a_command_leaves_running_is_ended(toy: Watched) -> None:
    toy.does("sleep 35 & exit 0")
    code, told, asked = toy.check()
    assert (code, told, asked) == (0, WELL, True)
    assert not toy.node.processes_of("sleep")
    assert not toy.node.state("commands")


@pytest.fixture
def held_lock(toy: Watched) -> Iterator[int]:
    """The lock of the node that the health command takes, held by somebody else."""
    path = toy.node.prefix / "run/ark/locks/toy.lock"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    yield descriptor
    os.close(descriptor)


def test_a_command_waits_for_the_lock_of_the_node(toy: Watched, held_lock: int) -> None:
    check = toy.node.start("quickcheck")
    wait_for(toy.is_waiting)
    fcntl.flock(held_lock, fcntl.LOCK_UN)
    assert check.end() == 0
    assert toy.node.ras[-2:] == WELL


def test_it_can_be_told_to_end_while_it_waits_for_that_lock(toy: Watched, held_lock: int) -> None:
    check = toy.node.start("quickcheck")
    wait_for(toy.is_waiting)
    check.process.send_signal(signal.SIGTERM)
    assert check.end() == 0
    assert check.seconds < 5
    assert toy.node.ras[-1].startswith("QuickCheck completed. Undecided: Ended by SIGTERM")


def test_a_command_gets_what_it_gets_from_the_plugin(toy: Watched) -> None:
    """Environment, terminal, session, directory, descriptors and signals are the same."""
    shown = toy.node.home / "shown"
    script = (
        f"{{ env | grep -v '^ARK_ACTION=' | sort; pwd; ls /proc/self/fd | wc -l; "
        f"grep -E '^Sig(Blk|Cgt)' /proc/self/status; "
        # Of those that are ignored the first 28: two beyond are the C library's own.
        f"awk '/^SigIgn/ {{print substr($2, 10)}}' /proc/self/status; "
        f"ps -o sid=,pid= -p $$ | awk '{{print $1 == $2}}'; }} >{shown}"
    )
    toy.does(script)
    toy.node.hooks(
        f"""
        def ark_status(ctx, default):
            ctx.run([{str(toy.command)!r}])
            return default(ctx)
        """
    )
    assert toy.node.run("quickcheck") == 0
    by_path = shown.read_text()
    toy.state("processes.json").unlink()
    assert toy.node.run("quickcheck") == 0
    assert by_path == shown.read_text()
    assert f"ARK_PREFIX={toy.node.prefix}" in by_path


def test_a_flood_of_output_is_cut_back(toy: Watched) -> None:
    toy.does("head -c 50000000 /dev/zero")
    assert toy.check() == (0, WELL, False)


def test_a_hook_that_raises_is_told_where_the_resource_is_validated(toy: Watched) -> None:
    (toy.node.home / "health").write_text("relative\n")
    toy.node.configure()
    code, told, _ = toy.check()
    assert code == 0
    assert "HealthCommand: a command must begin with an absolute path" in told[-1]


def test_a_killed_check_s_command_that_cleared_its_environment_is_ended(toy: Watched) -> None:
    toy.does("exec env -i sleep 36")
    check = toy.node.start("quickcheck")
    # Noted once it has lasted a while.
    wait_for(lambda: any(each[1] for each in toy.node.state("commands").values()))  # type: ignore[index]
    [sleeping] = [pid for pid in processes.pids() if is_sleeping(pid, "36")]
    check.process.send_signal(signal.SIGKILL)
    check.end()
    toy.does("exit 0")
    toy.check()
    assert not is_sleeping(sleeping, "36")


def is_sleeping(pid: int, seconds: str) -> bool:
    return processes.arguments(pid) == [b"sleep", seconds.encode()]


def test_time_that_waiting_for_a_lock_took_is_not_counted_later(
    toy: Watched, held_lock: int
) -> None:
    """Told to end while it only waited, a check has observed nothing."""
    check = toy.node.start("quickcheck")
    wait_for(toy.is_waiting)
    check.process.send_signal(signal.SIGTERM)
    check.end()
    assert not toy.node.state("undecided")


def test_time_that_its_plugin_waits_for_a_lock_is_taken_back_with_what_was_begun(
    toy: Watched,
) -> None:
    """No clock runs while nobody could be asked, though the healthy path had begun."""
    toy.does("exit 1")
    other = toy.node.prefix / "run/ark/locks/other.lock"
    toy.node.hooks(
        """
        def ark_status(ctx, default):
            from arkcore import Status, StatusReport
            with ctx.node_lock("other") as taken:
                return default(ctx) if taken else StatusReport(Status.UNKNOWN, "busy")
        """
    )
    descriptor = os.open(other, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        assert toy.node.run("quickcheck") == 0
    finally:
        os.close(descriptor)
    assert not toy.node.state("undecided")


def test_a_command_has_its_whole_time_after_it_waited_for_a_lock(
    toy: Watched, held_lock: int
) -> None:
    (toy.node.home / "health").write_text(f"timeout=1 {toy.command}\n")
    toy.node.configure(timers={'"lifekeeper.quickcheck_run"': 8})
    fcntl.flock(held_lock, fcntl.LOCK_UN)
    toy.check()  # validated anew
    fcntl.flock(held_lock, fcntl.LOCK_EX)
    toy.does("sleep 0.5")
    check = toy.node.start("quickcheck")
    wait_for(toy.is_waiting)
    time.sleep(0.8)  # the wait and the command together are longer than its timeout
    fcntl.flock(held_lock, fcntl.LOCK_UN)
    assert check.end() == 0
    assert toy.node.ras[-2:] == WELL
    assert not list((toy.node.prefix / "var/log/ark").glob("blackbox/*"))
