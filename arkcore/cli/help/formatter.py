"""The help in lines: a text keeps those it is written in, and a wide character takes two cells."""

from __future__ import annotations

import re
from unicodedata import east_asian_width

import click

from arkcore.cli.language import is_japanese

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

#: What is not torn apart: a word of Latin letters or of katakana; else each character. With what
#: must not end a line before it, and what must not begin one after it.
_PIECE = re.compile(r"[「（]*(?:[!-~]+|[ァ-ー]+|.)[、。)」）]*")
#: click's titles that differ from ours.
_OURS = {"Positional arguments": "Arguments"}
#: The least cells that are left for what an option does.
_LEAST = 20


class Formatter(click.HelpFormatter):
    """click's, but for what it measures and how it breaks lines."""

    def write_heading(self, heading: str) -> None:
        title = _OURS.get(heading, heading)
        if is_japanese():
            from arkcore.cli.help.japanese import TITLES

            title = TITLES.get(title, title)
        super().write_heading(title)

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, args, _of_click("Usage: ") if prefix is None else prefix)

    def write_text(self, text: str) -> None:
        for line in text.splitlines():
            self._write_line(line)

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = 26, col_spacing: int = 2
    ) -> None:
        rows = list(rows)
        widest = max((cells(term) for term, _ in rows), default=0)
        column = min(widest, col_max) + col_spacing
        width = max(self.width - self.current_indent - column, _LEAST)
        for term, told in rows:
            first, *rest = wrapped(_of_click(told), width)
            if cells(term) + col_spacing > column:
                self._write_line(term)
            else:
                self._write_line(term + " " * (column - cells(term)) + first)
                first = ""
            for line in [first, *rest] if first else rest:
                self._write_line(" " * column + line)

    def _write_line(self, line: str) -> None:
        """A line, broken where it is too wide; what goes on stands beneath its beginning."""
        body = line.lstrip(" ")
        indent = " " * (self.current_indent + len(line) - len(body))
        for each in wrapped(body, max(self.width - len(indent), _LEAST)):
            self.write(f"{indent}{each}".rstrip() + "\n")


def _of_click(text: str) -> str:
    """`text` with click's own words in the reader's language."""
    if is_japanese():
        from arkcore.cli.help.japanese import CLICK

        for english, japanese in CLICK.items():
            text = text.replace(english, japanese)
    return text


def wrapped(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width` cells: Japanese has no blanks at which to break it."""
    lines = [""]
    for piece in _PIECE.findall(text):
        if lines[-1] and cells(lines[-1] + piece.rstrip()) > width:
            lines.append("")
        lines[-1] += piece if lines[-1] else piece.lstrip()
    return [line.rstrip() for line in lines]


def cells(text: str) -> int:
    """The columns that a terminal gives to `text`."""
    return sum(2 if east_asian_width(each) in "WF" else 1 for each in text)
