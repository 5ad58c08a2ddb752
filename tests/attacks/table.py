"""The table of attacks in README.md, made of the first lines of the tests' docstrings."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
README = HERE / "README.md"
_BEGIN = "<!-- the table: `python tests/attacks/table.py` writes it -->\n"


class Attack:
    """One attack: what is done, and the test that does it."""

    def __init__(self, number: int, text: str, test: str, times: int) -> None:
        self.number = number
        self.text = text
        self.test = test
        self.times = times


def chapters() -> Iterator[tuple[str, list[Attack]]]:
    """The files of tests: what each is about, and its attacks."""
    number = 0
    for path in sorted(HERE.glob("test_*.py")):
        if path.name in ("test_fuzz.py", "test_table.py"):
            continue
        module = ast.parse(path.read_text(encoding="utf-8"))
        attacks = []
        for each in module.body:
            if isinstance(each, ast.FunctionDef) and each.name.startswith("test_"):
                number += 1
                text = (ast.get_docstring(each) or "").partition("\n")[0]
                attacks.append(Attack(number, text, f"{path.stem}.{each.name}", 1))
        title = (ast.get_docstring(module) or "").partition("\n")[0]
        yield title, attacks


def table() -> str:
    lines = []
    for title, attacks in chapters():
        lines += [f"## {title.rstrip('.')}", "", "| | attack | test |", "|---|---|---|"]
        for each in attacks:
            text = each.text.replace("|", "\\|")
            lines.append(f"| {each.number} | {text} | `{each.test.partition('.')[2]}` |")
        lines.append("")
    return "\n".join(lines)


def page() -> str:
    """The page as it should be: what people wrote, and the table."""
    written = README.read_text(encoding="utf-8").partition(_BEGIN)[0]
    return f"{written}{_BEGIN}\n{table()}"


if __name__ == "__main__":
    README.write_text(page(), encoding="utf-8")
