"""Makes one line of the RAS log. The format is the vendor guide's (chapter 5)."""

from __future__ import annotations

import time

from arkcore.base.text import shown

#: The most bytes of one line, its newline included.
LINE_BYTES = 1000

_CUT = "…"


def format_line(resource: str, logical_host: str, message: str, at: float) -> bytes:
    """One RAS line, newline included, at most LINE_BYTES long. `at`: seconds since the epoch."""
    stamp = time.strftime("%Y/%m/%d %H:%M:%S", time.localtime(at))
    text = f"[{stamp}] : {shown(resource)} : {shown(logical_host)} : {shown(message)}"
    line = text.encode("utf-8", "backslashreplace")
    if len(line) >= LINE_BYTES:
        room = LINE_BYTES - 1 - len(_CUT.encode())
        # A character cut in two is left out.
        line = line[:room].decode("utf-8", "ignore").encode() + _CUT.encode()
    return line + b"\n"
