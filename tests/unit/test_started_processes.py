"""What a start has made, and whether a look for it can be trusted."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import wait_for

from arkcore.base.deadline import Deadline
from arkcore.base.paths import Paths
from arkcore.context.context import Context, engine_side
from arkcore.machine import processes
from arkcore.machine.channel import Sender
from arkcore.memory.state import State
from arkcore.plugin.source import PluginSource
from arkcore.resources.resource import ApplicationFacts, LogSettings, RasSettings, Resource
from arkcore.resources.timers import Timers


@pytest.fixture
def context(tmp_path: Path) -> Iterator[Context]:
    nobody = os.open("/dev/null", os.O_WRONLY)
    resource = Resource(
        name=f"started-{os.getpid()}",
        logical_host="LHOST",
        plugin=PluginSource("x", "x", "X", "x", "0", ""),
        application=ApplicationFacts(
            force_before_restart=False, runs_as_processes=True, machine_wide=()
        ),
        timers=Timers({}),
        options={},
        ras=RasSettings(),
        log=LogSettings(),
    )
    state = State(Paths(str(tmp_path)), resource.name)
    yield Context(resource, None, state, Sender(nobody), Deadline.after(60))
    os.close(nobody)


def sleeper(**environment: str) -> subprocess.Popen[bytes]:
    """One that shows its environment, where it has any: it does not at once."""
    child = subprocess.Popen(["/bin/sleep", "60"], env=environment)
    wait_for(lambda: len(processes.environment(child.pid)) >= len(environment))
    return child


def seen(
    monkeypatch: pytest.MonkeyPatch, *children: subprocess.Popen[bytes], parent: bool = False
) -> None:
    """Let the process table hold these alone: what others do on this machine is not asked.

    `parent`: and this process, which is no guard.
    """
    pids = [child.pid for child in children]
    if parent:
        me = os.getpid()
        pids.append(me)
        monkeypatch.setattr("arkcore.context.ownership.os.getpid", lambda: -1)
    monkeypatch.setattr(processes, "pids", lambda: iter(pids))


def test_what_bears_the_mark_of_a_start_is_found_and_nothing_is_unclear(
    context: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context._state.commands.note(f"{context.resource}:1", "start")
    ours = sleeper(ARK_ACTION=f"{context.resource}:1", ARK_PREFIX=str(tmp_path))
    another = sleeper(ARK_ACTION="another:1", ARK_PREFIX=str(tmp_path))
    seen(monkeypatch, ours, another)
    try:
        started, unclear = engine_side(context).owner.started()
        assert ([each.pid for each in started], unclear) == ([ours.pid], set())
    finally:
        for child in (ours, another):
            child.kill()
            child.wait()


def test_the_child_of_another_s_process_that_shows_no_environment_is_another_s(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = sleeper()
    seen(monkeypatch, bare, parent=True)
    try:
        assert engine_side(context).owner.started() == ([], set())
    finally:
        bare.kill()
        bare.wait()


@pytest.mark.parametrize("alive", [True, False])
def test_a_live_process_that_shows_no_environment_makes_the_look_unclear(
    alive: bool, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What executes a new program is so for microseconds; what was started without one, always.
    bare = sleeper()
    seen(monkeypatch, bare)
    try:
        if not alive:
            bare.send_signal(signal.SIGKILL)
            os.waitid(os.P_PID, bare.pid, os.WEXITED | os.WNOWAIT)
        assert engine_side(context).owner.started() == (
            [],
            {processes.look(bare.pid)} if alive else set(),
        )
    finally:
        bare.kill()
        bare.wait()
