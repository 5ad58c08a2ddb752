"""The help of every command for a Japanese reader: the texts of :mod:`japanese` put in place.

Examples stay as they stand in the English text. A command without a text here keeps its English one
(those of other distributions speak for themselves).
"""

from __future__ import annotations

import copy
import re

import click

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeVar

    Of = TypeVar("Of", bound=click.Command)

_EXAMPLES = "Examples:"


def in_japanese(command: Of, path: str = "") -> Of:
    """`command`, and all beneath it, with Japanese help. `path`: its name, "lifekeeper plan"."""
    import inspect

    from arkcore.cli.command import Context
    from arkcore.cli.help.japanese import COMMANDS, TEXTS, TITLES

    spoken = copy.copy(command)
    spoken.context_class = Context
    if path in COMMANDS:
        _, found, examples = inspect.cleandoc(command.help or "").partition(_EXAMPLES)
        text = prose_of(path)
        spoken.help = f"{text}\n\n{TITLES[_EXAMPLES]}{examples}" if found else text
    spoken.params = []
    for param in command.params:
        told = copy.copy(param)
        if told.help is not None:
            told.help = TEXTS.get(told.help, told.help)
        spoken.params.append(told)
    if isinstance(command, click.Group) and isinstance(spoken, click.Group):
        spoken.commands = {
            name: in_japanese(beneath, f"{path} {name}".strip())
            for name, beneath in command.commands.items()
        }
    return spoken


def prose_of(path: str) -> str:
    """What the command of this name does, in Japanese; "" where there is no text."""
    from arkcore.cli.help.japanese import COMMANDS

    return "\n\n".join(map(_joined, COMMANDS.get(path, "").strip().split("\n\n")))


def _joined(paragraph: str) -> str:
    """A paragraph as one line: a blank stands beside a word of Latin letters, as within a line."""
    beside = r"(?<=[!-~])\n(?![、。「」])|(?<![、。「」])\n(?=[!-~])"
    return re.sub(beside, " ", paragraph).replace("\n", "")
