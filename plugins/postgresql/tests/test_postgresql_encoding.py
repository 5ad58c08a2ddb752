"""The server's own words in the encodings of Japanese systems."""

from __future__ import annotations

import pytest
from ark_postgresql._encoding import encoding_of
from database import options_of

from arkcore.base.call import Action

WORDS = "致命的エラー: データディレクトリ"


@pytest.mark.parametrize(
    ("values", "encoding"),
    [
        ({}, "utf-8"),
        ({"env": {"LANG": "ja_JP.eucJP"}}, "euc_jp"),
        ({"env": {"LANG": "ja_JP"}}, "euc_jp"),
        ({"env": {"LANG": "ja_JP.SJIS"}}, "cp932"),
        ({"env": {"LANG": "ja_JP.UTF-8"}}, "utf-8"),
        ({"env": {"LANG": "C.UTF-8", "LC_ALL": "ja_JP.eucJP"}}, "euc_jp"),
        ({"env": {"LANG": "ja_JP.eucJP", "LC_CTYPE": "ja_JP.SJIS"}}, "cp932"),
        ({"env": {"LANG": "ja_JP.nonsense"}}, "utf-8"),
        ({"env": {"LANG": "ja_JP.eucJP"}, "encoding": "cp932"}, "cp932"),
    ],
)
def test_the_option_decides_else_the_locale(values, encoding):
    assert encoding_of(options_of({"data_directory": "/nosuch", **values})) == encoding


@pytest.fixture
def pg_ctl(database):
    """A directory whose pg_ctl writes bytes, to stdout or to the log, and fails."""
    directory = database.directory / "bin"
    directory.mkdir()
    directory.chmod(0o755)

    def write(words: bytes, place: str) -> str:
        (directory / "words").write_bytes(words + b"\n")
        program = directory / "pg_ctl"
        program.write_text(
            "#!/bin/sh\n"
            f'[ "$1" = --version ] && exec echo "pg_ctl (PostgreSQL) {version(database)}"\n'
            f"cat {directory}/words {place}\nexit 1\n"
        )
        program.chmod(0o755)
        return str(directory)

    return write


def version(database):
    return (database.data / "PG_VERSION").read_text().strip()


@pytest.mark.parametrize(
    ("lang", "codec"),
    [("ja_JP.eucJP", "euc_jp"), ("ja_JP.SJIS", "cp932"), ("ja_JP.UTF-8", "utf-8")],
)
def test_what_a_start_says_is_readable_in_the_ras_log(site, database, pg_ctl, lang, codec):
    directory = pg_ctl(WORDS.encode(codec), "")
    site.protect(database, bin_directory=directory, env={"LANG": lang})
    assert site.call(Action.RESTORE) == 1
    assert f"| {WORDS}" in site.messages()


def test_a_log_of_its_own_is_readable_in_the_ras_log(site, database, pg_ctl):
    log = database.directory / "server.log"
    directory = pg_ctl(WORDS.encode("euc_jp"), f">> {log}")
    site.protect(database, bin_directory=directory, log_file=str(log), encoding="euc_jp")
    assert site.call(Action.RESTORE) == 1
    assert f"| {WORDS}" in site.messages()
