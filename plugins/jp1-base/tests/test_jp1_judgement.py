"""Every combination of two answers and of what the process table shows."""

from __future__ import annotations

import pytest
from ark_jp1_base.judgement import Answer, judge

from arkcore import Status

ANSWERS = (
    Answer.RUNNING,
    Answer.STARTING,
    Answer.STOPPING,
    Answer.PARTIAL,
    Answer.STOPPED,
    Answer.UNKNOWN,
    Answer.ERROR,
    Answer.MISSING,
)
STATUS = {
    "R": Status.RUNNING,
    "s": Status.STARTING,
    "t": Status.STOPPING,
    "P": Status.PARTIAL,
    "-": Status.STOPPED,
    "?": Status.UNKNOWN,
}
#: A row for each answer about the process manager, a column for each of the second command, both
#: in the order of ANSWERS.
MANAGER_LIVES = """
R s t P P ? ? ?
s s ? P s ? ? ?
t ? t P t ? ? ?
P P P P P P P P
P s t P ? ? ? ?
? ? ? P ? ? ? ?
? ? ? P ? ? ? ?
? ? ? P ? ? ? ?
"""
OTHERS_LIVE = """
R s t P P ? ? ?
s s ? P s ? ? ?
t ? t P t ? ? ?
P P P P P P P P
P P P P P P P P
? ? ? P ? ? ? ?
P P P P P P P P
? ? ? P ? ? ? ?
"""
NOTHING_LIVES = """
R ? ? ? ? ? ? ?
? ? ? ? ? ? ? ?
? ? ? ? ? ? ? ?
? ? ? ? ? ? ? ?
? ? ? ? - - - -
? ? ? ? - ? - -
? ? ? ? - - - -
? ? ? ? - - - -
"""


def _cells(table: str, alive: bool, manager: bool) -> list[object]:
    return [
        pytest.param(first, second, alive, manager, STATUS[cell], id=f"{first.name}-{second.name}")
        for first, row in zip(ANSWERS, table.split("\n")[1:-1], strict=True)
        for second, cell in zip(ANSWERS, row.split(), strict=True)
    ]


@pytest.mark.parametrize(
    ("first", "second", "alive", "manager", "expected"),
    [
        *_cells(MANAGER_LIVES, alive=True, manager=True),
        *_cells(OTHERS_LIVE, alive=True, manager=False),
        *_cells(NOTHING_LIVES, alive=False, manager=False),
    ],
)
def test_two_answers(
    first: Answer, second: Answer, alive: bool, manager: bool, expected: Status
) -> None:
    assert judge([first, second], alive=alive, manager=manager) is expected


@pytest.mark.parametrize(
    ("table", "alive", "manager"),
    [("R s t P ? ? ? ?", True, True), ("R s t P P ? P ?", True, False), ("R ? ? ? - ? - -", 0, 0)],
)
def test_one_answer(table: str, alive: bool, manager: bool) -> None:
    expected = [STATUS[cell] for cell in table.split()]
    seen = [judge([answer], alive=bool(alive), manager=bool(manager)) for answer in ANSWERS]
    assert seen == expected
