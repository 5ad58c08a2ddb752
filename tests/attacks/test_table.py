"""The table of attacks names every test, and each test says what is done."""

from __future__ import annotations

from attacks import table


def test_the_table_is_that_of_the_tests() -> None:
    current = table.README.read_text(encoding="utf-8")
    assert current == table.page(), "run: python tests/attacks/table.py"


def test_each_attack_says_what_is_done() -> None:
    attacks = [each for _, some in table.chapters() for each in some]
    assert [each.test for each in attacks if not each.text.endswith(".")] == []
