"""A command as the RAS log shows it: what a person could paste into a shell."""

from __future__ import annotations

import shlex

from hypothesis import example, given
from hypothesis import strategies as st

from arkcore.machine.spawn import command_line

WORDS = st.text(st.characters(codec="utf-8"), max_size=6) | st.from_regex(r"\A[\w@%+=:,./-]*\Z")


@given(st.lists(WORDS, min_size=1, max_size=4))
@example([""])
@example(["/bin/true", "a b"])
@example(["/bin/true", "日本"])
def test_it_is_shown_as_a_shell_would_read_it(argv: list[str]) -> None:
    assert command_line(argv) == shlex.join(argv)
