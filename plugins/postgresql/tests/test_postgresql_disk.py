"""Disks that hang or fail under a server, and what its user has laid into the data directory."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ark_postgresql import _disk
from ark_postgresql._owned import owned
from database import BIN, USER, as_user, options_of
from failing_disk import failing
from support import wait_for

from arkcore import ask_disk, processes
from arkcore.base.call import Action
from arkcore.machine import asked

RESTORE, REMOVE = Action.RESTORE, Action.REMOVE
CHECK = Action.QUICK_CHECK

#: The server's own last checkpoint waits for the disk, too: there the forced stop follows.
STOP = "remove.process = 12"
SECRET = "root:$6$secret"

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not os.path.exists("/dev/fuse"),
    reason="only root can mount, lay links for others and run as other users",
)


@pytest.fixture
def disk(make_database):
    """A database in a directory over which another file system can be laid."""
    made = make_database()
    where = made.directory / "disk"
    where.mkdir()
    where.chmod(0o755)
    as_owner = shutil.copytree(made.data, where / "data", symlinks=True)
    subprocess.run(["chown", "-R", USER, as_owner], check=True)
    made.data = where / "data"
    made.data.chmod(0o700)
    return made


@pytest.fixture(autouse=True)
def asked_anew(monkeypatch):
    """What one test's disk did not answer holds nobody up in the next."""
    monkeypatch.setattr(asked, "_unanswered", (-asked._REST, ""))


def failed(site) -> str:
    return [each for each in site.messages() if each.startswith("Restore failed.")][-1]


class TestADiskThatHangs:
    def test_a_remove_ends_the_server_all_the_same(self, site, disk):
        site.protect(disk, timers=STOP)
        assert site.call(RESTORE) == 0
        living = disk.processes()
        with failing(disk.data.parent):
            end = site.run(REMOVE)
            assert end.code == 0
            assert not any(map(processes.still_lives, living))
        assert end.seconds < 40

    def test_a_remove_ends_a_server_that_is_reached_by_a_link(self, site, disk):
        link = disk.directory / "link"
        link.symlink_to(disk.data)
        site.protect(disk, data_directory=str(link), timers=STOP)
        assert site.call(RESTORE) == 0
        living = disk.processes()
        with failing(disk.data.parent):
            assert site.call(REMOVE) == 0
            assert not any(map(processes.still_lives, living))

    def test_a_forced_stop_needs_no_disk(self, site, disk):
        site.protect(disk, timers=STOP)
        assert site.call(RESTORE) == 0
        living = disk.processes()
        os.kill(disk.child("checkpointer").pid, signal.SIGSTOP)
        with failing(disk.data.parent):
            assert site.call(REMOVE) == 0
            assert not any(map(processes.still_lives, living))

    def test_a_check_is_undecided_and_says_why(self, site, disk):
        site.protect(disk)
        assert site.call(RESTORE) == 0
        with failing(disk.data.parent):
            assert site.call(CHECK) == 0
        assert f"{disk.data}: no answer within" in site.messages()[-1]
        assert "(ETIMEDOUT); the disk or its file server hangs" in site.messages()[-1]

    def test_a_start_fails_in_time_and_says_why(self, site, disk):
        site.protect(disk)
        with failing(disk.data.parent):
            end = site.run(RESTORE)
            assert end.code == 1
        assert end.seconds < 60
        assert "(ETIMEDOUT); the disk or its file server hangs" in failed(site)

    def test_without_a_server_it_is_stopped(self, site, disk):
        site.protect(disk)
        with failing(disk.data.parent):
            assert site.status() == "STOPPED"
            assert site.call(REMOVE) == 0

    def test_the_child_that_asks_holds_no_lock_and_no_channel(self, disk, monkeypatch):
        reading, writing = os.pipe()
        with failing(disk.data.parent):
            with pytest.raises(TimeoutError):
                ask_disk(lambda: os.stat(disk.data).st_uid, USER, 0.3)
            os.close(writing)
            assert os.read(reading, 1) == b""
        os.close(reading)
        # The database that is cleared away after this asks its own disk.
        monkeypatch.setattr(asked, "_unanswered", (-asked._REST, ""))


class TestADiskThatFails:
    @pytest.mark.parametrize("name", ["EIO", "ESTALE"])
    def test_the_error_is_told_by_its_name(self, site, disk, name):
        site.protect(disk)
        with failing(disk.data.parent, getattr(errno, name)):
            assert site.call(RESTORE) == 1
        assert f"({name})" in failed(site)
        assert "is its disk mounted?" not in failed(site)

    def test_a_mount_whose_server_has_ended_is_told(self, site, disk):
        site.protect(disk)
        with failing(disk.data.parent, killed=True):
            assert site.call(RESTORE) == 1
        assert "(ENOTCONN); the program that serves this mount has ended" in failed(site)

    def test_a_directory_that_the_user_may_not_enter_is_told(self, site, disk):
        site.protect(disk)
        disk.data.parent.chmod(0o700)
        assert site.call(RESTORE) == 1
        told = f"{USER} has no permission (EACCES) on {disk.data.parent}: its mode is 0700"
        assert told in failed(site)

    def test_a_directory_that_root_may_not_read_is_read_as_the_user(self, site, disk):
        # As on a file server that makes root a nobody.
        site.protect(disk)
        without = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"]
        ran = subprocess.run(
            [*without, Path(sys.executable).parent / "ark-restore", "-t", "lkpg", "-i", "id"],
            env={"ARK_PREFIX": str(site.prefix), "PATH": "/usr/bin:/bin"},
            capture_output=True,
        )
        assert ran.returncode == 0, ran.stderr
        assert disk.answers()


