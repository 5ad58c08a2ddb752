"""The disk's own record: two who write at once are seen, and so is a record that proves nothing."""

from __future__ import annotations

import pytest
from rigs.cluster import never_two


def record(*lines: tuple[str, int, str], name: str = "lh1-web") -> str:
    """Lines of writers, each told as its node and pid ("n1 7"), its number and what it did."""
    text = ""
    for moment, (writer, number, event) in enumerate(lines):
        node, pid = writer.split()
        text += f"{moment}.5\t{node}\tboot-of-{node}\t{pid}\t{name}\t{number}\t{event}\n"
    return text


def test_writers_that_follow_each_other_are_well() -> None:
    told = record(
        ("n1 7", 0, "begin"),
        ("n1 7", 1, "write"),
        ("n1 7", 2, "end"),
        ("n2 7", 0, "begin"),
        ("n2 7", 1, "write"),
        # Its power was cut: no end.
        ("n1 9", 0, "begin"),
    )
    assert never_two(told) == []


def test_a_last_line_that_is_not_whole_is_left_out() -> None:
    assert never_two(record(("n1 7", 0, "begin")) + "1.5\tn1\tbo") == []


@pytest.mark.parametrize(
    ("told", "texts"),
    [
        # Two whose lines are mixed.
        (
            record(("n1 7", 0, "begin"), ("n2 7", 0, "begin"), ("n1 7", 1, "write")),
            ["lh1-web on n1 wrote again after another had begun: 2.500"],
        ),
        (
            record(("n1 7", 0, "begin"), ("n1 8", 0, "begin"), ("n1 7", 1, "end")),
            ["lh1-web on n1 wrote again after another had begun: 2.500"],
        ),
        # One that found the lock taken.
        (
            record(("n1 7", 0, "begin"), ("n2 7", 0, "DOUBLE")),
            ["lh1-web on n2 began while the lock was held, at 1.500"],
        ),
    ],
)
def test_two_at_once_are_told_as_such(told: str, texts: list[str]) -> None:
    found = never_two(told)
    assert [problem.text for problem in found] == texts
    assert all(problem.double for problem in found)


@pytest.mark.parametrize(
    ("told", "text"),
    [
        (
            record(("n1 7", 0, "begin"), ("n1 7", 2, "write")),
            "lh1-web on n1: line 1 is missing before 2",
        ),
        (
            record(("n1 7", 0, "begin"), ("n2 7", 1, "write")),
            "lh1-web on n2: line 0 is missing before 1",
        ),
        (record(("n1 7", 1, "write")), "lh1-web on n1: line 0 is missing before 1"),
        ("", "the record is empty, and proves nothing"),
        ("1.5\tn1\tbo", "the record is empty, and proves nothing"),
    ],
)
def test_a_record_that_lacks_lines_proves_nothing(told: str, text: str) -> None:
    [found] = never_two(told)
    assert found.text == text
    assert not found.double
