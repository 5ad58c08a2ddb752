"""Where all that `ark` prints goes through: a text's control characters are shown, never obeyed.

A status command's last line, a process's name, a peer's file: anybody may have written what is
told. Nothing else of the command line writes to stdout or stderr; a test holds it to that.
"""

from __future__ import annotations

import sys

from arkcore.base.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO


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
