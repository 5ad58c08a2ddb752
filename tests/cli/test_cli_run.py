from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import time

import pytest
from support import PROGRAMS, ToyNode, wait_for

from arkcore.base.paths import Paths
from arkcore.machine import processes
from arkcore.memory.maintenance import Maintenance


def test_the_lines_are_those_of_the_log(node: ToyNode, ark) -> None:
    result = ark("run", "restore", "toy1")
    *lines, last = result.stdout.splitlines()
    assert result.returncode == 0
    assert [line.split(" : ", 1)[1] for line in lines] == [
        line.split(" : ", 1)[1] for line in node.ras_lines
    ]
    assert re.fullmatch(r"restore toy1: well \([\d.]+ s\): RUNNING", last)
    assert len(node.daemons()) == 1


def test_all_four_actions(node: ToyNode, ark) -> None:
    for action in ("restore", "quickcheck", "recover", "remove"):
        result = ark("run", action, "toy1")
        assert (action, result.returncode, result.stderr) == (action, 0, "")
    assert not node.daemons()


def test_a_failure_is_exit_code_1_with_its_reason(node: ToyNode, ark) -> None:
    node.configure(text='mount_points = ["/no/such/disk"]')
    result = ark("run", "restore", "toy1")
    assert result.returncode == 1
    assert "restore toy1: failed" in result.stdout.splitlines()[-1]
    assert result.stdout.splitlines()[-1].endswith("not mounted: /no/such/disk")
    assert result.stderr == ""  # it stands among the lines


def test_what_is_skipped_is_exit_code_0(node: ToyNode, ark) -> None:
    begin_maintenance(node)
    result = ark("run", "quickcheck", "toy1")
    assert (result.returncode, "quickcheck toy1: skipped" in result.stdout) == (0, True)


def test_an_unusable_file_is_exit_code_1(node: ToyNode, ark) -> None:
    (node.resources / "toy1.toml").write_text("nonsense")
    result = ark("run", "quickcheck", "toy1")
    assert result.returncode == 1
    assert "internal error" in result.stdout
    assert "toy1.toml: not TOML" in result.stdout


def test_the_intent_is_left_alone(node: ToyNode, ark) -> None:
    assert node.run("restore") == 0
    begin_maintenance(node)
    assert ark("run", "remove", "toy1").returncode == 0
    assert not node.daemons()
    assert node.state("wanted")["wanted"] == "up"


def begin_maintenance(node: ToyNode) -> None:
    assert Maintenance(Paths(str(node.prefix)), "toy1").begin(None)


# What the cluster manager's own state contradicts.


def test_a_restore_where_it_is_not_in_service_is_refused(node, ark, lifekeeper) -> None:
    lifekeeper("OSU")
    result = ark("run", "restore", "toy1")
    assert result.returncode == 1
    assert "refused: toy1 is not in service here" in result.stderr
    assert f"{node.prefix}/LifeKeeper/bin/perform_action -t toy1 -a restore" in result.stderr
    assert not node.daemons()
    assert node.ras == []


def test_a_restore_after_the_managers_remove_is_refused(node, ark) -> None:
    assert node.run("remove") == 0
    assert ark("run", "restore", "toy1").returncode == 1
    assert not node.daemons()


def test_a_restore_where_it_is_in_service_is_done(node, ark, lifekeeper) -> None:
    lifekeeper("ISP")
    assert ark("run", "restore", "toy1").returncode == 0
    assert len(node.daemons()) == 1


def test_a_remove_where_it_is_in_service_is_refused(node, ark, lifekeeper) -> None:
    assert node.run("restore") == 0
    lifekeeper("ISP")
    result = ark("run", "remove", "toy1")
    assert result.returncode == 1
    assert "perform_action -t toy1 -a remove" in result.stderr
    assert len(node.daemons()) == 1


def test_a_remove_of_what_is_wanted_is_refused(node, ark) -> None:
    assert node.run("restore") == 0
    assert ark("run", "remove", "toy1").returncode == 1
    assert len(node.daemons()) == 1


def test_a_remove_in_maintenance_is_done(node, ark, lifekeeper) -> None:
    lifekeeper("ISP")
    assert node.run("restore") == 0
    begin_maintenance(node)
    assert ark("run", "remove", "toy1").returncode == 0
    assert not node.daemons()


def test_force_does_it_all_the_same(node, ark, lifekeeper) -> None:
    lifekeeper("OSU")
    assert ark("run", "restore", "toy1", "--force").returncode == 0
    lifekeeper("ISP")
    assert ark("run", "remove", "toy1", "--force").returncode == 0
    assert not node.daemons()


