"""Attacks by a database's user: the files of his that root reads."""

from __future__ import annotations

from pathlib import Path

import pytest
from attacks.people import Person
from attacks.victim import Victim

# PostgreSQL's files, which its user writes.


@pytest.fixture
def database(app_victim: Victim, app: Person) -> Victim:
    (app_victim.home / "bin").mkdir()
    for name in ("pg_ctl", "postgres", "psql", "pg_isready"):
        version = f'[ "$1" = --version ] && echo "{name} (PostgreSQL) 16.2" && exit 0'
        app_victim.command(f"bin/{name}", f"#!/bin/sh\n{version}\nexit 2\n")
    data = app_victim.home / "data"
    data.chmod(0o700)
    app.shell('echo 15 >"$1/PG_VERSION"', data)
    app_victim.configure(
        "pg",
        plugin="postgresql",
        host="LHPG",
        timers={"restore.process": 4, "restore.cleanup": 2},
        data_directory=data,
        bin_directory=app_victim.home / "bin",
        user=app.name,
    )
    return app_victim


SHADOW = "root:$6$saltsalt$hashhashhash:20000:0:99999:7:::"


@pytest.fixture
def roots_secret(app_victim: Victim) -> Path:
    path = app_victim.top / "secret"
    path.write_text(SHADOW + "\n")
    path.chmod(0o600)
    return path


def all_shown(victim: Victim) -> str:
    shown = victim.ark("status", "pg").output + victim.ark("validate", "pg").output
    shown += victim.act("restore", "pg").output + victim.act("quickcheck", "pg").output
    for path in victim.prefix.rglob("*"):
        if path.is_file() and "etc" not in path.parts:
            shown += path.read_text("utf-8", "backslashreplace")
    return shown


@pytest.mark.parametrize(
    "name", ["PG_VERSION", "postmaster.pid", "postgresql.conf", "standby.signal"]
)
def test_a_database_s_file_shows_no_file_of_root(
    database: Victim, app: Person, roots_secret: Path, name: str
) -> None:
    """A file of the data directory is a link to one that only root can read."""
    app.shell('rm -f "$1/$2"; ln -s "$3" "$1/$2"', database.home / "data", name, roots_secret)
    assert "hashhash" not in all_shown(database)


@pytest.mark.parametrize("name", ["PG_VERSION", "postmaster.pid"])
def test_a_database_s_file_that_is_a_fifo_holds_nobody_up(
    database: Victim, app: Person, name: str
) -> None:
    """A file of the data directory is a FIFO."""
    app.shell('rm -f "$1/$2"; mkfifo "$1/$2"', database.home / "data", name)
    ended = database.act("restore", "pg")
    assert ended.seconds < 6, ended
    ended = database.act("remove", "pg")
    assert ended.code == 0, ended
    assert ended.seconds < 6


def test_a_database_s_version_is_shown_only_as_a_version(database: Victim, app: Person) -> None:
    """PG_VERSION holds text, a shell's words and control characters."""
    app.shell('printf "15; reboot EVIL\\033[2J" >"$1/PG_VERSION"', database.home / "data")
    assert "EVIL" not in all_shown(database)


def test_a_data_directory_that_is_a_link_shows_no_file_of_root(
    database: Victim, app: Person, roots_secret: Path
) -> None:
    """The data directory's parent is the user's, and the directory a link to one of root's."""
    theirs = database.home / "data" / "base"
    roots = database.top / "roots"
    roots.mkdir(mode=0o700)
    (roots / "PG_VERSION").write_text(SHADOW)
    app.shell('ln -s "$2" "$1"', theirs, roots)
    path = database.resources / "pg.toml"
    old = f'data_directory = "{database.home}/data"'
    path.write_text(path.read_text().replace(old, f'data_directory = "{theirs}"'))
    assert "hashhash" not in all_shown(database)
