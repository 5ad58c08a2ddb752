"""Attacks by pid files: whoever writes one names the process that counts, and that is killed."""

from __future__ import annotations

import os
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from attacks.people import Person
from attacks.victim import TIMERS, Victim, end, lives
from support import wait_for


@pytest.fixture
def roots_daemon() -> Iterator[subprocess.Popen[bytes]]:
    """An unrelated daemon of root's."""
    process = subprocess.Popen(["/bin/sleep", "300"], start_new_session=True)
    yield process
    process.kill()
    process.wait()


@pytest.fixture
def killed(app_victim: Victim, app: Person, roots_daemon: subprocess.Popen[bytes]) -> Killed:
    return Killed(app_victim, app, roots_daemon.pid)


class Killed:
    """A node whose resource has a pid file in the application's directory, beside root's daemon."""

    def __init__(self, victim: Victim, app: Person, daemon: int) -> None:
        self.victim, self.app, self.daemon = victim, app, daemon
        self.run = victim.home / "run"
        # Of root's own, with a pid file of the same name: older than the daemon is young.
        self.roots = victim.top / "rootrun"
        self.roots.mkdir()
        (self.roots / "web.pid").write_text(f"{daemon}\n")
        victim.command("start", "#!/bin/sh\nexit 0\n")
        victim.command("stop", "#!/bin/sh\nexit 0\n")
        # The application may replace its own directory.
        os.chown(victim.home / "data", app.uid, app.gid)
        self.home = victim.home / "data"
        (self.home / "run").mkdir()
        app.owns(self.home / "run")
        victim.configure(user=app.name, pid_file=self.home / "run/web.pid")

    def remove_spares_it(self) -> None:
        self.victim.act("remove")
        assert lives(self.daemon), self.victim.ras

    def is_not_believed(self) -> None:
        assert self.victim.status["status"] != "RUNNING"


def test_a_directory_exchanged_for_a_link_kills_no_daemon(killed: Killed) -> None:
    """The application replaces its run directory by a link to root's."""
    killed.app.shell('cd "$1"; rmdir run; ln -s "$2" run', killed.home, killed.roots)
    killed.is_not_believed()
    killed.remove_spares_it()


def access_list(person: Person) -> bytes:
    """An access control list, as the kernel keeps it, by which `person` may write as the owner."""
    entries = [(1, 7, -1), (2, 7, person.uid), (4, 5, -1), (16, 7, -1), (32, 5, -1)]
    packed = [struct.pack("<HHI", tag, rights, who & 0xFFFFFFFF) for tag, rights, who in entries]
    return struct.pack("<I", 2) + b"".join(packed)


def test_a_pid_file_in_a_directory_of_a_list_kills_no_daemon(
    victim: Victim, stranger: Person, roots_daemon: subprocess.Popen[bytes]
) -> None:
    """A list (ACL) of root's directory lets the stranger exchange the pid file in it."""
    run = victim.home / "run"
    victim.command("stop", "#!/bin/sh\nexit 0\n")
    victim.configure(pid_file=run / "web.pid")
    victim.restore()
    os.setxattr(run, "system.posix_acl_access", access_list(stranger))
    stranger.shell('echo "$2" >"$1/new"; mv -f "$1/new" "$1/web.pid"', run, roots_daemon.pid)
    assert victim.status["status"] != "RUNNING"
    victim.act("remove")
    assert lives(roots_daemon.pid), victim.ras


def test_a_pid_file_in_a_directory_of_a_group_of_the_same_number_does_not_count(
    app_victim: Victim, app: Person
) -> None:
    """A group that is not the user's, but has the user's number, can write the directory."""
    assert app.gid != app.uid
    run = app_victim.home / "run"
    app_victim.configure(user=app.name, pid_file=run / "web.pid")
    app_victim.restore()
    os.chown(run, app.uid, app.uid)
    run.chmod(0o775)
    assert app_victim.status["status"] != "RUNNING"
    os.chown(run, app.uid, app.gid)
    assert app_victim.status["status"] == "RUNNING", app_victim.status["detail"]


