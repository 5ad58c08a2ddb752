"""Which processes have come below a guard: real ones, with a shell in the place of the guard."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from support import wait_for

from arkcore.actions import below
from arkcore.machine import processes
from arkcore.machine.processes import Process

#: Two children, each with a child of its own; it reads a line before it makes the second.
GUARD = (
    "family() { (sleep 60 & wait) & }\n"
    "family; read -r line; family; wait\n"
)  # fmt: skip


def family(guard: int, heads: int) -> set[Process]:
    """All below `guard`, once there are `heads` children with a child each, which sleeps."""

    def names() -> list[str]:
        return sorted(each.name for each in processes.descendants({guard}))

    wait_for(lambda: names() == ["sh"] * heads + ["sleep"] * heads)
    return processes.descendants({guard})


@pytest.fixture
def guard() -> Iterator[tuple[int, int]]:
    """The pid of a guard that is not below this process, and the pipe that it reads from."""
    reading, writing = os.pipe()
    # A shell gives what it leaves in the background /dev/null to read, but for an open descriptor.
    start = 'exec 3<&0; /bin/sh -c "$1" <&3 >/dev/null 2>&1 & echo $!'
    argv = ["/bin/sh", "-c", start, "sh", GUARD]
    pid = int(subprocess.run(argv, stdin=reading, stdout=subprocess.PIPE, check=True).stdout)
    os.close(reading)
    yield pid, writing
    os.close(writing)
    for each in (*processes.descendants({pid}), processes.look(pid)):
        if each is not None:
            processes.send(each, signal.SIGKILL)


def work(strangers: set[Process] | None, spare: tuple[str, ...] = ()) -> Any:
    return SimpleNamespace(
        strangers=strangers,
        engine=SimpleNamespace(daemons=()),
        resource=SimpleNamespace(application=SimpleNamespace(machine_wide=spare)),
    )


@pytest.fixture
def found(
    guard: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> tuple[set[Process], set[Process]]:
    """What was below the guard before, and what has come since."""
    pid, pipe = guard
    before = family(pid, 1)
    os.write(pipe, b"\n")
    monkeypatch.setattr(os, "getppid", lambda: pid)
    return before, family(pid, 2) - before


def test_what_came_since_is_found_among_those_asked_for(
    found: tuple[set[Process], set[Process]],
) -> None:
    before, since = found
    own = processes.look(os.getpid())
    assert own is not None
    asked = {*before, *since, own}
    assert below.among_newcomers(work(before), asked) == since
    assert below.newcomers(work(before)) == since


def test_only_those_asked_for_are_found(found: tuple[set[Process], set[Process]]) -> None:
    before, since = found
    [last] = [each for each in since if each.name == "sleep"]
    assert below.among_newcomers(work(before), {last}) == {last}


def test_what_a_stranger_makes_is_no_newcomer(found: tuple[set[Process], set[Process]]) -> None:
    before, since = found
    heads = {each for each in before if each.name != "sleep"}
    assert below.among_newcomers(work(heads), before | since) == since
    assert below.newcomers(work(heads)) == since


def test_a_process_that_had_the_number_before_is_not_found(
    found: tuple[set[Process], set[Process]],
) -> None:
    _, since = found
    gone = {Process(each.pid, each.start - 1, 1, 1, 1, "S", each.name) for each in since}
    assert below.among_newcomers(work(set()), gone) == set()


def test_what_serves_the_machine_is_not_found_nor_what_it_made(
    found: tuple[set[Process], set[Process]],
) -> None:
    before, since = found
    [head] = [each for each in since if each.name != "sleep"]
    name = os.path.basename(processes.executable(head.pid))
    assert below.among_newcomers(work(before, (name,)), since) == set()


def test_a_guard_whose_children_are_not_its_action_s_has_no_newcomers(
    found: tuple[set[Process], set[Process]],
) -> None:
    _, since = found
    assert below.among_newcomers(work(None), since) == set()
    assert below.newcomers(work(None)) == set()


def test_all_or_not_all_have_come_since(found: tuple[set[Process], set[Process]]) -> None:
    before, since = found
    assert below.made_here(work(before), since)
    assert below.made_here(work(before), set())
    assert not below.made_here(work(before), since | before)
    assert not below.made_here(work(None), since)
