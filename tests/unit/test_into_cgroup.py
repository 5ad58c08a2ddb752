"""A command that is spawned into a control group is as any other, but for its group."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import spawn_alone
from support import wait_for

from arkcore.machine import cgroup
from arkcore.machine.into_cgroup import NotSpawned
from arkcore.machine.output import Output
from arkcore.machine.spawn import spawn

TELL = (
    "import os, signal, sys\n"
    "print(sorted(map(int, os.listdir('/proc/self/fd')))[:-1], os.getcwd(), dict(os.environ))\n"
    "print(os.getsid(0) == os.getpid(), os.getppid(), os.getresuid(), os.getresgid())\n"
    "print(sorted(os.getgroups()), os.read(0, 1), signal.pthread_sigmask(0, []))\n"
    "ours = signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}\n"
    "print([each for each in ours if signal.getsignal(each) is signal.SIG_IGN])\n"
    "print('err', file=sys.stderr)\n"
)


@pytest.fixture
def group() -> Iterator[int]:
    mount = cgroup.mounts("/proc/self/mountinfo")[0]
    made = cgroup.Group(f"{mount.point}/{cgroup.name_of('spawned')}")
    made.make()
    descriptor = os.open(made.path, os.O_RDONLY | os.O_DIRECTORY)
    yield descriptor
    os.close(descriptor)
    assert made.remove()


def spawned(argv: list[str], group: int, *inherited: int, **asked: Any) -> dict[str, Any]:
    """What came of a command that was spawned in `group` by a process without other threads."""
    asked = {"argv": argv, "user": None, "group": group, **asked}
    told = subprocess.run(
        [sys.executable, spawn_alone.__file__, json.dumps(asked)],
        stdout=subprocess.PIPE,
        pass_fds=[each for each in (group, *inherited) if each >= 0],
        check=True,
    )
    answer: dict[str, Any] = json.loads(told.stdout)
    return answer


@pytest.mark.parametrize("user", [None, "nobody"])
def test_it_has_what_any_other_command_has(group: int, user: str | None) -> None:
    argv = ["/usr/bin/python3", "-ISc", TELL]
    elsewhere, inside = spawned(argv, -1, user=user), spawned(argv, group, user=user)
    assert (inside["output"], inside["status"]) == (elsewhere["output"], 0)
    assert "[0, 1, 2] / {" in inside["output"]
    assert "err\n" in inside["output"]


def test_it_inherits_no_descriptor_that_a_library_left_open(group: int) -> None:
    reading, writing = os.pipe()
    try:
        told = spawned(["/bin/ls", "/proc/self/fd"], group, writing)
    finally:
        os.close(reading)
        os.close(writing)
    assert told["output"].split() == ["0", "1", "2", "3"]  # 3 is the directory that it lists


def test_it_lives_in_the_group_and_who_made_it_does_not(group: int) -> None:
    name = os.path.basename(os.readlink(f"/proc/self/fd/{group}"))
    told = spawned(["/bin/cat", "/proc/self/cgroup"], group)
    assert f"/{name}\n" in told["output"]
    assert name not in told["own"]


@pytest.mark.parametrize(
    ("program", "error"),
    [
        ("/nowhere/at-all", "FileNotFoundError"),
        ("/etc", "PermissionError"),
        ("/bin/tr\0ue", "OSError"),
    ],
)
def test_what_cannot_be_executed_is_told_and_leaves_nobody(
    group: int, program: str, error: str
) -> None:
    told = spawned([program], group)
    assert (told["error"], told["left"]) == (error, False)


def test_a_process_with_threads_spawns_nothing_into_a_group(group: int) -> None:
    """The child has one thread: it would wait for locks that the others held."""
    over = threading.Event()
    thread = threading.Thread(target=over.wait)
    thread.start()
    output = Output.discarded()
    try:
        with pytest.raises(NotSpawned):
            spawn(["/bin/true"], {}, output, None, group)
    finally:
        over.set()
        thread.join()
        output.close()


def test_a_thread_that_is_just_ending_is_waited_for(group: int) -> None:
    """A plugin has asked a slow disk in a thread, and the kernel has not let go of it yet."""
    told = spawned(["/bin/true"], group, thread=0.001)
    assert told["status"] == 0


@pytest.mark.parametrize("lacks", ["the call", "the library"])
def test_where_the_call_is_not_to_be_had_it_says_so(group: int, lacks: str) -> None:
    told = spawned(["/bin/true"], group, lacks=lacks)
    assert (told["error"], told["left"]) == ("NotSpawned", False)


def test_nothing_is_spawned_into_what_is_no_group(tmp_path: Path) -> None:
    descriptor = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        assert spawned(["/bin/true"], descriptor)["error"] == "NotSpawned"
    finally:
        os.close(descriptor)


def test_it_does_not_die_with_its_parent(group: int) -> None:
    """A worker dies with its guard; what it has started lives on."""
    pid = spawned(["/bin/sleep", "60"], group, awaited=False)["pid"]
    try:
        assert "sleep" in Path(f"/proc/{pid}/stat").read_text()
    finally:
        os.kill(pid, 9)
    wait_for(lambda: not cgroup.Group(os.readlink(f"/proc/self/fd/{group}")).populated)
