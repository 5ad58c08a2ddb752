"""The help: complete in both languages, wide enough for 80 columns, with examples."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from rich.cells import cell_len

from arkcore.cli import main
from arkcore.cli.command import first_paragraph
from arkcore.cli.extensions import BROUGHT, SUMMARIES
from arkcore.cli.help import in_japanese
from arkcore.cli.help.japanese import COMMANDS, TEXTS
from arkcore.cli.main import make_app


def commands(command: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every command of ours with its name; those of other distributions are theirs."""
    yield path, command
    for name, beneath in getattr(command, "commands", {}).items():
        yield from commands(beneath, f"{path} {name}".strip())


ARK: Any = make_app()
#: `ark verify` and `ark demo` are ours too: ark-testing and ark-lab bring them.
ALL = {**dict(commands(ARK)), **{name: ARK.get_command(None, name) for name in BROUGHT}}


def test_every_command_has_its_japanese_help_and_none_is_of_no_command() -> None:
    assert set(COMMANDS) == set(ALL)


def test_every_option_has_its_japanese_text_and_none_is_of_no_option() -> None:
    texts = {param.help for command in ALL.values() for param in command.params}
    assert set(TEXTS) == texts - {None}


def test_what_the_list_says_of_a_command_is_what_its_help_begins_with() -> None:
    told = {**{name: each.summary for name, each in main.COMMANDS.items()}, **SUMMARIES}
    ours = {name: ARK.get_command(None, name) for name in told}
    assert told == {name: first_paragraph(each.help) for name, each in ours.items()}
    assert not any(each.hidden or each.short_help for each in ours.values())


def test_the_list_of_commands_imports_none_of_them() -> None:
    program = (
        "import sys; sys.argv = ['ark', '--help']; from arkcore.cli.main import main; main();"
        "print([each for each in sys.modules if each.startswith(('rich', 'msgspec', 'arkcore.cli.'"
        ", 'ark_testing', 'ark_lab'))], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    needed = "command console extensions help help.formatter language main output"
    assert {*ast.literal_eval(done.stderr)} == {f"arkcore.cli.{name}" for name in needed.split()}


@pytest.mark.parametrize("path", [path for path in ALL if not hasattr(ALL[path], "commands")])
def test_every_command_shows_an_example(path: str) -> None:
    _, found, examples = (ALL[path].help or "").partition("Examples:")
    assert found
    assert f"ark {path}" in examples


@pytest.fixture
def japanese(monkeypatch: pytest.MonkeyPatch) -> str:
    """The help of every command, as a Japanese reader is shown it in 80 columns."""
    monkeypatch.setenv("LC_ALL", "ja_JP.UTF-8")
    shown = []
    for path, command in ALL.items():
        spoken = in_japanese(command, path)
        context = spoken.context_class(spoken, info_name=f"ark {path}", terminal_width=80)
        shown.append(spoken.get_help(context))
    return "\n".join(shown)


def test_no_part_of_a_japanese_help_is_left_in_english(japanese: str) -> None:
    told = re.findall(r"^ *(?:--?[\w-]+.*?|\S+)  +([A-Z][a-z]+ [a-z]+ .*)", japanese, re.MULTILINE)
    assert told == []
    for english in ("Usage:", "Show this message", "[default", "[required]", "Options:"):
        assert english not in japanese


def test_lines_of_a_japanese_text_are_joined_with_the_blanks_of_a_line(japanese: str) -> None:
    words = re.findall(
        r".?[ぁ-んァ-ー一-龠]{2}[A-Za-z]{3,}.?|.?[A-Za-z]{3,}[ぁ-んァ-ー一-龠].?", japanese
    )
    assert words == []


def test_no_word_of_katakana_is_split(japanese: str) -> None:
    split = re.findall(r"[ァ-ー]\n *[ァ-ー]", japanese)
    assert split == []


@pytest.mark.parametrize("language", ["C.UTF-8", "ja_JP.UTF-8"])
@pytest.mark.parametrize("path", ["", "status", "lifekeeper", "lifekeeper register", "timers"])
def test_help_speaks_the_reader_s_language(ark, path: str, language: str) -> None:
    result = ark(*path.split(), "--help", LC_ALL=language, COLUMNS="80")
    assert (result.returncode, result.stderr) == (0, "")
    assert max(map(cell_len, result.stdout.splitlines())) <= 80
    assert "…" not in result.stdout  # nothing is cut short
    first = re.search(r"[ぁ-ん].*", COMMANDS[path])
    assert first
    assert (first[0][:8] in result.stdout) == (language == "ja_JP.UTF-8")
    assert ("オプション" in result.stdout) == (language == "ja_JP.UTF-8")
    if path == "lifekeeper register":
        assert "--ip ip-192.0.2.10 --filesystem /shared/jp1" in result.stdout
