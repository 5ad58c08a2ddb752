"""Text that comes from elsewhere, made safe to show."""

from __future__ import annotations

#: Spaces that Japanese and French texts hold; Python counts them among the unprintable.
_SPACES = "\u3000\u00a0"


def shown(text: str) -> str:
    """`text` with control characters shown, never obeyed: on one line, no escape sequence."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() or character in _SPACES else _escape(character)
        for character in text
    )


def elided(text: str, longest: int) -> str:
    """`text`, or of a longer one its beginning and its end: what is allowed stands at an end."""
    if len(text) <= longest:
        return text
    end = longest // 3
    return f"{text[: longest - end - 1]}…{text[-end:]}"


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
