"""Text that comes from elsewhere, made safe to show."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

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


def json_shown(text: str) -> str:
    """JSON `text` that means the same and holds printable characters only, newlines apart."""
    if text.isprintable():
        return text
    return "".join(
        character
        if character == "\n" or character.isprintable() or character in _SPACES
        else _json_escape(character)
        for character in text
    )


def markdown(text: str) -> str:
    """`text` as words within one line of Markdown: no markup, link, HTML or table cell of its own.

    Code spans stay what they are: nothing within them is obeyed.
    """
    line = shown(text.replace("\n", " "))
    for character in "\\|[]":
        line = line.replace(character, f"\\{character}")
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def masked(text: str, hidden: Iterable[str]) -> str:
    """`text` with each of the hidden texts shown as `***`."""
    for each in hidden:
        if each in text:
            text = text.replace(each, "***")
    return text


def elided(text: str, longest: int) -> str:
    """`text`, or of a longer one its beginning and its end: what is allowed stands at an end."""
    if len(text) <= longest:
        return text
    end = longest // 3
    return f"{text[: longest - end - 1]}…{text[-end:]}"


def listed(found: Sequence[object], most: int = 8) -> str:
    """Processes by pid, name and state; the first `most` of them, and how many more there are."""
    shown = ", ".join(f"pid {each}" for each in found[:most])
    return shown if len(found) <= most else f"{shown} and {len(found) - most} more"


def _json_escape(character: str) -> str:
    """As JSON has it: UTF-16, so that a character beyond U+FFFF takes two."""
    data = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{data[at : at + 2].hex()}" for at in range(0, len(data), 2))


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
