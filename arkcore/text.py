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


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
