"""postmaster.pid in all its states: whole, begun, single-user, garbage, not there."""

from __future__ import annotations

import pytest
from ark_postgresql._pid_file import parse, path_of_socket_lock

WHOLE = (
    "4711\n/shared/pg/data\n1795580554\n5433\n/run/pg\n10.7.0.1\n  2146349         4\nready   \n"
)


def test_a_running_servers_file():
    file = parse(WHOLE)
    assert (file.pid, file.directory, file.port) == (4711, "/shared/pg/data", 5433)
    assert (file.host, file.word) == ("/run/pg", "ready")
    assert path_of_socket_lock(file) == "/run/pg/.s.PGSQL.5433.lock"


def test_a_file_that_has_only_begun():
    file = parse("4711\n/shared/pg/data\n1795580554\n5433\n")
    assert (file.port, file.host, file.word) == (5433, "", "")
    assert path_of_socket_lock(file) == ""


def test_a_single_user_servers_number_is_negative():
    assert parse("-4711\n/shared/pg/data\n").pid == -4711


@pytest.mark.parametrize(
    ("listening", "host"),
    [
        ("*", "127.0.0.1"),
        ("0.0.0.0", "127.0.0.1"),
        ("::", "::1"),
        ("10.7.0.1", "10.7.0.1"),
        ("", ""),
    ],
)
def test_without_a_unix_socket_it_is_reached_by_its_address(listening, host):
    file = parse(f"4711\n/data\n0\n5432\n\n{listening}\n0\nready\n")
    assert file.host == host


@pytest.mark.parametrize("text", ["", "\n", "garbage\n", "0\n", "--5\n", "٤\n", "9" * 11 + "\n"])
def test_what_names_no_process_is_none(text):
    assert parse(text) is None


def test_a_port_that_is_none_is_not_used():
    assert parse("4711\n/data\n0\n999999\n/run\n").port == 0