def test_a_pid_file_that_is_a_link_kills_no_daemon(killed: Killed) -> None:
    """The pid file is a link to root's pid file."""
    killed.app.shell('ln -s "$2/web.pid" "$1/run/web.pid"', killed.home, killed.roots)
    killed.is_not_believed()
    killed.remove_spares_it()


def test_a_pid_file_that_is_a_hard_link_kills_no_daemon(killed: Killed) -> None:
    """The pid file is a second name of root's pid file, on a machine that lets users make such."""
    os.link(killed.roots / "web.pid", killed.home / "run/web.pid")
    killed.is_not_believed()
    killed.remove_spares_it()


def test_a_pid_file_of_the_application_kills_no_daemon_of_root(killed: Killed) -> None:
    """The application writes the pid of root's daemon into its own pid file."""
    killed.app.shell('echo "$2" >"$1/run/web.pid"', killed.home, killed.daemon)
    killed.is_not_believed()
    killed.remove_spares_it()


def test_a_pid_file_of_the_application_kills_no_stranger(killed: Killed, stranger: Person) -> None:
    """The application writes the pid of a stranger's process into its own pid file."""
    other = stranger.start(["/bin/sleep", "300"])
    killed.app.shell('echo "$2" >"$1/run/web.pid"', killed.home, other.pid)
    killed.is_not_believed()
    killed.victim.act("remove")
    assert lives(other.pid)


def test_a_directory_exchanged_again_and_again_kills_no_daemon(
    killed: Killed, tool: Callable[..., Path]
) -> None:
    """The application exchanges its run directory with a link to root's, every 30 µs."""
    own = killed.app.start(["/bin/sleep", "300"])
    killed.app.shell(
        'cd "$1"; echo "$3" >run/web.pid; ln -s "$2" other', killed.home, killed.roots, own.pid
    )
    exchange = tool("exchange", killed.victim)
    killed.app.start([exchange, killed.home / "run", killed.home / "other", "20"])
    for _ in range(4):
        killed.victim.act("quickcheck")
        killed.remove_spares_it()


def test_a_pid_file_below_a_stranger_s_directory_is_not_believed(
    killed: Killed, stranger: Person
) -> None:
    """A directory above the application's belongs to a stranger, who puts another in its place."""
    theirs = killed.victim.top / "theirs"
    (theirs / "run").mkdir(parents=True)
    stranger.owns(theirs)
    killed.app.owns(theirs / "run")
    own = killed.app.start(["/bin/sleep", "300"])
    killed.app.shell('echo "$2" >"$1/run/web.pid"', theirs, own.pid)
    killed.victim.configure(user=killed.app.name, pid_file=theirs / "run/web.pid")
    killed.is_not_believed()


# Written by a stranger.


@pytest.fixture
def sticky(victim: Victim) -> Path:
    """A directory like /tmp, in which the pid file of a product that never ran here would lie."""
    path = victim.top / "sticky"
    path.mkdir()
    path.chmod(0o1777)
    victim.configure(pid_file=path / "web.pid")
    return path


def test_a_stranger_s_pid_file_makes_no_product_run(
    victim: Victim, sticky: Path, stranger: Person
) -> None:
    """A stranger writes his own pid into the pid file of a product that never ran here."""
    other = stranger.start(["/bin/sleep", "300"])
    stranger.shell('echo "$2" >"$1/web.pid"', sticky, other.pid)
    assert victim.status["status"] == "STOPPED"
    assert victim.act("quickcheck").code == 1


def test_a_stranger_s_pid_file_answers_no_probe(
    victim: Victim, sticky: Path, stranger: Person
) -> None:
    """The same; Pacemaker probes the node before it starts the product elsewhere."""
    other = stranger.start(["/bin/sleep", "300"])
    stranger.shell('echo "$2" >"$1/web.pid"', sticky, other.pid)
    commands: dict[str, Any] = {name: [str(victim.home / name)] for name in ("start", "stop")}
    agent = victim.agent(logical_host="LHWEB", pid_file=sticky / "web.pid", **commands)
    assert agent.call("monitor").code == 7


