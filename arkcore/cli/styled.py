"""Styled texts, and the console that shows them: :mod:`arkcore.cli.output`, with rich.

Apart from it, for loading rich takes longer than what most commands do without.
"""

from __future__ import annotations

from rich import text as rich_text
from rich.console import Console
from rich.segment import Segment

from arkcore.cli.output import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

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
