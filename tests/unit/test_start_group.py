"""Whose the processes in the control group of a start are, and how a start gets its group."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support import wait_for

from arkcore.base.paths import Paths
from arkcore.context.outsiders import outsiders, recorded_by_others
from arkcore.context.start_group import StartGroup
from arkcore.machine import cgroup, processes
from arkcore.machine.cgroup import Group
from arkcore.machine.into_cgroup import NotSpawned
from arkcore.machine.output import Output
from arkcore.machine.processes import Process
from arkcore.machine.spawn import spawn
from arkcore.memory.state import State

#: Whoever is not root.
SOMEBODY = 65534
#: Calls itself by its argument, says so, and waits.
NAMED = (
    "import ctypes, sys, time\n"
    "ctypes.CDLL(None).prctl(15, sys.argv[1].encode(), 0, 0, 0)\n"
    "print(flush=True)\n"
    "time.sleep(60)\n"
)


@pytest.fixture
def started() -> Iterator[list[subprocess.Popen[bytes]]]:
    made: list[subprocess.Popen[bytes]] = []
    yield made
    for child in made:
        child.kill()
        child.communicate()


def named(started: list[subprocess.Popen[bytes]], name: str, user: int) -> Process:
    words = ["/usr/bin/env", "-i", sys.executable, "-ISc", NAMED, name]
    if user:
        words = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", *words[:2],
                 "/usr/bin/python3", *words[3:]]  # fmt: skip
    child = subprocess.Popen(words, stdout=subprocess.PIPE)
    started.append(child)
    assert child.stdout is not None
    assert child.stdout.readline() == b"\n"
    process = processes.look(child.pid)
    assert process is not None
    assert process.name == name
    return process


class TestOutsiders:
    def test_a_name_counts_for_a_process_of_root(
        self, started: list[subprocess.Popen[bytes]]
    ) -> None:
        process = named(started, "shared", 0)
        assert outsiders({process}, ("shared",), ()) == {process}
        assert outsiders({process}, ("other",), ()) == set()

    def test_a_name_that_a_user_gives_his_process_counts_for_nothing(
        self, started: list[subprocess.Popen[bytes]]
    ) -> None:
        process = named(started, "shared", SOMEBODY)
        assert outsiders({process}, ("shared",), ()) == set()

    def test_a_program_that_root_alone_can_change_counts_for_every_user(
        self, started: list[subprocess.Popen[bytes]]
    ) -> None:
        child = subprocess.Popen(["/bin/sleep", "60"], user=SOMEBODY)
        started.append(child)
        process = processes.look(child.pid)
        assert process is not None
        name = os.path.basename(processes.executable(child.pid))
        assert outsiders({process}, (name,), ()) == {process}

    def test_what_another_resource_ran_with_is_not_ended(
        self, paths: Paths, started: list[subprocess.Popen[bytes]]
    ) -> None:
        process = named(started, "x", 0)
        State(paths, "other").processes.note([process])
        others = recorded_by_others(State(paths, "own"))
        assert outsiders({process}, (), others) == {process}
        assert outsiders({process}, (), recorded_by_others(State(paths, "other"))) == set()

    def test_this_process_and_those_that_called_it_are_not_ended(self) -> None:
        us = {each for each in map(processes.look, (os.getpid(), os.getppid())) if each}
        assert outsiders(us, (), ()) == us


class Told:
    """A log that keeps what it is told."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def info(self, text: str) -> None:
        self.texts.append(text)

    warning = info


@pytest.fixture
def told() -> Told:
    return Told()


def start_group(state: State, told: Told) -> StartGroup:
    return StartGroup(state, told, lambda found: outsiders(found, (), ()))  # type: ignore[arg-type]


def refuse_to_spawn(group: int) -> int:
    raise NotSpawned


def only_inside(group: int) -> int:
    """Spawns nothing, and where this process has not entered the group, cannot."""
    return group if group < 0 else refuse_to_spawn(group)


def spawn_sleep(output: Output) -> Callable[[int], int]:
    return lambda into: spawn(["/bin/sleep", "60"], {"A": "B"}, output, None, into)


class TestSpawn:
    @pytest.fixture
    def output(self) -> Iterator[Output]:
        made = Output.discarded()
        yield made
        made.close()

    def test_what_is_spawned_lives_in_the_group_and_we_do_not(
        self, paths: Paths, told: Told, output: Output
    ) -> None:
        """Entered, for this process has threads; the engine's own tests spawn into the group."""
        state = State(paths, "own")
        before = cgroup.own_path()
        group = start_group(state, told)
        pid = group.spawn(spawn_sleep(output))
        try:
            assert (cgroup.own_path(), told.texts) == (before, [])
            assert Group(state.group.read().path).pids() == {pid}
            assert (group.settles(), group.is_empty()) == (False, False)
        finally:
            os.kill(pid, 9)
            os.waitpid(pid, 0)
        wait_for(group.is_empty)
        assert group.settles()
        group.forget()
        assert state.group.read().path == ""

    def test_a_group_that_cannot_be_noted_is_not_made(self, paths: Paths, told: Told) -> None:
        state = State(paths, "own")
        Path(state.directory).parent.mkdir(parents=True)
        Path(state.directory).write_text("in the way")
        before = cgroup.own_path()
        assert start_group(state, told).spawn(lambda into: into) == -1
        assert cgroup.own_path() == before
        [text] = told.texts
        assert text.startswith("what this start makes has no cgroup of its own: ")

    def test_a_group_that_is_taken_away_before_it_is_joined_is_made_anew(
        self, paths: Paths, told: Told, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        state = State(paths, "own")
        make, made = Group.make, []

        def make_and_lose(self: Group) -> None:
            make(self)
            if cgroup.is_of_a_resource(self.path):
                made.append(self.path)
                if len(made) == 1:
                    os.rmdir(self.path)

        monkeypatch.setattr(Group, "make", make_and_lose)
        group = start_group(state, told)
        assert group.spawn(only_inside) == -1
        assert (len(made), told.texts) == (2, [])
        group.forget()

    def test_after_a_command_without_a_group_an_empty_one_proves_nothing(
        self, paths: Paths, told: Told, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(self: Group, pid: int) -> None:
            raise OSError(16, "Device or resource busy")

        state = State(paths, "own")
        group = start_group(state, told)
        with monkeypatch.context() as context:
            context.setattr(Group, "take", refuse)
            assert group.spawn(only_inside) == -1
        assert group.spawn(only_inside) == -1
        assert group.is_empty()
        assert not group.settles()
        group.forget()
