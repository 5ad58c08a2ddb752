"""The help of every command for a Japanese reader: the texts of :mod:`japanese` put in place.

Examples stay as they stand in the English text. A command without a text here keeps its English one
(those of other distributions speak for themselves).
"""

from __future__ import annotations

import re

from rich.cells import cell_len

from arkcore.cli.help.japanese import COMMANDS, TEXTS, TITLES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_EXAMPLES = "Examples:"
#: Cells of a line of prose, on a terminal of 80 columns.
_WIDTH = 76
#: What is not torn apart: a word of Latin letters; else each character with what must not begin a
#: line after it.
_PIECE = re.compile(r"[!-~]+[、。)]*|.[、。)]*")


def in_japanese(command: Any, path: str = "") -> None:
    """Give `command`, and all beneath it, its Japanese help. `path`: its name, "lifekeeper plan".

    `Any`: the library's own command types have moved from one module to another over time.
    """
    if not path:
        _name_panels()
    prose = COMMANDS.get(path)
    if prose is not None:
        whole: str = command.help or ""
        _, found, examples = whole.partition(_EXAMPLES)
        text = "\n\n".join(map(_wrapped, prose.strip().split("\n\n")))
        command.help = f"{text}\n\n{TITLES[_EXAMPLES]}{examples}" if found else text
    for param in command.params:
        english = getattr(param, "help", None)
        if english in TEXTS:
            param.help = TEXTS[english]
            panel = getattr(param, "rich_help_panel", None)
            if panel in TITLES:
                param.rich_help_panel = TITLES[panel]
    for name, beneath in getattr(command, "commands", {}).items():
        in_japanese(beneath, f"{path} {name}".strip())


def _wrapped(paragraph: str) -> str:
    """A paragraph in lines: Japanese has no blanks at which the library could break it."""
    joined = re.sub(r"(?<=[!-~])\n(?=[!-~])", " ", paragraph).replace("\n", "")
    lines = [""]
    for piece in _PIECE.findall(joined):
        if cell_len(lines[-1] + piece) > _WIDTH:
            lines.append("")
        lines[-1] += piece if lines[-1] else piece.lstrip()
    return "\n".join(line.rstrip() for line in lines)


def _name_panels() -> None:
    from typer import rich_utils

    for name in ("ARGUMENTS_PANEL_TITLE", "OPTIONS_PANEL_TITLE", "COMMANDS_PANEL_TITLE"):
        title = getattr(rich_utils, name, None)
        if title in TITLES:
            setattr(rich_utils, name, TITLES[title])
    # Without blanks a text would be one long word, which the library cuts short. The name is not a
    # public one: where it is missing, long texts end in an ellipsis, no more.
    make = getattr(rich_utils, "_make_rich_text", None)
    if make is None:
        return

    def folding(**given: Any) -> Any:
        made = make(**given)
        if hasattr(made, "overflow"):
            made.overflow = "fold"
        return made

    setattr(rich_utils, "_make_rich_text", folding)  # noqa: B010 (not a name to import)
