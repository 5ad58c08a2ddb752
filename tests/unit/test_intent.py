"""What the cluster manager wants: kept where the disk is full, and never read half written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from arkcore.base.paths import Paths
from arkcore.machine import processes
from arkcore.memory.intent import SIZE, Wanted
from arkcore.memory.state import State


@pytest.fixture
def memory(paths: Paths) -> State:
    return State(paths, "toy1")


def file_of(memory: State) -> Path:
    return Path(memory.directory, "wanted.json")


def wanted(memory: State) -> Wanted:
    return memory.intent.wanted


def test_the_file_keeps_its_size_and_its_place_on_the_disk(memory: State) -> None:
    me = processes.look(os.getpid())
    assert me is not None
    memory.intent.want(Wanted.UP)
    inode = file_of(memory).stat().st_ino
    words: list[Callable[[], object]] = [
        lambda: memory.intent.want(Wanted.DOWN),
        lambda: memory.intent.want_down(me),
        lambda: memory.intent.want(Wanted.NOTHING),
    ]
    for say in words:
        say()
        status = file_of(memory).stat()
        assert (status.st_ino, status.st_size) == (inode, SIZE)


def test_what_an_earlier_version_wrote_is_read_and_written_over(memory: State) -> None:
    os.makedirs(memory.directory)
    file_of(memory).write_text('{"wanted": "up", "since": 1.5}')
    file_of(memory).chmod(0o644)
    assert wanted(memory) is Wanted.UP
    assert memory.intent.want(Wanted.DOWN)
    assert wanted(memory) is Wanted.DOWN
    assert file_of(memory).stat().st_mode & 0o777 == 0o600


def test_nothing_wanted_makes_no_file(memory: State) -> None:
    assert memory.intent.want(Wanted.NOTHING)
    assert not file_of(memory).exists()


def test_a_longer_file_of_garbage_is_written_over_whole(memory: State) -> None:
    os.makedirs(memory.directory)
    file_of(memory).write_text("x" * 5000)
    assert memory.intent.want(Wanted.DOWN)
    assert json.loads(file_of(memory).read_text())["wanted"] == "down"


def test_a_link_in_its_place_is_not_written_through(memory: State, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    os.makedirs(memory.directory)
    file_of(memory).symlink_to(victim)
    assert memory.intent.want(Wanted.DOWN)
    assert victim.read_text() == "precious"
    assert wanted(memory) is Wanted.DOWN


def test_a_reader_sees_the_one_word_or_the_other(memory: State) -> None:
    memory.intent.want(Wanted.UP)
    writer = """
import sys
from arkcore.base.paths import Paths
from arkcore.memory.intent import Wanted
from arkcore.memory.state import State
memory = State(Paths(sys.argv[1]), "toy1")
for number in range(3000):
    memory.intent.want((Wanted.UP, Wanted.DOWN)[number % 2])
"""
    argv = [sys.executable, "-c", writer, memory.paths.prefix]
    with subprocess.Popen(argv) as child:
        while child.poll() is None:
            assert wanted(memory) is not Wanted.NOTHING
    assert child.returncode == 0


FULL = """
import os, sys
from arkcore import processes
from arkcore.base.paths import Paths
from arkcore.memory.intent import Wanted
from arkcore.memory.state import State
memory = State(Paths(sys.argv[1]), "toy1")
if sys.argv[2] == "before":
    memory.intent.want(Wanted.UP)
with open(f"{sys.argv[1]}/run/filler", "wb", buffering=0) as filler:
    try:
        while filler.write(bytes(4096)):
            pass
    except OSError:
        pass
print(memory.intent.want_down(processes.look(os.getpid())), memory.intent.wanted.value)
"""


@pytest.fixture
def on_a_full_disk(paths: Paths) -> Callable[[str], list[str]]:
    """What is told of a remove's word on a /run that has no room."""

    def ask(when: str) -> list[str]:
        run = f"{paths.prefix}/run"
        os.makedirs(f"{run}/ark", 0o755, exist_ok=True)
        mount = f'mount -t tmpfs -o size=128k,mode=755 none {run}; exec "$0" -c "$@"'
        argv = ["unshare", "-m", "sh", "-c", mount, sys.executable, FULL, paths.prefix, when]
        if os.geteuid():
            argv[1:2] = ["-r", "-m"]
        child = subprocess.run(argv, capture_output=True, text=True, check=True)
        return child.stdout.split()

    return ask


def test_a_full_disk_does_not_lose_a_remove_s_word(
    on_a_full_disk: Callable[[str], list[str]],
) -> None:
    assert on_a_full_disk("before") == ["True", "down"]


def test_a_word_for_which_there_never_was_room_is_told_as_lost(
    on_a_full_disk: Callable[[str], list[str]],
) -> None:
    assert on_a_full_disk("never") == ["False"]
