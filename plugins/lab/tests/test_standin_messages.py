"""Messages come in the bytes of LANG."""

from __future__ import annotations

import pytest
from ark_lab import StandIn
from ark_lab.testing import HOST


@pytest.mark.parametrize("lang", [None, "C", "POSIX", "en_US.UTF-8", "ja_JP.unknown"])
def test_english_is_ascii(base: StandIn, lang: str | None) -> None:
    environment = {} if lang is None else {"LANG": lang}
    output = base.run("jevstat", HOST, environment=environment).stdout
    assert b"All processes are running." in output
    assert output.isascii()


@pytest.mark.parametrize(
    ("lang", "encoding"),
    [
        ("ja_JP.UTF-8", "utf-8"),
        ("ja_JP.utf8", "utf-8"),
        ("ja_JP.eucJP", "euc_jp"),
        ("ja_JP.SJIS", "cp932"),
    ],
)
def test_japanese_is_in_the_bytes_of_lang(base: StandIn, lang: str, encoding: str) -> None:
    output = base.run("jevstat", HOST, environment={"LANG": lang}).stdout
    assert "すべてのプロセスが稼働中です。" in output.decode(encoding)
    assert "プロセスの状態を表示します" in output.decode(encoding)


def test_shift_jis_messages_hold_a_backslash_byte(base: StandIn) -> None:
    output = base.run("jevstat", HOST, environment={"LANG": "ja_JP.SJIS"}).stdout
    assert "表".encode("cp932") == b"\x95\\"
    assert b"\x95\\" in output


def test_lc_variables_do_not_count(base: StandIn) -> None:
    environment = {"LANG": "C", "LC_ALL": "ja_JP.UTF-8"}
    assert base.run("jevstat", HOST, environment=environment).stdout.isascii()