def test_a_stranger_s_pid_file_keeps_no_start_and_no_stop(
    victim: Victim, sticky: Path, stranger: Person
) -> None:
    """A stranger's pid file names init; nothing of that is ended, a remove is over at once."""
    stranger.shell('echo 1 >"$1/web.pid"', sticky)
    ended = victim.act("remove")
    assert ended.code == 0, ended
    assert ended.seconds < TIMERS["remove.process"]


def test_a_stranger_s_pid_file_is_read_by_no_stop_command(victim: Victim, stranger: Person) -> None:
    """A stranger's pid file names a daemon of root's; the stop command reads that file."""
    sticky = victim.home / "sticky"
    sticky.mkdir()
    sticky.chmod(0o1777)
    victim.configure()
    product = victim.restore()
    other = subprocess.Popen(["/bin/sleep", "300"], start_new_session=True)
    stranger.shell('echo "$2" >"$1/web.pid"', sticky, other.pid)
    victim.command("stop", f'#!/bin/sh\nkill "$(cat {sticky}/web.pid)"\n')
    victim.configure(pid_file=sticky / "web.pid")
    ended = victim.act("remove")
    spared = other.poll() is None
    other.kill()
    other.wait()
    assert spared, victim.ras
    assert ended.code == 0, ended
    assert not lives(product)


@pytest.mark.parametrize(
    "content",
    ["0", "1", "-1", "4194305", "9" * 5000, "١", "", "\0", "12 34", "+1", "0x1", "1e3"],
)
def test_a_pid_file_s_content_is_never_misread(victim: Victim, content: str) -> None:
    """A pid file holds what is no process of the product."""
    path = victim.home / "run/web.pid"
    path.write_text(content + "\n")
    victim.configure(pid_file=path)
    assert victim.status["status"] in ("STOPPED", "UNKNOWN")


@pytest.mark.parametrize("kind", ["fifo", "directory", "link to a device", "loop"])
def test_a_pid_file_that_is_no_file_holds_nobody_up(
    app_victim: Victim, app: Person, kind: str
) -> None:
    """The application puts something else in the place of its pid file."""
    path = app_victim.home / "run/web.pid"
    script = {
        "fifo": 'mkfifo "$1"',
        "directory": 'mkdir "$1"',
        "link to a device": 'ln -s /dev/zero "$1"',
        "loop": 'ln -s "$1" "$1"',
    }[kind]
    app.shell(script, path)
    app_victim.configure(user=app.name, pid_file=path)
    began = time.monotonic()
    assert app_victim.status["status"] != "RUNNING"
    app_victim.act("remove")
    assert time.monotonic() - began < 15


# A number that is used again.


@pytest.fixture
def gone(victim: Victim) -> int:
    """The pid of a product that has died, and that its pid file still names."""
    pid_file = victim.home / "run/web.pid"
    victim.configure(pid_file=pid_file)
    pid = victim.restore()
    an_hour_ago = time.time() - 3600
    os.utime(pid_file, (an_hour_ago, an_hour_ago))
    end(pid)
    try:
        os.waitpid(pid, 0)
    except ChildProcessError:
        wait_for(lambda: not os.path.exists(f"/proc/{pid}"))
    return pid


@pytest.mark.parametrize("marked", [False, True], ids=["plain", "marked"])
def test_a_stranger_with_the_dead_product_s_pid_is_not_the_product(
    victim: Victim, gone: int, stranger: Person, tool: Callable[..., Path], marked: bool
) -> None:
    """A stranger has forked until he got the pid of the dead product."""
    words = [tool("as_pid", victim), gone, stranger.uid, stranger.gid, "/bin/sleep", "300"]
    mark = {"ARK_ACTION": "web:0", "ARK_PREFIX": str(victim.prefix)} if marked else {}
    taken = subprocess.Popen([str(word) for word in words], env=mark)
    wait_for(lambda: Path(f"/proc/{gone}/comm").exists())
    wait_for(lambda: Path(f"/proc/{gone}/comm").read_text() == "sleep\n")
    try:
        codes = [victim.act("quickcheck").code for _ in range(2)]
        assert victim.status["status"] != "RUNNING"
        assert codes[-1] == 1
        victim.act("remove")
        assert lives(gone)
    finally:
        end(gone)
        taken.wait()
