"""A program that stays in the foreground is started, signalled and missed through the context."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest
from support import ToyNode, wait_for

from arkcore import PluginError, Process, StepFailed, processes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ark_testing import Trial

START = """
def ark_start(ctx, default):
    ctx.start_daemon({argv!r}, env={{"TOLD": "yes"}})
"""


def test_it_lives_on_in_a_session_of_its_own_until_the_remove(node: ToyNode) -> None:
    node.configure(text="[start]\nlimits.nofile = 77\n")
    node.hooks(START.format(argv=[str(node.home / "daemon"), "1000"]))
    assert node.run("restore") == 0
    [pid] = node.daemons()
    assert os.getsid(pid) == pid
    assert b"TOLD=yes" in processes.environment(pid)
    assert processes.mark_of(pid).startswith("toy1:")
    assert "Max open files            77 " in Path(f"/proc/{pid}/limits").read_text()
    assert os.readlink(f"/proc/{pid}/fd/0") == "/dev/null"
    assert os.readlink(f"/proc/{pid}/fd/1").endswith("/output/toy1.start")
    assert (node.state("sessions"), node.run("quickcheck")) != ({}, 1)
    assert node.run("remove") == 0
    assert not node.daemons()


def test_its_death_during_the_start_is_told_at_once_with_its_words(node: ToyNode) -> None:
    script = "echo cannot read /nonexistent >&2; exit 3"
    node.hooks(START.format(argv=["/bin/sh", "-c", script]))
    assert node.run("restore") == 1
    [failed] = [line for line in node.ras if line.startswith("Start failed.")]
    assert "it has died: sh returned 3: cannot read /nonexistent" in failed or (
        failed == "Start failed. sh returned 3"
    )
    assert "for 5 s" not in failed


# Through a context alone.


@pytest.fixture
def trial(ark_trial: Callable[..., Trial], tmp_path: Path) -> Trial:
    from ark_testing import LogicalHost

    return ark_trial("toy", LogicalHost("TRIAL1", options={"home": str(tmp_path)}))


def test_a_signal_wakes_and_reaches_what_the_context_has_shown(trial: Trial) -> None:
    ctx = trial.context("ark_start")
    daemon = ctx.start_daemon(["/bin/sleep", "1000"])
    os.kill(daemon.pid, signal.SIGSTOP)
    assert ctx.signal([daemon]) == [daemon]
    wait_for(lambda: not processes.still_lives(daemon))


def test_no_signal_reaches_a_stranger_a_later_process_or_kills(trial: Trial) -> None:
    ctx = trial.context("ark_start")
    daemon = ctx.start_daemon(["/bin/sleep", "1000"])
    with subprocess.Popen(["/bin/sleep", "1000"]) as child:
        stranger = processes.look(child.pid)
        assert stranger is not None
        with pytest.raises(PluginError, match="not known for a process of this logical host"):
            ctx.signal([daemon, stranger])
        for number in ("KILL", "STOP", signal.SIGKILL, "NONE", 0, 999):
            with pytest.raises(PluginError, match="signal "):
                ctx.signal([daemon], number)
        later = Process(daemon.pid, daemon.start - 1, 1, 1, 1, "S", "sleep")
        ctx._engine.shown.add(later)
        assert ctx.signal([later]) == []
        assert child.poll() is None
        assert processes.still_lives(daemon)
        child.kill()


def test_what_cannot_be_run_fails_the_start_and_no_other_hook_starts(trial: Trial) -> None:
    with pytest.raises(StepFailed, match="/nosuch cannot be run: No such file or directory"):
        trial.context("ark_start").start_daemon(["/nosuch"])
    with pytest.raises(PluginError, match="only ark_start starts a daemon"):
        trial.context("ark_status").start_daemon(["/bin/sleep", "1"])
    with pytest.raises(PluginError, match="must begin with an absolute path"):
        trial.context("ark_start").start_daemon(["sleep", "1"])
