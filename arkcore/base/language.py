"""The language of what a person reads: Japanese under a Japanese locale, English otherwise.

Error messages and RAS lines are English everywhere, so that they can be searched for.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def is_japanese(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether the locale for messages is a Japanese one; the first variable that is set counts."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = environment.get(name, "")
        if value:
            return value.lower().startswith("ja")
    return False


def say(english: str, japanese: str) -> str:
    """Whichever of the two the reader understands."""
    return japanese if is_japanese() else english
