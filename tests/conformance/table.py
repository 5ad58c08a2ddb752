"""The table of wrong plugins in docs/*/checks.md.

`PYTHONPATH=tests python -m conformance.table` writes it anew.
"""

from __future__ import annotations

import re
from pathlib import Path

from conformance.test_wrong_plugins import FAULTS

_DOCS = Path(__file__).parents[2] / "docs"
PAGES = tuple(_DOCS / language / "checks.md" for language in ("en", "ja"))
_ROWS = re.compile(r"(?:^\| `wrong-[^\n]*\n)+", re.MULTILINE)


def rows() -> str:
    lines = []
    for fault, checks in FAULTS.items():
        links = ", ".join(f"[`{name}`](#{name})" for name in checks)
        lines.append(f"| `wrong-{fault}` | {links} |\n")
    return "".join(lines)


def whole(text: str) -> str:
    """A page with the rows as they should be."""
    return _ROWS.sub(lambda _: rows(), text, count=1)


if __name__ == "__main__":
    for path in PAGES:
        path.write_text(whole(path.read_text("utf-8")), "utf-8")
