"""The lock of a resource and those of a node: who has them, and when they are free again."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from arkcore.base.deadline import Deadline
from arkcore.machine import processes
from arkcore.machine.command import run
from arkcore.machine.output import Output
from arkcore.memory.lock import NodeLock, ResourceLock

HOLD = """
import sys, time
from arkcore.memory.lock import ResourceLock
lock = ResourceLock(sys.argv[1])
print(lock.try_take("remove", 12.5), flush=True)
time.sleep(float(sys.argv[2]))
"""


@pytest.fixture
def directory(tmp_path: Path) -> str:
    return str(tmp_path / "run/ark/resources/toy1")


@pytest.fixture
def another(directory: str) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lock, for as long as it lives."""
    child = subprocess.Popen(
        [sys.executable, "-c", HOLD, directory, "1000"], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "True\n"
    yield child
    child.kill()
    child.communicate()


def test_a_lock_that_is_free_is_taken_and_given_back(directory: str) -> None:
    first, second = ResourceLock(directory), ResourceLock(directory)
    assert first.try_take("restore", 1.0)
    assert not second.try_take("remove", 2.0)
    first.release()
    assert second.try_take("remove", 2.0)
    second.release()


def test_one_that_waits_sees_who_holds_it_what_for_and_since_when(
    directory: str, another: subprocess.Popen[str]
) -> None:
    lock = ResourceLock(directory)
    assert not lock.try_take("restore", 0)
    holder = lock.holder()
    lock.release()
    assert holder is not None
    assert (holder.action, holder.process.pid, holder.since) == ("remove", another.pid, 12.5)


def test_a_holder_that_was_killed_leaves_the_lock_free(
    directory: str, another: subprocess.Popen[str]
) -> None:
    another.kill()
    another.wait()
    lock = ResourceLock(directory)
    assert lock.try_take("restore", 0)
    lock.release()


def test_the_text_of_a_dead_holder_names_nobody(
    directory: str, another: subprocess.Popen[str]
) -> None:
    lock = ResourceLock(directory)
    assert not lock.try_take("restore", 0)
    another.kill()
    another.wait()
    assert lock.holder() is None
    lock.release()


def test_a_text_with_another_start_time_names_nobody(directory: str) -> None:
    """The pid was used again: TERM must not go to a stranger."""
    lock = ResourceLock(directory)
    lock.try_take("restore", 0)
    Path(directory, "action.lock").write_text(f'["remove", {os.getpid()}, 1, 0.0]')
    assert lock.holder() is None
    lock.release()


@given(
    st.binary(max_size=40)
    | st.recursive(
        st.none() | st.integers() | st.floats() | st.just(os.getpid()),
        lambda inner: st.lists(inner, min_size=4, max_size=4),
        max_leaves=5,
    ).map(lambda value: repr(value).replace("None", "null").replace("inf", "Infinity").encode())
)
@example(b"[" * 4096)
@example(b'["remove", Infinity, 0, 0]')
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_garbage_in_the_lock_file_names_nobody(directory: str, content: bytes) -> None:
    lock = ResourceLock(directory)
    assert lock.try_take("restore", 0)
    Path(directory, "action.lock").write_bytes(content)
    assert lock.holder() is None
    lock.release()


def test_the_lock_file_stays_the_same_file(directory: str) -> None:
    lock = ResourceLock(directory)
    lock.try_take("restore", 0)
    inode = Path(directory, "action.lock").stat().st_ino
    lock.release()
    lock.try_take("remove", 0)
    lock.release()
    assert Path(directory, "action.lock").stat().st_ino == inode


def test_a_symlink_in_the_lock_file_s_place_is_not_followed(directory: str, tmp_path: Path) -> None:
    os.makedirs(directory)
    victim = tmp_path / "victim"
    victim.write_text("precious")
    os.symlink(victim, f"{directory}/action.lock")
    with pytest.raises(OSError, match="symbolic"):
        ResourceLock(directory).try_take("remove", 0)
    assert victim.read_text() == "precious"


def test_a_forked_child_that_lets_go_leaves_the_lock_to_its_parent(directory: str) -> None:
    program = """
import os, sys
from arkcore.memory.lock import ResourceLock
lock = ResourceLock(sys.argv[1])
lock.try_take("remove", 0)
if not os.fork():
    lock.leave_to_parent()
    os._exit(0)
os.wait()
print(ResourceLock(sys.argv[1]).try_take("restore", 0))
"""
    child = subprocess.run(
        [sys.executable, "-c", program, directory], capture_output=True, text=True, check=True
    )
    assert child.stdout == "False\n"


@pytest.mark.parametrize("kind", ["resource", "node"])
def test_a_daemon_that_a_command_starts_does_not_hold_the_lock(
    directory: str, started: object, kind: str
) -> None:
    word, mark = started.word, started.mark  # type: ignore[attr-defined]
    path = f"{directory}/action.lock"
    lock = ResourceLock(directory)
    node = NodeLock(path, Deadline.after(5), lambda: None, lambda: None)
    if kind == "resource":
        lock.try_take("restore", 0)
    else:
        node.__enter__()
    output = Output.discarded()
    argv = ["/bin/sh", "-c", f"setsid sleep {word} & exit 0"]
    assert run(argv, mark=mark, deadline=Deadline.after(10), output=output).ok
    output.close()
    lock.release()
    node.__exit__()
    assert started.pids()  # type: ignore[attr-defined]
    assert ResourceLock(directory).try_take("remove", 0)


# Who may open it.


@pytest.fixture(params=["resource", "node"])
def make_lock(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Callable[[], object]]:
    """The path of a lock, and how it is taken."""
    if request.param == "node":
        path = str(tmp_path / "run/ark/locks/x.lock")
        return path, NodeLock(path, Deadline.after(5), lambda: None, lambda: None).__enter__
    directory = str(tmp_path / "run/ark/resources/toy1")
    return f"{directory}/action.lock", lambda: ResourceLock(directory).try_take("remove", 0)


def test_nobody_else_can_open_the_lock(
    make_lock: tuple[str, Callable[[], object]],
    as_ordinary_user: Callable[[Callable[[], None]], None],
) -> None:
    path, take = make_lock
    umask = os.umask(0)
    assert take()
    os.umask(umask)
    assert os.stat(path).st_mode & 0o777 == 0o600
    assert os.stat(os.path.dirname(path)).st_mode & 0o777 == 0o700

    def opened() -> None:
        with pytest.raises(PermissionError):
            os.open(path, os.O_RDONLY)

    if os.geteuid() == 0:
        as_ordinary_user(opened)


def test_a_lock_file_that_others_could_open_is_closed_to_them(
    make_lock: tuple[str, Callable[[], object]],
) -> None:
    path, take = make_lock
    os.makedirs(os.path.dirname(path))
    Path(path).touch(0o644)
    assert take()
    assert os.stat(path).st_mode & 0o777 == 0o600


def test_a_lock_file_of_another_user_is_none(
    directory: str, give_away: Callable[[str], None]
) -> None:
    os.makedirs(directory)
    path = Path(directory, "action.lock")
    path.touch()
    give_away(str(path))
    with pytest.raises(OSError, match="not a lock file of ours"):
        ResourceLock(directory).try_take("remove", 0)


# The lock file of an earlier version, which anybody could open.


@pytest.fixture
def earlier(directory: str) -> Iterator[int]:
    """It is held, and by a descriptor that can only read it."""
    os.makedirs(directory)
    path = Path(directory, "lock")
    path.touch(0o644)
    descriptor = os.open(path, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    yield descriptor
    os.close(descriptor)


def test_a_stranger_who_holds_an_earlier_version_s_lock_holds_up_nobody(
    directory: str, earlier: int
) -> None:
    lock = ResourceLock(directory)
    assert lock.try_take("remove", 0)
    assert lock.stranger_holds_earlier
    assert not ResourceLock(directory).try_take("restore", 0)
    lock.release()


def test_an_action_of_an_earlier_version_is_waited_for(directory: str, earlier: int) -> None:
    me = processes.look(os.getpid())
    assert me is not None
    Path(directory, "lock").write_text(f'["restore", {me.pid}, {me.start}, 7.0]')
    lock = ResourceLock(directory)
    assert not lock.try_take("remove", 0)
    holder = lock.holder()
    assert holder is not None
    assert (holder.action, holder.process) == ("restore", me)
    fcntl.flock(earlier, fcntl.LOCK_UN)
    assert lock.try_take("remove", 0)
    lock.release()


def test_an_action_of_an_earlier_version_waits_for_this_one(directory: str, earlier: int) -> None:
    fcntl.flock(earlier, fcntl.LOCK_UN)
    lock = ResourceLock(directory)
    assert lock.try_take("remove", 0)
    with pytest.raises(BlockingIOError):
        fcntl.flock(earlier, fcntl.LOCK_EX | fcntl.LOCK_NB)
    lock.release()
    fcntl.flock(earlier, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_an_earlier_version_s_lock_that_anybody_could_write_names_nobody(
    directory: str, earlier: int
) -> None:
    me = processes.look(os.getpid())
    assert me is not None
    Path(directory, "lock").write_text(f'["restore", {me.pid}, {me.start}, 7.0]')
    os.chmod(f"{directory}/lock", 0o666)
    lock = ResourceLock(directory)
    assert lock.try_take("remove", 0)
    lock.release()


# What a whole node shares.


def node_lock(path: str, seconds: float, told: list[str]) -> NodeLock:
    return NodeLock(
        path, Deadline.after(seconds), lambda: told.append("waits"), lambda: told.append("taken")
    )


def test_a_node_lock_that_is_free_is_taken_without_a_word(tmp_path: Path) -> None:
    told: list[str] = []
    with node_lock(str(tmp_path / "node/x.lock"), 5, told) as taken:
        assert taken
    assert told == []


def test_a_node_lock_that_another_has_is_waited_for_until_the_deadline(tmp_path: Path) -> None:
    path, told = str(tmp_path / "node/x.lock"), list[str]()
    with node_lock(path, 5, []):
        began = time.monotonic()
        with node_lock(path, 0.2, told) as taken:
            assert not taken
        assert 0.2 <= time.monotonic() - began < 2
    assert told == ["waits"]


def test_a_node_lock_that_becomes_free_is_taken_and_the_wait_is_told(
    directory: str, another: subprocess.Popen[str]
) -> None:
    told: list[str] = []
    lock = NodeLock(
        f"{directory}/action.lock", Deadline.after(30), another.kill, lambda: told.append("taken")
    )
    with lock as taken:
        assert taken
    assert told == ["taken"]


def test_where_there_can_be_no_lock_file_a_node_lock_is_not_taken() -> None:
    with node_lock("/proc/ark/x.lock", 5, []) as taken:
        assert not taken


def test_waiting_for_a_node_lock_is_ended_by_a_signal_at_once(
    directory: str, another: subprocess.Popen[str], wait_for: Callable[..., None]
) -> None:
    program = """
import sys
from arkcore.base.deadline import Deadline
from arkcore.memory.lock import NodeLock
say = lambda: print("waits", flush=True)
with NodeLock(sys.argv[1], Deadline.after(1000), say, say):
    pass
"""
    path = f"{directory}/action.lock"
    waiting = subprocess.Popen([sys.executable, "-c", program, path], stdout=subprocess.PIPE)
    assert waiting.stdout is not None
    assert waiting.stdout.readline() == b"waits\n"
    began = time.monotonic()
    waiting.send_signal(signal.SIGTERM)
    assert waiting.wait(10) == -signal.SIGTERM
    waiting.stdout.close()
    assert time.monotonic() - began < 1
