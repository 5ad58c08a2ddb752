"""The kinds of daemons that `ark new` knows, and how a command line of each is written down."""

from __future__ import annotations

import shlex
from string import Formatter

from arkcore.base.errors import ConfigurationError

#: Columns of one argument in the source: lines there are bounded.
_LONGEST = 55
#: What stands between quotes in Python only with care.
_AWKWARD = '"\\$'


class Kind:
    """One kind: its template, and what a plugin of it makes of its arguments.

    `arguments`: the default. `places`: the expression for each place in them; those in `needed`
    must occur. `takes`: the further options of `ark new` that go with it. `setting`: a line of its
    resource file; "" where that follows from those options.
    """

    def __init__(
        self,
        name: str,
        arguments: str,
        places: dict[str, str],
        needed: tuple[str, ...],
        *,
        takes: tuple[str, ...],
        setting: str,
    ) -> None:
        self.name = name
        self.arguments = arguments
        self.places = places
        self.needed = needed
        self.takes = takes
        self.setting = setting


_HOST = "ctx.logical_host"

#: The kind that systemd starts: its plugin is given a unit, and no arguments.
SYSTEMD = "systemd"

KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "socket",
            "--address {address} --port {port}",
            {"address": "options.address", "port": "options.port", "host": _HOST},
            ("port",),
            takes=("arguments", "user", "send", "expect"),
            setting="port = 8080",
        ),
        Kind(
            "pidfile",
            "--pid-file {pid_file}",
            {"pid_file": "self.pid_file(ctx)", "host": _HOST},
            ("pid_file",),
            takes=("arguments", "user"),
            setting='directory = "/run"',
        ),
        Kind(
            "command",
            "{word} {host}",
            {"word": "word", "host": _HOST},
            ("word", "host"),
            takes=("arguments",),
            setting="status_limit = 5",
        ),
        Kind(SYSTEMD, "", {}, (), takes=("unit",), setting=""),
    )
}


def written(kind: Kind, arguments: str, indent: int) -> tuple[list[str], str]:
    """The arguments as lines of Python, and that with the place `word` ("" where none has).

    `ConfigurationError` where they cannot be split, or hold what is no place of this kind.
    """
    try:
        words = shlex.split(arguments)
        parts = [list(Formatter().parse(word)) for word in words]
    except ValueError as error:
        raise _refused(arguments, f"{error}; a brace of its own is {{{{ or }}}}") from None
    used, lines, with_word = set(), [], ""
    for word, pieces in zip(words, parts, strict=True):
        fields = [field for _, field, _, _ in pieces if field is not None]
        strange = [each for each in fields if each not in kind.places]
        if strange or any(spec or conversion for _, _, spec, conversion in pieces):
            allowed = ", ".join(f"{{{each}}}" for each in kind.places)
            raise _refused(arguments, f"{word!r}: allowed places are {allowed}")
        text = _expression(kind, pieces)
        literal = "".join(each for each, _, _, _ in pieces)
        if any(each in literal for each in _AWKWARD) or not word.isprintable():
            raise _refused(arguments, f'{word!r}: allowed is no " \\ $ and no control character')
        if len(word) > _LONGEST or len(text) > _LONGEST:
            raise _refused(arguments, f"{word!r}: longer than {_LONGEST}; put it into a file")
        used.update(fields)
        lines.append(f"{' ' * indent}{text},")
        if "word" in fields:
            with_word = text
    missing = [each for each in kind.needed if each not in used]
    if missing:
        raise _refused(arguments, f"{{{missing[0]}}} must be in it for --kind {kind.name}")
    return lines, with_word


def _refused(arguments: str, why: str) -> ConfigurationError:
    return ConfigurationError(f"--arguments {arguments!r}: {why}")


def _expression(kind: Kind, pieces: list[tuple[str, str | None, str | None, str | None]]) -> str:
    """One argument as Python: a text, the option itself, or a text with options in it."""
    named = [field for _, field, _, _ in pieces if field is not None]
    if not named:
        return f'"{"".join(literal for literal, _, _, _ in pieces)}"'
    if len(pieces) == 1 and not pieces[0][0]:
        expression = kind.places[named[0]]
        return f"str({expression})" if named[0] == "port" else expression
    text = ""
    for literal, field, _, _ in pieces:
        text += literal.replace("{", "{{").replace("}", "}}")
        if field is not None:
            text += f"{{{kind.places[field]}}}"
    return f'f"{text}"'
