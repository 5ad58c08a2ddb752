"""What is found out about a node before a PostgreSQL is protected on it."""

from __future__ import annotations

import os

import pytest
from ark_postgresql import Postgresql
from ark_postgresql._boot import starts_at_boot
from ark_postgresql._preflight import _port_in
from ark_postgresql._programs import bin_directory
from database import BIN, USER, options_of

from arkcore import Level


def levels(ctx):
    return {each.check: each.level for each in Postgresql().ark_preflight(ctx)}


def told(ctx, check):
    [finding] = [each for each in Postgresql().ark_preflight(ctx) if each.check == check]
    return finding


def set_up(database, *lines):
    with (database.data / "postgresql.conf").open("a") as file:
        file.write("\n".join([*lines, ""]))


def test_all_is_well(make_database, make_context):
    database = make_database(fsync=True, port=59431)
    set_up(database, "listen_addresses = '*'")
    found = levels(make_context(**database.options))
    assert set(found.values()) == {Level.OK}
    wanted = {"programs", "owner", "permissions", "version", "port", "fsync", "socket directory"}
    assert wanted <= set(found)


def test_a_running_servers_port_is_its_own(make_database, make_context):
    database = make_database(port=59432)
    set_up(database, "listen_addresses = '127.0.0.1'")
    database.start()
    finding = told(make_context(**database.options), "port")
    assert (finding.level, finding.seen) == (Level.OK, "59432, this server's own")
    assert told(make_context(**database.options, port=59433), "port").level is Level.FAIL


def test_a_port_that_somebody_has_is_told(make_database, make_context):
    import socket

    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        database = make_database(port=other.getsockname()[1])
        assert told(make_context(**database.options), "port").level is Level.FAIL


@pytest.mark.parametrize(
    ("line", "check", "level"),
    [
        ("fsync = off", "fsync", Level.FAIL),
        ("full_page_writes = off", "full_page_writes", Level.FAIL),
        ("synchronous_commit = off", "synchronous_commit", Level.WARN),
        ("listen_addresses = 'localhost'", "listen_addresses", Level.WARN),
        ("superuser_reserved_connections = 0", "connections", Level.WARN),
        ("unix_socket_directories = '/nosuch'", "socket directory", Level.FAIL),
        ("unix_socket_directories = '/etc'", "socket directory", Level.FAIL),
        ("no_such_setting = 1", "configuration", Level.FAIL),
    ],
)
def test_a_setting_that_does_not_do_is_told(make_database, make_context, line, check, level):
    database = make_database(fsync=True)
    set_up(database, line)
    assert levels(make_context(**database.options))[check] is level


def test_a_data_directory_that_is_not_here_may_be_elsewhere(make_context):
    ctx = make_context(data_directory="/nosuch/data", bin_directory=str(BIN), user=USER)
    assert told(ctx, "data directory").level is Level.WARN


def test_a_directory_without_a_database_is_told(database, make_context):
    empty = database.directory / "empty"  # where that user can look, too
    empty.mkdir()
    ctx = make_context(data_directory=str(empty), bin_directory=str(BIN), user=USER)
    assert told(ctx, "data directory").level is Level.FAIL


def test_permissions_and_links_are_told(database, make_context):
    database.data.chmod(0o777)
    link = database.directory / "link"
    link.symlink_to(database.data)
    ctx = make_context(**{**database.options, "data_directory": str(link)})
    found = levels(ctx)
    assert (found["permissions"], found["data directory"]) == (Level.FAIL, Level.WARN)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_a_foreign_owner_is_told(database, make_context):
    os.chown(database.data, 0, 0)
    assert told(make_context(**database.options), "owner").level is Level.FAIL


def test_a_standby_is_told(database, make_context):
    (database.data / "standby.signal").touch()
    assert told(make_context(**database.options), "role").level is Level.FAIL


def test_a_wrong_version_is_told(database, make_context):
    (database.data / "PG_VERSION").write_text("9\n")
    finding = told(make_context(**database.options), "version")
    assert finding.level is Level.FAIL
    assert finding.seen.startswith("data directory 9, programs in ")


def test_missing_programs_and_a_missing_user_are_told(database, make_context, tmp_path):
    values = {"bin_directory": str(tmp_path), "user": "no-such-user"}
    found = levels(make_context(**{**database.options, **values}))
    assert (found["programs"], found["options.user"]) == (Level.FAIL, Level.FAIL)


# Which programs.


def install(root, *places):
    for place in places:
        directory = root / place
        directory.mkdir(parents=True)
        (directory / "pg_ctl").touch(0o755)


def test_the_programs_of_the_data_directorys_version_are_taken(tmp_path):
    install(tmp_path, "usr/lib/postgresql/9/bin", "usr/lib/postgresql/15/bin", "usr/pgsql-16/bin")
    options = options_of({"data_directory": "/nosuch"})
    newest = f"{tmp_path}/usr/pgsql-16/bin"
    assert bin_directory(options, "", str(tmp_path)) == newest
    fifteen = f"{tmp_path}/usr/lib/postgresql/15/bin"
    assert bin_directory(options, "15", str(tmp_path)) == fifteen
    assert bin_directory(options, "17", str(tmp_path)) == newest
    options.bin_directory = "/opt/pg/bin"
    assert bin_directory(options, "15", str(tmp_path)) == "/opt/pg/bin"


def test_a_distribution_with_one_version_has_them_in_usr_bin(tmp_path):
    options = options_of({"data_directory": "/nosuch"})
    assert bin_directory(options, "", str(tmp_path)) == ""
    install(tmp_path, "usr/bin")
    assert bin_directory(options, "", str(tmp_path)) == f"{tmp_path}/usr/bin"


# Who else might start it.


@pytest.mark.parametrize(("start", "level"), [("auto", Level.FAIL), ("manual", Level.OK)])
def test_a_cluster_that_debian_starts_is_told(tmp_path, start, level):
    home = tmp_path / "etc/postgresql/15/main"
    home.mkdir(parents=True)
    (home / "start.conf").write_text(f"# auto, manual, disabled\n{start}\n")
    (home / "postgresql.conf").write_text("data_directory = '/shared/pg'   # where\n")
    assert starts_at_boot("/shared/pg", str(tmp_path)).level is level
    assert starts_at_boot("/shared/other", str(tmp_path)).level is Level.OK


def test_a_service_that_systemd_starts_is_told(tmp_path):
    assert starts_at_boot("/shared/pg", str(tmp_path)).level is Level.OK
    wanted = tmp_path / "etc/systemd/system/multi-user.target.wants"
    wanted.mkdir(parents=True)
    (wanted / "postgresql-15.service").touch()
    finding = starts_at_boot("/shared/pg", str(tmp_path))
    assert finding.level is Level.FAIL
    assert "multi-user.target.wants/postgresql-15.service" in finding.seen


@pytest.mark.parametrize(
    ("text", "port"),
    [("5432", 5432), ("", None), ("0", None), ("65536", None), ("²", None), ("9" * 5000, None)],
)
def test_what_a_server_tells_for_its_port_is_a_port_or_nothing(text, port):
    assert _port_in(text) == port