# Wrong usage, and what a person may not do.


@pytest.mark.parametrize("words", [("run", "restart", "toy1"), ("run", "restore"), ("no-such",)])
def test_wrong_usage_is_exit_code_2(ark_here, words: tuple[str, ...]) -> None:
    result = ark_here(*words)
    assert (result.returncode, result.stdout) == (2, "")
    assert "Traceback" not in result.stderr


def test_an_unknown_resource_is_told_with_those_there_are(node: ToyNode, ark_here) -> None:
    result = ark_here("run", "remove", "toy2")
    assert result.returncode == 1
    assert result.stderr == (
        "ark: toy2: no such resource and no such logical host here; there are: toy1; "
        "logical hosts: LHOST1\n"
    )
    assert node.ras == []


# Watching.


class Watched:
    """`ark run` on a terminal of its own."""

    def __init__(self, node: ToyNode, *words: str, columns: int = 100) -> None:
        self._terminal, inner = pty.openpty()
        self.process = subprocess.Popen(
            [str(PROGRAMS / "ark"), "run", *words],
            stdin=inner,
            stdout=inner,
            stderr=inner,
            start_new_session=True,
            env={
                "ARK_PREFIX": str(node.prefix),
                "PATH": "/usr/bin:/bin",
                "LANG": "C.UTF-8",
                "TERM": "xterm",
                "COLUMNS": str(columns),
            },
        )
        os.close(inner)
        self.seen = ""

    def read(self, until: str = "", within: float = 20.0) -> str:
        """What it shows until it shows `until`, or ends; without the terminal's own sequences."""
        end = time.monotonic() + within
        while until not in self.seen or not until:
            assert time.monotonic() < end, self.seen
            if not select.select([self._terminal], [], [], 0.5)[0]:
                continue
            try:
                data = os.read(self._terminal, 65536)
            except OSError:
                break
            self.seen += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", data.decode())
        return self.seen

    def end(self) -> int:
        self.read()
        os.close(self._terminal)
        return self.process.wait(20)


def test_a_terminal_shows_step_elapsed_and_timer(node: ToyNode) -> None:
    node.hooks(
        """
        import time
        def ark_start(ctx, default):
            time.sleep(1.2)
            default(ctx)
        """
    )
    watched = Watched(node, "restore", "toy1")
    watched.read(until="Starting")
    watched.read(until="restore.process 1 of 480 s")
    assert watched.end() == 0
    assert "Restore completed." in watched.seen
    assert "restore toy1: well" in watched.seen


def test_an_interrupt_ends_the_action_cleanly(node: ToyNode) -> None:
    node.hooks(
        """
        def ark_start(ctx, default):
            ctx.run(["/bin/sleep", "1000"])
        """
    )
    watched = Watched(node, "restore", "toy1")
    watched.read(until="/bin/sleep 1000")
    os.killpg(watched.process.pid, signal.SIGINT)
    assert watched.end() == 1
    assert "Restore failed. Ended by SIGINT." in node.ras
    assert "restore toy1: failed" in watched.seen
    wait_for(lambda: not node.processes())


def test_a_guard_that_is_killed_is_told_and_leaves_no_worker(node: ToyNode) -> None:
    asked = node.prefix / "asked"
    node.hooks(
        f"def ark_status(ctx, default): import time; open({str(asked)!r}, 'w'); time.sleep(1000)"
    )
    command = [PROGRAMS / "ark", "run", "quickcheck", "toy1"]
    environment = {**os.environ, "ARK_PREFIX": str(node.prefix), "LANG": "C"}
    ark = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)

    def below() -> list[processes.Process]:
        return sorted(processes.descendants({ark.pid}), key=lambda each: each.ppid != ark.pid)

    wait_for(asked.exists)  # one that validated is gone by then
    guard, worker = below()
    os.kill(guard.pid, signal.SIGKILL)
    told, _ = ark.communicate(timeout=30)
    assert ark.returncode == 1
    assert "internal error" in told
    assert told.rstrip().endswith("the guard was ended by SIGKILL")
    wait_for(lambda: not processes.still_lives(worker))


def test_the_action_goes_on_where_nobody_watches_any_more(node: ToyNode) -> None:
    node.hooks(
        """
        import time
        def ark_start(ctx, default):
            time.sleep(0.5)
            default(ctx)
        """
    )
    watched = Watched(node, "restore", "toy1")
    watched.read(until="Starting")
    watched.process.kill()
    watched.process.wait(10)
    wait_for(lambda: "Restore completed." in node.ras)
    assert len(node.daemons()) == 1
