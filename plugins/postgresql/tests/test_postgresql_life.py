"""PostgreSQL under LifeKeeper's four programs: its whole life, and what goes wrong with servers."""

from __future__ import annotations

import contextlib
import os
import pwd
import signal
import subprocess
import threading
import time

import pytest
from ark_postgresql import Postgresql
from database import USER, as_user
from support import pairs_are_whole, wait_for

from arkcore import processes
from arkcore.base.call import Action

RESTORE, REMOVE = Action.RESTORE, Action.REMOVE
CHECK, RECOVER = Action.QUICK_CHECK, Action.RECOVER


def failed(messages: list[str]) -> str:
    """The reason of the last script that failed."""
    return [each for each in messages if each.startswith(("Restore failed.", "Remove failed."))][-1]


@pytest.fixture
def sleeper():
    """A process of the servers' user that is no server, and lives until the test ends."""
    made = []

    def start():
        changed = os.geteuid() == 0
        child = subprocess.Popen(["/bin/sleep", "300"], user=USER if changed else None)
        made.append(child)
        return child

    yield start
    for child in made:
        child.kill()
        child.wait()


def test_the_whole_life(site, database):
    site.protect(database)
    assert site.call(REMOVE) == 0
    assert site.call(RESTORE) == 0
    database.sql("create table kept (n int)")
    database.sql("insert into kept values (1)")
    began = database.postmaster()
    # Not all of its processes: that of a client which has just gone may be going too.
    lasting = (began, database.child("checkpointer"))
    owner = {os.stat(f"/proc/{each.pid}").st_uid for each in lasting}
    assert owner == {pwd.getpwnam(USER).pw_uid}
    assert site.call(RESTORE) == 0
    assert database.postmaster() == began
    assert site.call(CHECK) == 0
    os.kill(began.pid, signal.SIGKILL)
    wait_for(lambda: not database.processes())
    assert site.call(CHECK) == 1
    assert site.call(RECOVER) == 0
    assert database.sql("select n from kept") == "1"
    assert site.call(CHECK) == 0
    assert site.call(REMOVE) == 0
    assert database.processes() == []
    assert not database.pid_file.exists()
    assert site.call(REMOVE) == 0
    assert site.status() == "STOPPED"
    assert pairs_are_whole(site.messages())
    assert "Force stopping." not in site.messages()


def test_a_killed_backend_is_the_servers_own_affair(site, database):
    site.protect(database)
    assert site.call(RESTORE) == 0
    began = database.postmaster()
    client = threading.Thread(
        target=as_user,
        args=(*database.client(), "-c", "select pg_sleep(60)"),
        kwargs={"check": False},
    )
    client.start()
    os.kill(database.child(f"{USER} postgres").pid, signal.SIGKILL)
    # Every server process is ended and made anew meanwhile: no reason for a restart or a failover.
    assert site.call(CHECK) == 0
    client.join(20)
    wait_for(database.answers)
    assert site.status() == "RUNNING"
    assert database.postmaster() == began


def test_a_recovery_after_a_backends_crash_is_starting(site, database):
    site.protect(database)
    assert site.call(RESTORE) == 0
    database.fill()
    os.kill(database.child("walwriter").pid, signal.SIGKILL)
    with database.held("startup"):
        assert site.status() == "STARTING"
        assert site.call(CHECK) == 0
    wait_for(database.answers)


def test_a_long_crash_recovery_is_waited_for(site, database):
    site.protect(database)
    database.start()
    database.fill()
    database.kill()
    ends = []
    restore = threading.Thread(target=lambda: ends.append(site.call(RESTORE)))
    restore.start()
    try:
        with database.held("startup"):
            assert site.status() == "STARTING"
            assert ends == []
    finally:
        restore.join(60)
    assert ends == [0]
    assert database.sql("select count(*) from filled") == "240000"


def test_a_hung_server_fails_by_its_timer_and_is_recovered(site, database):
    site.protect(database, timers="quickcheck.process = 4", status_timeout=1)
    assert site.call(RESTORE) == 0
    hung = database.postmaster()
    os.kill(hung.pid, signal.SIGSTOP)
    wait_for(lambda: site.call(CHECK) == 1)
    assert "psql had not ended" in site.messages()[-1]
    assert site.call(RECOVER) == 0
    assert database.postmaster() != hung
    assert database.answers()


def test_a_hung_server_is_undecided_at_first(site, database):
    site.protect(database, status_timeout=1)
    assert site.call(RESTORE) == 0
    os.kill(database.postmaster().pid, signal.SIGSTOP)
    assert site.status() == "UNKNOWN"


