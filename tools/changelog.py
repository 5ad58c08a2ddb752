#!/usr/bin/env python3
"""Hold the fragments of changelog.d to their form, and make a release's section of CHANGELOG.md.

    tools/changelog.py check             exit code 1 and a line for each fragment that is wrong
    tools/changelog.py release VERSION   move all fragments into CHANGELOG.md, under VERSION

A fragment is a file NAME.KIND.md with one entry for users; CONTRIBUTING.md tells how to write one.
ROOT, a third argument of both, is another directory than this repository.
"""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Iterator
from datetime import date
from pathlib import Path

#: Each kind of change, and the line above its entries in CHANGELOG.md, in the order of both.
KINDS = {
    "update": "**Before you update:**",
    "trust": "Trust:",
    "added": "New:",
    "fixed": "Wrong answers mended:",
}
WIDTH = 120
UNRELEASED = "(not yet released)"


def fragments(root: Path) -> list[Path]:
    return sorted(each for each in (root / "changelog.d").iterdir() if each.name != "README.md")


def problems(root: Path) -> Iterator[str]:
    for path in fragments(root):
        where = f"changelog.d/{path.name}"
        named = re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*\.([a-z]+)\.md", path.name)
        if named is None or named[2] not in KINDS:
            yield f"{where}: the name must be NAME.KIND.md; kinds: {', '.join(KINDS)}"
            continue
        text = path.read_text(encoding="utf-8")
        lines = text.splitlines()
        if not text.strip():
            yield f"{where}: it is empty"
        elif not all(line == line.strip() != "" for line in lines):
            yield f"{where}: it must be one paragraph, without indents and spaces at line ends"
        elif text[0] in "-*#":
            yield f"{where}: it must begin with its text: `make changelog` adds the `-`"
        elif not text.endswith(".\n"):
            yield f"{where}: it must end with a full stop and one line end"
        elif max(map(len, lines)) > WIDTH:
            yield f"{where}: a line is longer than {WIDTH} characters"


def entry(path: Path) -> str:
    words = path.read_text(encoding="utf-8").split()
    lines = textwrap.wrap(
        " ".join(words), WIDTH - 2, break_long_words=False, break_on_hyphens=False
    )
    return "- " + "\n  ".join(lines) + "\n"


def entries(root: Path) -> str:
    """The Markdown of all fragments, by kind."""
    groups = []
    for kind, title in KINDS.items():
        items = [entry(each) for each in fragments(root) if each.name.endswith(f".{kind}.md")]
        if items:
            groups.append(title + "\n\n" + "".join(items))
    return "\n".join(groups)


def released(changes: str, version: str, day: str, new: str) -> str:
    """CHANGELOG.md with `new` under VERSION; `ValueError` where VERSION is released already.

    A section of VERSION that is open gets `new` at its end. Else a new section gets it, on top.
    """
    head, *sections = re.split(r"^(?=## )", changes, flags=re.MULTILINE)
    if sections and sections[0].startswith(f"## {version} {UNRELEASED}\n"):
        body = sections.pop(0).split("\n", 1)[1].strip("\n") + "\n"
    elif any(section.startswith(f"## {version} ") for section in sections):
        raise ValueError(f"CHANGELOG.md has {version} already")
    else:
        body = ""
    told = "\n".join(part for part in (body, new) if part)
    section = f"## {version} ({day})\n\n{told}"
    return head + "\n".join([section, *sections])


def release(root: Path, version: str) -> int:
    own = re.search(r'^__version__ = "(.*)"$', (root / "arkcore/__init__.py").read_text(), re.M)
    if own is None or own[1] != version:
        told = own and own[1]
        print(f"VERSION is {version!r}, but arkcore/__init__.py says {told!r}", file=sys.stderr)
        return 2
    path = root / "CHANGELOG.md"
    try:
        text = released(path.read_text(encoding="utf-8"), version, f"{date.today()}", entries(root))
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    path.write_text(text, encoding="utf-8")
    for each in fragments(root):
        each.unlink()
    return 0


def main(argv: list[str]) -> int:
    word, rest = argv[0] if argv else "", argv[1:]
    wanted = {"check": 0, "release": 1}.get(word)
    if wanted is None or not wanted <= len(rest) <= wanted + 1:
        print("usage: tools/changelog.py check | release VERSION", file=sys.stderr)
        return 2
    root = Path(rest[wanted]) if rest[wanted:] else Path(__file__).resolve().parent.parent
    found = list(problems(root))
    for each in found:
        print(each, file=sys.stderr)
    if found:
        return 1
    return release(root, rest[0]) if word == "release" else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
