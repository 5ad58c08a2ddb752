"""The glossary: one word for one thing, and the thing is where it says."""

from __future__ import annotations

import importlib
import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def rows(language: str) -> list[list[str]]:
    text = (ROOT / f"docs/{language}/glossary.md").read_text(encoding="utf-8")
    found = [line.strip("| \n").split(" | ") for line in text.splitlines() if line[:1] == "|"]
    return [row for row in found if row[0] not in ("word", "用語") and row[0].strip("-|")]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_no_word_stands_for_two_things(language: str) -> None:
    for column in (0, 1, 2):
        assert max(Counter(row[column] for row in rows(language)).values()) == 1


def test_both_languages_translate_each_other() -> None:
    assert [(row[1], row[0], row[3]) for row in rows("ja")] == [
        (row[0], row[1], row[3]) for row in rows("en")
    ]


def test_what_it_names_in_the_code_is_there() -> None:
    named = [row[3].strip("`") for row in rows("en") if row[3] != "–"]
    assert len(named) > 40
    for name in named:
        module, _, attribute = name.rpartition(".")
        if re.match(r"[A-Z]", attribute):
            assert hasattr(importlib.import_module(module), attribute), name
        else:
            importlib.import_module(name)


def test_the_words_of_the_first_page_are_in_it() -> None:
    first = (ROOT / "docs/en/index.md").read_text(encoding="utf-8").partition("## Words")[2]
    words = re.findall(r"^\| ([a-z ,]+) \|", first, re.MULTILINE)
    known = {row[0] for row in rows("en")}
    for each in words[1:]:
        assert set(each.split(", ")) <= known, each