def test_a_clients_open_transaction_does_not_hold_up_a_stop(site, database):
    site.protect(database)
    assert site.call(RESTORE) == 0
    database.sql("create table kept (n int)")
    script = "begin; insert into kept values (1); select pg_sleep(60); commit"
    client = threading.Thread(
        target=as_user, args=(*database.client(), "-c", script), kwargs={"check": False}
    )
    client.start()
    wait_for(
        lambda: (
            database.sql("select count(*) from pg_locks where relation = 'kept'::regclass") != "0"
        )
    )
    end = site.run(REMOVE)
    client.join(20)
    assert end.code == 0
    assert end.seconds < 10
    assert "Force stopping." not in site.messages()
    assert site.call(RESTORE) == 0
    assert database.sql("select count(*) from kept") == "0"


def test_a_stop_that_hangs_is_forced(site, database):
    site.protect(database, timers="remove.process = 6")
    assert site.call(RESTORE) == 0
    os.kill(database.child("checkpointer").pid, signal.SIGSTOP)
    assert site.call(REMOVE) == 0
    assert "Force stopping." in site.messages()
    assert database.processes() == []
    assert site.call(RESTORE) == 0


def test_a_backend_that_outlives_its_postmaster_is_partial_and_ended(site, database):
    site.protect(database)
    assert site.call(RESTORE) == 0
    orphan = database.child("checkpointer")
    os.kill(orphan.pid, signal.SIGSTOP)
    os.kill(database.postmaster().pid, signal.SIGKILL)
    wait_for(lambda: database.processes() == [orphan])
    assert site.call(CHECK) == 1
    assert "its postmaster is gone" in site.messages()[-1]
    assert site.call(RECOVER) == 0
    assert not processes.still_lives(orphan)
    assert database.answers()


def crashed(database, pid: int) -> None:
    """Leave the database as a node's crash does, with `pid` in its postmaster.pid."""
    database.start()
    database.kill()
    name_in_pid_file(database, pid)


def name_in_pid_file(database, pid: int) -> None:
    """Put a number into the postmaster.pid that a crash left behind."""
    lines = database.pid_file.read_text().splitlines(keepends=True)
    database.pid_file.write_text(f"{pid}\n" + "".join(lines[1:]))


def test_a_pid_file_whose_number_another_process_has_does_not_hinder_a_start(
    site, database, sleeper
):
    site.protect(database)
    stranger = sleeper()
    crashed(database, stranger.pid)
    assert site.status() == "STOPPED"
    assert site.call(RESTORE) == 0
    assert database.answers()
    assert site.call(REMOVE) == 0
    assert stranger.poll() is None


def test_a_pid_file_whose_number_a_zombie_has_does_not_hinder_a_start(site, database, sleeper):
    site.protect(database)
    dead = sleeper()
    dead.kill()
    wait_for(lambda: processes.look(dead.pid) is None)
    crashed(database, dead.pid)
    assert site.status() == "STOPPED"
    assert site.call(RESTORE) == 0
    assert database.answers()


def test_a_start_beside_a_running_server_leaves_its_files(database, make_context):
    database.start()
    before = database.pid_file.read_text()
    Postgresql().ark_start(make_context(seconds=12, **database.options))
    assert database.pid_file.read_text() == before
    assert (database.directory / ".s.PGSQL.5432.lock").exists()
    assert database.answers()


def test_the_socket_lock_of_another_server_stays(site, make_database):
    first, second = make_database("1"), make_database("2")
    with (second.data / "postgresql.conf").open("a") as file:
        file.write(f"unix_socket_directories = '{first.directory}'\n")
    crashed(second, 1)
    # Meanwhile another server has its socket, and its own number stands in its lock.
    for lock in first.directory.glob(".s.PGSQL.*"):
        lock.unlink()
    first.start()
    lock = (first.directory / ".s.PGSQL.5432.lock").read_text()
    site.protect(second)
    assert site.call(RESTORE) == 1
    assert (first.directory / ".s.PGSQL.5432.lock").read_text() == lock
    assert first.answers()


def test_two_servers_side_by_side_are_never_mixed(site, make_database):
    first, second = make_database("1", port=5432), make_database("2", port=5433)
    for tag, each in (("lkpg1", first), ("lkpg2", second)):
        site.protect(each, tag)
        assert site.call(RESTORE, tag) == 0
    other = second.processes()
    # The worst that a crash and a reused number can make of postmaster.pid.
    first.kill()
    name_in_pid_file(first, second.postmaster().pid)
    assert site.call(CHECK, "lkpg1") == 1
    assert site.call(REMOVE, "lkpg1") == 0
    assert second.processes() == other
    assert site.call(RESTORE, "lkpg1") == 0
    os.kill(first.child("checkpointer").pid, signal.SIGSTOP)
    os.kill(first.postmaster().pid, signal.SIGKILL)
    assert site.call(RECOVER, "lkpg1") == 0
    assert site.call(CHECK, "lkpg2") == 0
    assert second.processes() == other
    assert not {each.pid for each in first.processes()} & {each.pid for each in other}


# Starts that nothing can come of.


