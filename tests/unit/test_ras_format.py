"""One line of the RAS log: its fields, its length, and what it does with hostile text."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from arkcore.base.text import shown
from arkcore.ras.format import LINE_BYTES, format_line

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=3000)
LONG_TEXT = st.builds(
    lambda text, times: text * times, st.text(min_size=1, max_size=3), st.just(999)
)
MOMENTS = st.floats(0, 4e9)


def test_a_line_has_the_fields_of_the_guide_s_sample() -> None:
    at = time.mktime((2010, 8, 26, 10, 16, 19, 0, 0, -1))
    line = format_line("lkjp1_base", "LVMRH5LKB", "Remove start.", at)
    assert line == b"[2010/08/26 10:16:19] : lkjp1_base : LVMRH5LKB : Remove start.\n"


@given(ANY_TEXT | LONG_TEXT, MOMENTS)
@example("\n", 0)
@example("\r\x1b[2J\x00\x85\u2028\u2029", 0)
@example("あ" * 1000, 0)
@example("\udcff" * 1000, 0)
def test_whatever_the_message_there_is_one_line_of_at_most_1000_bytes(
    message: str, at: float
) -> None:
    line = format_line("resource", "host", message, at)
    assert len(line) <= 1000 == LINE_BYTES
    text = line.decode("utf-8", "strict")
    assert text.splitlines(keepends=True) == [text]
    assert text.endswith("\n")
    assert re.match(r"\[\d{4}/\d\d/\d\d \d\d:\d\d:\d\d\] : resource : host : ", text)


@given(ANY_TEXT)
def test_no_control_character_reaches_the_log(message: str) -> None:
    line = format_line(message[:40], message[40:80], message, 0).decode()
    controls = [each for each in line[:-1] if ord(each) < 32 or 127 <= ord(each) < 160]
    assert controls == []


@given(ANY_TEXT)
def test_showing_twice_is_showing_once(text: str) -> None:
    assert shown(shown(text)) == shown(text)


@given(st.text(st.characters(categories=("L", "N", "P", "S")), max_size=200))
def test_text_that_can_be_read_is_left_as_it_is(text: str) -> None:
    assert shown(text) == text


@pytest.mark.parametrize(
    ("hostile", "shows"),
    [
        ("a\nb", r"a\nb"),
        ("a\tb", r"a\tb"),
        ("\x1b[31m", r"\x1b[31m"),
        ("\u202eevil", r"\u202eevil"),
        ("\u2028", r"\u2028"),
    ],
)
def test_a_control_character_is_shown(hostile: str, shows: str) -> None:
    assert shown(hostile) == shows


def test_a_japanese_message_keeps_its_full_width_space() -> None:
    message = "KAVS0260-I　サービスを開始します"
    assert message in format_line("r", "h", message, 0).decode()


def test_what_is_too_long_is_cut_visibly_and_between_characters() -> None:
    line = format_line("r", "h", "語" * 1000, 0).decode()
    assert line.endswith("語…\n")
    assert 995 <= len(line.encode()) <= 1000


def test_a_line_of_exactly_the_limit_is_not_cut() -> None:
    bare = len(format_line("r", "h", "", 0))
    line = format_line("r", "h", "x" * (LINE_BYTES - bare), 0)
    assert len(line) == LINE_BYTES
    assert line.endswith(b"xx\n")
