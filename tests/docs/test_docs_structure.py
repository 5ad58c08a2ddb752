"""Both languages say the same in the same places, and every link leads somewhere."""

from __future__ import annotations

import re
from collections import Counter

PAGES = {
    "api.md",
    "architecture.md",
    "ark-command.md",
    "before-installation.md",
    "benchmarks.md",
    "checks.md",
    "cluster.md",
    "dependencies.md",
    "exit-codes.md",
    "glossary.md",
    "hooks.md",
    "index.md",
    "changes.md",
    "installation.md",
    "jp1-patch.md",
    "operation.md",
    "pacemaker.md",
    "plugin.md",
    "postgresql.md",
    "publishing.md",
    "ras-log.md",
    "recipes.md",
    "resource-file.md",
    "systemd.md",
    "threat-model.md",
    "timers.md",
    "tutorial.md",
    "unconfirmed.md",
}


def _headings(text: str) -> list[str]:
    return re.findall(r"^(#+) ", text, re.MULTILINE)


def _table_rows(text: str) -> list[int]:
    """How many cells each row of each table has."""
    rows = [line for line in text.splitlines() if line.startswith("|")]
    return [len(re.findall(r"(?<!\\)\|", row)) for row in rows]


def test_both_languages_have_the_same_pages(english, japanese):
    assert set(english.pages) == PAGES
    assert set(japanese.pages) == PAGES


def test_both_languages_have_the_same_headings(english, japanese):
    for page in PAGES:
        assert _headings(english.prose(page)) == _headings(japanese.prose(page)), page


def test_both_languages_have_the_same_tables(english, japanese):
    for page in PAGES - {"benchmarks.md"}:
        assert _table_rows(english.prose(page)) == _table_rows(japanese.prose(page)), page


_JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")


def _names_and_numbers(line: str) -> Counter[str]:
    """What stands in a line of output in either language: commands, paths, names, numbers."""
    return Counter(word.strip("(),.:;") for word in re.findall(r"[!-~]*[\d_/$][!-~]*", line))


def _uncommented(toml: str) -> list[str]:
    """The lines of a file whose comments are in the reader's language."""
    return [re.sub(r" *# .*", "", line) for line in toml.splitlines()]


def _is_the_same(kind: str, english: str, japanese: str) -> bool:
    """Output of `ark` is shown in Japanese: line by line with all names and numbers."""
    japanese = japanese.replace(".toml: OK\n", ".toml: ok\n")
    if kind == "toml" and _JAPANESE.search(japanese):
        return _uncommented(english) == _uncommented(japanese)
    if kind not in {"text", "console"} or not _JAPANESE.search(japanese):
        return english == japanese
    here, there = english.splitlines(), japanese.splitlines()
    return len(here) == len(there) and all(
        _names_and_numbers(line) <= _names_and_numbers(other)
        for line, other in zip(here, there, strict=True)
    )


def test_both_languages_have_the_same_code(english, japanese):
    for page in PAGES:
        here, there = english.code_of(page), japanese.code_of(page)
        assert [code.kind for code in here] == [code.kind for code in there], page
        for code, other in zip(here, there, strict=True):
            assert _is_the_same(code.kind, code.text, other.text), f"{page}: {other.text}"


def test_every_row_of_a_table_has_as_many_cells_as_its_heading(documents):
    for page in PAGES:
        for table in re.findall(r"(?:^\|.*\n)+", documents.prose(page), re.MULTILINE):
            assert len(set(_table_rows(table))) == 1, f"{page}: {table[:80]}"


def test_every_page_is_in_the_map(documents):
    linked = set(re.findall(r"\]\(([\w-]+\.md)\)", documents.pages["index.md"]))
    assert linked == PAGES - {"index.md"}


def _anchor(heading: str) -> str:
    """A heading's anchor, as GitHub makes it."""
    kept = re.sub(r"[^\w\- ]", "", heading.lower().replace("`", ""))
    return kept.strip().replace(" ", "-")


def test_every_link_leads_somewhere(documents):
    for page in PAGES:
        for link in re.findall(r"\]\(([^)]+)\)", documents.prose(page)):
            assert not link.startswith("http"), f"{page}: {link}"
            name, _, anchor = link.partition("#")
            target = documents.directory / (name or page)
            assert target.exists(), f"{page}: {link}"
            if anchor:
                text = documents.prose(target.name)
                headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
                assert anchor in map(_anchor, headings), f"{page}: {link}"


def test_every_block_of_code_says_what_it_is(documents):
    for page in PAGES:
        for code in documents.code_of(page):
            assert code.kind in {"toml", "console", "sh", "text", "python"}, f"{page}: {code.text}"
            if code.kind == "toml":
                assert code.title, f"{page}: its first line names no file: {code.text}"


def test_the_japanese_pages_are_japanese(japanese):
    for page in PAGES:
        assert re.search(r"[\u3040-\u30ff]", japanese.prose(page)), page
