"""Where all that `ark` prints goes through: a text's control characters are shown, never obeyed.

A status command's last line, a process's name, a peer's file: anybody may have written what is
told. Nothing else of the command line writes to stdout or stderr; a test holds it to that.
"""

from __future__ import annotations

import sys

from rich import text as rich_text
from rich.console import Console
from rich.segment import Segment

from arkcore.base.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, TextIO

    from rich.console import ConsoleOptions, RenderableType


class Text(rich_text.Text):
    """A styled text that is measured as it is going to be shown."""

    def __init__(self, text: str = "", style: str = "", **layout: Any) -> None:
        super().__init__(safe(text), style, **layout)

    def append(self, text: Any, style: Any = None) -> Text:
        super().append(safe(text) if isinstance(text, str) else text, style)
        return self


class SafeConsole(Console):
    """A console whose own styles and movements reach the terminal, and those of a text do not."""

    def render_str(self, text: str, **layout: Any) -> rich_text.Text:
        # Of a plain text, such as a table's cell: measured as it is going to be shown.
        return super().render_str(safe(text), **layout)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            if segment.control or segment.text.isprintable():
                yield segment
            else:
                yield Segment(safe(segment.text), segment.style)

    def put_rendered(self, text: str) -> None:
        """Write what this console itself has rendered, and a newline."""
        self.file.write(f"{text}\n")


def safe(text: str) -> str:
    """`text` with every control character but the newline shown."""
    return "\n".join(map(shown, text.split("\n")))


def put(text: str = "", *, to: TextIO | None = None, flush: bool = False) -> None:
    """Print `text` and a newline, on stdout by default."""
    stream = sys.stdout if to is None else to
    stream.write(f"{safe(text)}\n")
    if flush:
        stream.flush()


def put_bytes(data: bytes) -> None:
    """Print UTF-8 text as it is encoded, whatever the locale, and without a newline more."""
    sys.stdout.flush()
    sys.stdout.buffer.write(safe(data.decode("utf-8", "backslashreplace")).encode())
    sys.stdout.buffer.flush()


def put_archive(data: bytes) -> None:
    """Print a packed file as it is: it is no text, and a terminal is never given it."""
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
