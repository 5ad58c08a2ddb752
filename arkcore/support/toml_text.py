"""Masks the secrets of a TOML file and leaves its layout and comments as they are.

Each text of the file is replaced by a mark of its own, and the file is read: where a mark comes out
tells which key the text belongs to, however it was written. A file that cannot be read that way
shows the values of a few keys only.
"""

from __future__ import annotations

import re
import tomllib

from arkcore.support.masking import MASK, Masker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    #: Whether what stands at this key, as its parts, is a secret.
    IsSecret = Callable[[tuple[str, ...]], bool]

#: A comment, or a text in one of TOML's four ways of quoting.
_PIECE = re.compile(
    r'''#[^\n]*|"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?'{3,5}|"(?:[^"\\\n]|\\.)*"|'[^'\n]*\'''',
    re.DOTALL,
)
_MARK = "ark-text-{}-"
#: Keys whose values are shown of a file that cannot be read.
_PLAIN_KEYS = ("plugin", "logical_host", "requires", "mount_points", "mode")
_ASSIGNMENT = re.compile(r"(\s*([\w.-]+)\s*=\s*)(\S.*)")
_HARMLESS = re.compile(r"(?:true|false|[+-]?[\d_.]{1,8})\s*(?:#.*)?")


def masked_toml(text: str, is_secret: IsSecret, masker: Masker) -> str:
    """The TOML `text` with its secrets masked."""
    try:
        values = tomllib.loads(text)
        places = _places(text)
    except (ValueError, RecursionError):
        return _masked_lines(text, masker)
    if _has_secret_number(values, (), is_secret):
        return _masked_lines(text, masker)
    made, end = [], 0
    before = ""
    place_before: tuple[str, ...] = ()
    for number, piece in enumerate(_PIECE.finditer(text)):
        made.append(text[end : piece.start()])
        end = piece.end()
        if piece[0].startswith("#"):
            made.append(masker.text(piece[0]))
            continue
        place = places[number]
        # The word after "--password", in a list.
        is_argument = place == place_before and masker.takes_secret(before)
        quotes, inner = _unquoted(piece[0])
        before, place_before = inner, place
        if is_argument or is_secret(place):
            masker.count += 1
            made.append(f'"{MASK}"')
        else:
            made.append(f"{quotes}{masker.text(inner)}{quotes}")
    made.append(text[end:])
    return masker.without_known("".join(made))


def _unquoted(piece: str) -> tuple[str, str]:
    """The quotes of a text, and what stands between them as it is written."""
    quotes = piece[:3] if piece[:3] in ('"""', "'''") and len(piece) > 5 else piece[:1]
    return quotes, piece[len(quotes) : -len(quotes)]


def secrets_in(values: Any, is_secret: IsSecret, at: tuple[str, ...] = ()) -> Iterator[str]:
    """The texts at secret keys of what a file holds."""
    if isinstance(values, dict):
        for key, each in values.items():
            yield from secrets_in(each, is_secret, (*at, key))
    elif isinstance(values, list):
        for before, each in zip(["", *values], values, strict=False):
            if isinstance(before, str) and isinstance(each, str) and Masker.takes_secret(before):
                yield each
            yield from secrets_in(each, is_secret, at)
    elif isinstance(values, str) and is_secret(at):
        yield values


def _places(text: str) -> dict[int, tuple[str, ...]]:
    """The key of each piece of `text` that is no comment, by its number. `ValueError`."""
    words: dict[str, str] = {}
    numbers: dict[str, int] = {}
    made, end = [], 0
    for number, piece in enumerate(_PIECE.finditer(text)):
        if piece[0].startswith("#"):
            continue
        mark = _MARK.format(number)
        if mark in text:
            raise ValueError(mark)
        numbers[mark] = number
        words[mark] = next(iter(tomllib.loads(f"x = {piece[0]}").values()))
        made.append(f'{text[end : piece.start()]}"{mark}"')
        end = piece.end()
    made.append(text[end:])
    found: dict[int, tuple[str, ...]] = {number: () for number in numbers.values()}

    def walk(value: Any, at: tuple[str, ...]) -> None:
        if isinstance(value, dict):
            for key, each in value.items():
                # A quoted key is a text too, and no value.
                walk(each, (*at, words.get(str(key), str(key))))
        elif isinstance(value, list):
            for each in value:
                walk(each, at)
        elif isinstance(value, str):
            found[numbers[value]] = at

    walk(tomllib.loads("".join(made)), ())
    return found


def _has_secret_number(value: Any, at: tuple[str, ...], is_secret: IsSecret) -> bool:
    """Whether at a secret key something stands that is no text: a mistake, and a secret too."""
    if isinstance(value, dict):
        return any(_has_secret_number(each, (*at, key), is_secret) for key, each in value.items())
    if isinstance(value, list):
        return any(_has_secret_number(each, at, is_secret) for each in value)
    return not isinstance(value, str | bool) and is_secret(at)


def _masked_lines(text: str, masker: Masker) -> str:
    """Of each line its key, and the value of a few keys, and of numbers."""
    made, in_text = [], ""
    for line in text.split("\n"):
        # What a text of many lines holds; where it ends, nothing is certain.
        opened = in_text
        for quotes in ('"""', "'''"):
            if line.count(quotes) % 2 and in_text in ("", quotes):
                in_text = "" if in_text else quotes
        assigned = _ASSIGNMENT.fullmatch(line)
        if opened:
            made.append(MASK)
        elif assigned is None:
            plain = not line.strip() or re.fullmatch(r"\s*(?:#.*|\[[\w.-]+\]\s*)", line)
            made.append(masker.text(line) if plain else MASK)
        elif assigned[2] in _PLAIN_KEYS or _HARMLESS.fullmatch(assigned[3]):
            made.append(masker.text(line))
        else:
            made.append(f"{assigned[1]}{MASK}")
            masker.count += 1
    return masker.text("\n".join(made))