@pytest.fixture
def secret(tmp_path_factory):
    directory = tmp_path_factory.mktemp("root")
    for parent in (directory, *directory.parents[:2]):
        parent.chmod(0o755)
    file = directory / "secret"
    file.write_text(SECRET)
    file.chmod(0o600)
    return file


def log_of(site) -> str:
    return (site.prefix / "var/log/ark/ras.log").read_text()


class TestWhatTheUserLays:
    """The database's user writes the data directory, and gets nothing of root's by that."""

    def test_a_version_that_is_a_link_is_not_told(self, site, database, secret):
        site.protect(database)
        (database.data / "PG_VERSION").unlink()
        as_user("/bin/ln", "-s", secret, database.data / "PG_VERSION")
        assert site.call(RESTORE) == 1
        assert SECRET not in log_of(site)

    def test_a_directory_on_the_way_that_is_a_link_gives_nothing_away(self, site, database, secret):
        secret.rename(secret.with_name("server.log"))
        as_user("/bin/ln", "-s", secret.parent, database.data / "logs")
        site.protect(database, log_file=str(database.data / "logs/server.log"))
        assert site.call(RESTORE) == 1
        assert SECRET not in log_of(site)

    @pytest.mark.parametrize("text", [SECRET, "15 \x1b[2J", "123456789", "15\nroot"])
    def test_a_version_that_is_none_is_not_told(self, site, database, text):
        site.protect(database)
        (database.data / "PG_VERSION").write_text(text)
        assert site.call(RESTORE) == 1
        assert "PG_VERSION holds no version" in failed(site)

    @pytest.mark.parametrize("name", ["PG_VERSION", "postmaster.pid"])
    def test_a_fifo_costs_no_time(self, site, database, name):
        site.protect(database)
        (database.data / name).unlink(missing_ok=True)
        as_user("/usr/bin/mkfifo", database.data / name)
        began = time.monotonic()
        site.call(RESTORE)
        site.call(CHECK)
        assert time.monotonic() - began < 40
        assert not any("had not ended" in each for each in site.messages())


@pytest.fixture
def pretender(tmp_path):
    """Runs a copy of another program under the name `postgres`, as a user, with -D."""
    made = []
    directory = Path("/tmp") / f"ark-pretender-{os.getpid()}-{time.monotonic_ns()}"
    directory.mkdir(0o755)
    program = directory / "postgres"
    shutil.copy(os.path.realpath("/bin/bash"), program)

    def start(data: Path, user: str):
        child = subprocess.Popen(
            [program, "-c", "while :; do read -t 100 <> <(:); done", "x", "-D", str(data)],
            user=user,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        made.append(child)
        wait_for(lambda: processes.executable(child.pid) == str(program))
        return child

    yield start
    for child in made:
        child.kill()
        child.wait()
    shutil.rmtree(directory)


class TestWhoseAProcessIs:
    def test_a_strangers_program_named_postgres_does_not_count(self, site, database, pretender):
        site.protect(database)
        stranger = "daemon" if USER != "daemon" else "bin"
        child = pretender(database.data, stranger)
        assert database.processes() == []
        assert site.status() == "STOPPED"
        assert site.call(REMOVE) == 0
        assert child.poll() is None

    def test_roots_program_named_postgres_does_not_count(self, database, pretender):
        pretender(database.data, "root")
        assert database.processes() == []

    def test_the_user_alone_keeps_a_stranger_out(self, database, pretender):
        # Without bin_directory there is no program to compare with.
        pretender(database.data, "daemon" if USER != "daemon" else "bin")
        assert owned(options_of({"data_directory": str(database.data), "user": USER})) == []

    def test_another_file_than_the_configured_program_does_not_count(self, database, pretender):
        pretender(database.data, USER)
        assert database.processes() == []

    def test_the_program_counts_by_whatever_path_it_is_reached(self, database):
        link = database.directory / "bin"
        link.symlink_to(BIN)
        database.start()
        living = database.processes()
        # Its working directory loses its name; its command line and its program remain.
        here = options_of({**database.options, "bin_directory": str(link)})
        moved = database.data.with_name("moved")
        database.data.rename(moved)
        assert owned(here) == living
        moved.rename(database.data)


def test_where_the_version_is_understood():
    assert _disk.checked_version("15\n") == "15"
    assert _disk.checked_version("9.6\n") == "9.6"
    assert _disk.checked_version("") == ""
    assert _disk.checked_version("123456789") == ""
