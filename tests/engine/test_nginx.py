"""A server that nobody here wrote, protected without any Python: nginx through ark-command."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from ark_testing import Node
from support import pairs_are_whole, wait_for

from arkcore.base.call import Action
from arkcore.machine import processes

# `make test` has one unpacked where none is installed.
UNPACKED = Path(__file__).parents[2] / ".deps/nginx/usr/sbin/nginx"
NGINX = shutil.which("nginx") or str(UNPACKED)


class Nginx:
    """nginx on a port of its own, and the resource that protects it."""

    def __init__(self, directory: Path, status: str) -> None:
        self.directory = directory
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.pid_file = directory / "nginx.pid"
        configuration = directory / "nginx.conf"
        configuration.write_text(
            f"pid {self.pid_file};\nerror_log {directory}/error.log;\n"
            "worker_processes 2;\nevents {}\n"
            f"http {{ access_log off; client_body_temp_path {directory}/b;"
            f" proxy_temp_path {directory}/p; fastcgi_temp_path {directory}/f;"
            f" uwsgi_temp_path {directory}/u; scgi_temp_path {directory}/s;"
            f" server {{ listen 127.0.0.1:{self.port}; return 200 'well'; }} }}\n"
        )
        prefix = directory / "ark"
        resources = prefix / "etc/ark/resources"
        resources.mkdir(parents=True)
        (resources / "web.toml").write_text(
            f"""
            plugin = "command"
            logical_host = "web-lh"
            [timers]
            quickcheck.confirm = 0.2
            force_stop_wait = 0.2
            remove.process = 10
            remove.force_reserve = 8
            [options]
            start = ["{NGINX}", "-c", "{configuration}"]
            stop = ["{NGINX}", "-c", "{configuration}", "-s", "quit"]
            {status.format(pid_file=self.pid_file, port=self.port)}
            """
        )
        self.ras_log = prefix / "var/log/ark/ras.log"
        self.node = Node("node1", directory / "LifeKeeper", str(prefix))
        self.node.create("web")
        self.node.set_state("web", "ISP")

    def call(self, action: Action) -> int | None:
        return self.node.call(action, "web").code

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=5) as answer:
                return answer.read() == b"well"
        except OSError:
            return False

    def kill(self) -> None:
        """KILL the master and its workers, as the kernel does when memory is short."""
        victims = self.processes()
        assert len(victims) == 3
        for process in victims:
            os.kill(process.pid, signal.SIGKILL)
        wait_for(lambda: not any(map(processes.still_lives, victims)))

    def processes(self) -> list[processes.Process]:
        """The master, known by its configuration file, and its workers, which show nothing.

        nginx writes its title over its environment, so no mark of ours is left there.
        """
        mark = os.fsencode(self.directory)
        seen = processes.table()
        # A worker bears its master's command line until it has written its title.
        masters = {pid for pid in seen if mark in b" ".join(processes.arguments(pid))}
        found = [each for each in seen.values() if {each.pid, each.ppid} & masters]
        return sorted(found, key=lambda each: each.pid)


WAYS = {
    "pid file": 'pid_file = "{pid_file}"\nprocess_name = "nginx"',
    "tcp": 'tcp = "127.0.0.1:{port}"',
    # Not `kill -0`, to which a process that is dead but not yet reaped still answers.
    "status command": 'status = ["/bin/sh", "-c", "test -e /proc/$(cat {pid_file})/exe"]',
}


@pytest.fixture(params=WAYS.values(), ids=WAYS.keys())
def nginx(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Nginx]:
    made = Nginx(tmp_path, request.param)
    yield made
    for process in made.processes():
        processes.send(process, signal.SIGKILL)


def test_nginx_is_restored_killed_recovered_and_removed(nginx):
    assert nginx.call(Action.REMOVE) == 0
    assert nginx.call(Action.RESTORE) == 0
    assert nginx.answers()
    assert nginx.call(Action.RESTORE) == 0
    assert nginx.call(Action.QUICK_CHECK) == 0
    nginx.kill()
    assert nginx.call(Action.QUICK_CHECK) == 1
    assert nginx.call(Action.RECOVER) == 0
    assert nginx.answers()
    assert nginx.call(Action.QUICK_CHECK) == 0
    assert nginx.call(Action.REMOVE) == 0
    assert nginx.processes() == []
    assert not nginx.answers()
    lines = nginx.ras_log.read_text().splitlines()
    assert pairs_are_whole([line.split(" : ", 3)[3] for line in lines])


def test_a_worker_made_anew_just_before_its_master_is_killed_is_stopped_too(nginx):
    assert nginx.call(Action.RESTORE) == 0
    before = nginx.processes()
    [master] = [each for each in before if each.pid == each.session]
    processes.send(next(each for each in before if each != master), signal.SIGKILL)
    wait_for(lambda: set(nginx.processes()) - set(before))
    processes.send(master, signal.SIGKILL)
    try:
        assert nginx.call(Action.REMOVE) == 0
        assert _of_session(master) == []
    finally:
        for process in _of_session(master):
            processes.send(process, signal.SIGKILL)


def _of_session(leader: processes.Process) -> list[processes.Process]:
    return [each for each in processes.table().values() if each.session == leader.pid]


# A pid file left over from before, whose number is another nginx's by now.

HOUR = 3600.0


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Nginx]:
    (tmp_path / "web").mkdir()
    made = Nginx(tmp_path / "web", WAYS["pid file"])
    yield made
    for process in made.processes():
        processes.send(process, signal.SIGKILL)


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Nginx]:
    """Another nginx that is none of ours."""
    (tmp_path / "other").mkdir()
    made = Nginx(tmp_path / "other", WAYS["pid file"])
    subprocess.run([NGINX, "-c", made.directory / "nginx.conf"], check=True)
    wait_for(made.answers)
    yield made
    for process in made.processes():
        processes.send(process, signal.SIGKILL)


def leave_stale(nginx: Nginx, other: Nginx, age: float) -> None:
    """Give nginx the other one's pid file, `age` seconds old, and forget what was remembered."""
    shutil.copy(other.pid_file, nginx.pid_file)
    then = time.time() - age
    os.utime(nginx.pid_file, (then, then))
    shutil.rmtree(nginx.directory / "ark/run", ignore_errors=True)


def since_boot() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


AGES = {"before the boot": since_boot() + HOUR, "since the boot": 30.0, "to come": -HOUR}


@pytest.mark.parametrize("age", AGES.values(), ids=AGES)
def test_a_stale_pid_file_keeps_no_restore_from_its_start(web, other, age):
    leave_stale(web, other, age)
    assert web.call(Action.RESTORE) == 0
    assert web.answers()
    assert other.answers()
    assert web.call(Action.QUICK_CHECK) == 0
    assert web.call(Action.REMOVE) == 0
    assert not web.answers()
    assert other.answers()


@pytest.mark.parametrize("age", AGES.values(), ids=AGES)
def test_a_stale_pid_file_hands_nobody_to_the_stop_command(web, other, age):
    leave_stale(web, other, age)
    before = other.processes()
    assert web.call(Action.REMOVE) == (0 if age > since_boot() else 1)
    assert other.processes() == before
    assert other.answers()
    assert "quit" not in web.ras_log.read_text()


def test_what_we_started_is_ours_though_its_file_was_restored_from_a_backup(web):
    assert web.call(Action.RESTORE) == 0
    then = time.time() - since_boot() - HOUR
    os.utime(web.pid_file, (then, then))
    assert web.call(Action.QUICK_CHECK) == 0
    assert web.call(Action.REMOVE) == 0
    assert web.processes() == []
