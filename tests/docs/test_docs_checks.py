"""Every check of the conformance kit has its section, in both languages."""

from __future__ import annotations

import re

from ark_testing.checks import CHECKS
from conformance.table import whole

#: What each section says, in its order, in each language.
PARTS = {
    "en": ("Promise: ", "Asked: ", "Why: ", "What to do: "),
    "ja": ("約束: ", "確認すること: ", "理由: ", "対処: "),
}


def sections(page: str) -> dict[str, str]:
    found = re.split(r"^#{2,3} (.+)$", page, flags=re.MULTILINE)
    return dict(zip(found[1::2], found[2::2], strict=True))


def test_every_check_has_a_section_with_its_promise(documents):
    found = sections(documents.pages["checks.md"])
    assert {name for name in found if name.startswith("`")} == {f"`{each.name}`" for each in CHECKS}
    for check in CHECKS:
        text = found[f"`{check.name}`"]
        paragraphs = [line for line in text.splitlines() if line]
        promise = check.text_ja if documents.language == "ja" else check.text
        assert promise in paragraphs[0], check.name
        for part, paragraph in zip(PARTS[documents.language], paragraphs, strict=False):
            assert paragraph.startswith(part), check.name


def test_every_check_says_which_capability_it_needs(documents):
    found = sections(documents.pages["checks.md"])
    for check in CHECKS:
        promise, *_ = found[f"`{check.name}`"].strip().splitlines()
        named = set(re.findall(r"`([A-Z_]+)`", promise))
        assert named == {each.name for each in check.needs}, check.name


def test_the_table_of_wrong_plugins_is_that_of_the_proof(documents):
    page = documents.pages["checks.md"]
    assert whole(page) == page, "PYTHONPATH=tests python -m conformance.table writes it anew"
