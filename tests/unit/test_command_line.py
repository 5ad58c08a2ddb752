"""A command as the RAS log shows it: what a person could paste into a shell."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from arkcore import PluginError
from arkcore.machine.spawn import command_line, words_of

WORDS = st.text(st.characters(codec="utf-8"), max_size=6) | st.from_regex(r"\A[\w@%+=:,./-]*\Z")


@given(st.lists(WORDS, min_size=1, max_size=4))
@example([""])
@example(["/bin/true", "a b"])
@example(["/bin/true", "日本"])
def test_it_is_shown_as_a_shell_would_read_it(argv: list[str]) -> None:
    assert command_line(argv) == shlex.join(argv)


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        ("/bin/true -x", "a list of words is needed, not the text '/bin/true -x'"),
        (["/bin/true", "--port", 80], "word 3 must be text, not 80"),
        (["/bin/true", None], "word 2 must be text, not None"),
        ([], "a command must begin with an absolute path, not []"),
        (["true"], "a command must begin with an absolute path, not ['true']"),
    ],
)
def test_what_is_no_command_is_told_with_the_word_that_is_wrong(argv: Any, told: str) -> None:
    with pytest.raises(PluginError) as caught:
        words_of("ctx.run", argv)
    assert str(caught.value) == f"ctx.run: {told}"


def test_a_path_is_a_word() -> None:
    assert words_of("ctx.run", [Path("/bin/true"), "x"]) == ["/bin/true", "x"]
