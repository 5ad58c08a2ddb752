"""How a command of `ark` is declared: click's own decorators, and what click does not have."""

from __future__ import annotations

import math
from enum import Enum
from typing import Any, TypeVar

import click

from arkcore.cli.help.formatter import Formatter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_OPTIONS = "Options"
Words = TypeVar("Words", bound=Enum)


class Context(click.Context):
    formatter_class = Formatter


class Command(click.Command):
    """A command whose options stand in parts, and whose help is measured in cells."""

    context_class = Context

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        parts: dict[str, list[tuple[str, str]]] = {_OPTIONS: []}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None and not isinstance(param, click.Argument):
                parts.setdefault(getattr(param, "part", _OPTIONS), []).append(record)
        for title, records in parts.items():
            with formatter.section(title):
                formatter.write_dl(records)


class Group(click.Group):
    """A group that lists its commands in its own order, each by its first paragraph, uncut."""

    context_class = Context
    command_class = Command

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        told = [(name, self.summary_of(ctx, name)) for name in self.list_commands(ctx)]
        rows = [(name, summary) for name, summary in told if summary is not None]
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)

    def summary_of(self, ctx: click.Context, name: str) -> str | None:
        """What a list of commands says of one; None where it is left out."""
        command = self.get_command(ctx, name)
        if command is None or command.hidden:
            return None
        return command.short_help or first_paragraph(command.help or "")


class OptionOfPart(click.Option):
    """An option under a title of its own."""

    def __init__(self, names: Sequence[str], *, part: str, **given: Any) -> None:
        super().__init__(names, **given)
        self.part = part


class OneOf(click.Choice[Words]):
    """One of an enum's values, as it is typed."""

    def normalize_choice(self, choice: object, ctx: click.Context | None) -> str:
        return str(choice.value if isinstance(choice, Enum) else choice)

    def get_missing_message(self, param: click.Parameter, ctx: click.Context | None) -> str:
        return f"Choose from: {', '.join(str(each.value) for each in self.choices)}."


class Seconds(click.FloatRange):
    """Seconds within limits; "nan", which is within any, is refused."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        seconds: float = super().convert(value, param, ctx)
        if math.isnan(seconds):
            self.fail(f"{value!r} is not a number of seconds.", param, ctx)
        return seconds


def first_paragraph(text: str) -> str:
    """The first paragraph of a help, on one line."""
    return " ".join(text.strip().partition("\n\n")[0].split())
