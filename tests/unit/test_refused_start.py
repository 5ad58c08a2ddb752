"""Which return codes of a start count as its refusal."""

from __future__ import annotations

import pytest

from arkcore.actions.awaiting import start_was_refused
from arkcore.machine.command import CommandResult


@pytest.mark.parametrize(
    ("decides", "codes", "refused"),
    [
        (True, [1], True),
        (True, [-9], True),
        (True, [0, 1], True),
        (True, [1, 0], False),
        (True, [None], False),
        (True, [], False),
        (False, [1], False),
    ],
)
def test_the_last_return_code_refuses_where_the_plugin_lets_it(
    decides: bool, codes: list[int | None], refused: bool
) -> None:
    results = [CommandResult(["/bin/start"], returncode=code) for code in codes]
    assert start_was_refused(decides, results) is refused