def test_a_foreign_owner_is_told(site, database):
    if os.geteuid() != 0:
        pytest.skip("only root can give a directory away")
    site.protect(database)
    os.chown(database.data, 0, 0)
    assert site.call(RESTORE) == 1
    uid = pwd.getpwnam(USER).pw_uid
    assert f"the data directory belongs to user id 0, not to {USER} ({uid})" in failed(
        site.messages()
    )


def test_permissions_that_are_too_wide_are_told(site, database):
    site.protect(database)
    database.data.chmod(0o755)
    assert site.call(RESTORE) == 1
    assert "has mode 0755; allowed are 0700 and 0750" in failed(site.messages())


def test_a_wrong_version_is_told(site, database):
    site.protect(database)
    (database.data / "PG_VERSION").write_text("9\n")
    assert site.call(RESTORE) == 1
    assert f"wrong version: {database.data} is of PostgreSQL 9" in failed(site.messages())


def test_a_standby_is_not_started_as_a_primary(site, database):
    site.protect(database)
    (database.data / "standby.signal").touch()
    assert site.call(RESTORE) == 1
    assert "makes it a standby" in failed(site.messages())


def test_what_the_server_said_is_told_where_it_does_not_start(site, database):
    site.protect(database)
    with (database.data / "postgresql.conf").open("a") as file:
        file.write("no_such_setting = 1\n")
    began = time.monotonic()
    assert site.call(RESTORE) == 1
    assert time.monotonic() - began < 15
    assert any(line.startswith("| ") and "no_such_setting" in line for line in site.messages())


def test_what_the_server_said_in_a_log_of_its_own_is_told(site, database):
    site.protect(database, log_file=str(database.directory / "server.log"))
    with (database.data / "postgresql.conf").open("a") as file:
        file.write("no_such_setting = 1\n")
    assert site.call(RESTORE) == 1
    assert any(line.startswith("| ") and "no_such_setting" in line for line in site.messages())


def test_a_port_that_another_server_has_is_told(site, make_database):
    first, second = make_database("1"), make_database("2")
    first.start()
    site.protect(second, socket_directory=str(first.directory))
    assert site.call(RESTORE) == 1
    assert any(".s.PGSQL.5432.lock" in line for line in site.messages())
    assert second.processes() == []
    assert first.answers()


def test_the_options_say_where_it_listens(site, database):
    (database.directory / "run").mkdir()
    os.chown(database.directory / "run", pwd.getpwnam(USER).pw_uid, -1)
    site.protect(
        database,
        port=5555,
        socket_directory=str(database.directory / "run"),
        start_options=["-c", "cluster_name=it's; mine"],
    )
    assert site.call(RESTORE) == 0
    assert (database.directory / "run/.s.PGSQL.5555").exists()
    assert site.call(CHECK) == 0
    assert database.pid_file.read_text().splitlines()[3] == "5555"


# Disks.


def mount(where) -> None:
    where.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", where], check=True)


@pytest.fixture
def disk(make_database, template):
    """A server on a small disk of its own, which ends with the test."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount")
    made = make_database()
    where = made.directory / "disk"
    mount(where)
    try:
        as_user("/bin/true")
        subprocess.run(["cp", "-a", made.data, where / "data"], check=True)
        made.data = where / "data"
        yield made
        made.kill()
    finally:
        subprocess.run(["umount", "-l", where], check=False)


def fill(path) -> None:
    """Write to a file until the disk is full."""
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(1 << 16)):
            pass
    assert os.statvfs(path).f_bavail == 0


def test_a_full_disk_is_told_when_it_does_not_start(site, disk):
    site.protect(disk)
    assert site.call(RESTORE) == 0
    fill(disk.data.parent / "filler")
    assert site.call(CHECK) == 0  # it answers, and says so truly
    disk.kill()
    disk.pid_file.unlink()
    fill(disk.data.parent / "more")
    assert site.call(CHECK) == 1
    assert site.call(RESTORE) == 1
    assert f"the file system of {disk.data} is full: 0 KiB free" in failed(site.messages())
    (disk.data.parent / "filler").unlink()
    for lock in disk.directory.glob(".s.PGSQL.*"):
        lock.unlink()
    assert site.call(RESTORE) == 0


def test_a_server_whose_disk_was_pulled_away_is_known_and_stopped(site, disk):
    site.protect(disk)
    assert site.call(RESTORE) == 0
    living = disk.processes()
    subprocess.run(["umount", "-l", disk.data.parent], check=True)
    assert disk.processes() == living
    assert site.call(REMOVE) == 0
    assert not any(map(processes.still_lives, living))


def test_without_its_disk_it_is_stopped(site, database):
    site.protect(database)
    database.data.rename(database.directory / "away")
    assert site.status() == "STOPPED"
    assert site.call(REMOVE) == 0
    assert site.call(RESTORE) == 1
    assert "No such file or directory; is its disk mounted?" in failed(site.messages())
