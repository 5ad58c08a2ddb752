"""A word on stderr, where the caller may have closed it, filled it, or left nobody to read it."""

from __future__ import annotations

import sys


def complain(text: str) -> None:
    """Print `text` on stderr; never raises: a word that cannot be said must not stop an action."""
    if sys.stderr is None:  # closed when this process began
        return
    try:
        print(f"ark: {text}", file=sys.stderr, flush=True)
    except (OSError, ValueError):
        pass
