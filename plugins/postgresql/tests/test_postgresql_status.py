"""What an answer and the word in postmaster.pid amount to, and servers that do not fit."""

from __future__ import annotations

import os
import signal
import subprocess
import threading

import pytest
from ark_postgresql import Postgresql
from ark_postgresql._status import Answer, judge
from database import BIN, ENV, USER, as_user
from support import wait_for

from arkcore import Status, processes


@pytest.mark.parametrize(
    ("answer", "word", "is_standby", "status"),
    [
        (Answer.PRIMARY, "ready", False, Status.RUNNING),
        (Answer.RECOVERING, "standby", True, Status.PARTIAL),
        (Answer.RECOVERING, "standby", False, Status.STARTING),
        (Answer.REJECTING, "starting", False, Status.STARTING),
        # After a backend's crash the word stays what it was.
        (Answer.REJECTING, "ready", False, Status.STARTING),
        (Answer.REJECTING, "stopping", False, Status.STOPPING),
        (Answer.NOTHING, "stopping", False, Status.STOPPING),
        (Answer.NOTHING, "starting", False, Status.STARTING),
        (Answer.NOTHING, "ready", False, Status.UNKNOWN),
        (Answer.NOTHING, "", False, Status.UNKNOWN),
        # It serves others: no reason to end it, nor to call it well.
        (Answer.REFUSED, "ready", False, Status.UNKNOWN),
        (Answer.REFUSED, "a word of tomorrow", False, Status.UNKNOWN),
    ],
)
def test_what_answer_and_word_amount_to(answer, word, is_standby, status):
    assert judge(answer, word, is_standby=is_standby) is status


def status_of(ctx):
    return Postgresql().ark_status(ctx)


def test_a_database_that_is_not_there_is_no_reason_to_end_the_server(database, make_context):
    database.start()
    report = status_of(make_context(**{**database.options, "database": "nosuch"}))
    assert report.status is Status.UNKNOWN
    assert "it serves others, but not this check" in report.detail
    assert "psql returned 2" in report.detail


def serving(database):
    """The backends at work on a statement."""
    titles = [b" ".join(processes.arguments(each.pid)) for each in database.processes()]
    return [title for title in titles if title.rstrip(b" \0").endswith(b"SELECT")]


def test_all_connections_taken_is_no_reason_to_end_the_server(database, make_context):
    with (database.data / "postgresql.conf").open("a") as file:
        file.write("max_connections = 3\nsuperuser_reserved_connections = 0\nmax_wal_senders = 0\n")
    database.start()
    clients = [
        threading.Thread(
            target=as_user,
            args=(*database.client(), "-c", "select pg_sleep(60)"),
            kwargs={"check": False},
        )
        for _ in range(3)
    ]
    for client in clients:
        client.start()
    # Counted in the process table: a connection of our own would take one of the three.
    wait_for(lambda: len(serving(database)) == 3)
    assert not database.answers()
    report = status_of(make_context(**database.options))
    database.kill()
    for client in clients:
        client.join(20)
    assert report.status is Status.UNKNOWN
    assert "pg_isready returned 0" in report.detail


def test_another_port_than_the_options_say_is_not_asked(database, make_context):
    database.start()
    report = status_of(make_context(**database.options, port=5999))
    assert report.status is Status.UNKNOWN
    assert report.detail == "it was started by other hands: on port 5432, not 5999"


def test_a_stopping_server_is_stopping(database, make_context):
    database.start()
    with database.held("checkpointer"):
        os.kill(database.postmaster().pid, signal.SIGINT)
        wait_for(lambda: "stopping" in database.pid_file.read_text())
        assert status_of(make_context(**database.options)).status is Status.STOPPING


def test_a_standby_that_answers_is_partial(database, make_context):
    (database.data / "standby.signal").touch()
    database.start()
    wait_for(database.answers)
    report = status_of(make_context(**database.options))
    assert report.status is Status.PARTIAL
    assert "standby.signal makes it a standby" in report.detail


def test_a_server_without_a_unix_socket_is_asked_by_its_address(make_database, make_context):
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    database = make_database(port=port)
    with (database.data / "postgresql.conf").open("a") as file:
        file.write("unix_socket_directories = ''\nlisten_addresses = '127.0.0.1'\n")
    database.start()
    assert status_of(make_context(**database.options)).status is Status.RUNNING


def test_a_single_user_server_is_not_stopped(database, make_context):
    program = [str(BIN / "postgres"), "--single", "-D", str(database.data), "postgres"]
    changed = os.geteuid() == 0
    child = subprocess.Popen(
        program,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        user=USER if changed else None,
        env={"PATH": "/usr/bin:/bin", **ENV},
    )
    try:
        wait_for(database.pid_file.exists)
        assert status_of(make_context(**database.options)).status is Status.UNKNOWN
        assert [each.pid for each in database.processes()] == [child.pid]
    finally:
        child.kill()
        child.communicate()


def test_what_a_server_starts_is_its_own(database):
    with (database.data / "postgresql.conf").open("a") as file:
        file.write("archive_mode = on\narchive_command = 'sleep 300'\n")
    database.start()
    database.sql("select pg_switch_wal() from (select pg_logical_emit_message(true, 'a', 'b')) x")
    wait_for(lambda: "sleep" in {each.name for each in database.processes()})
    postmaster = database.postmaster()
    for each in database.processes():
        if each != postmaster:
            assert each.name in ("postgres", "sh", "sleep")


def test_a_shell_in_the_data_directory_is_a_stranger(database):
    database.start()
    child = subprocess.Popen(["/bin/sleep", "300"], cwd=database.data)
    try:
        assert child.pid not in {each.pid for each in database.processes()}
    finally:
        child.kill()
        child.wait()
