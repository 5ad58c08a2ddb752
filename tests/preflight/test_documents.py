"""What before-installation.md shows is what the commands print on the test hosts."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

import pytest
from preflight.hosts import Pair

from arkcore.survey.site_file import EXAMPLE, EXAMPLE_JA, HOST_KEYS, NODE_KEYS, SITE_KEYS

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = "before-installation.md"


def blocks(kind: str, language: str = "en") -> list[str]:
    text = (DOCS / language / PAGE).read_text(encoding="utf-8")
    return re.findall(rf"^```{kind}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def shown(begins: str, language: str) -> list[str]:
    """The lines of the block that begins so; what is left out of it is a line of "…"."""
    [block] = [block for block in blocks("text", language) if block.startswith(begins)]
    return [line for line in block.splitlines() if line.strip() not in ("", "…")]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_output_shown_is_what_is_printed(pair: Pair, language: str) -> None:
    pair.active.write("/sys/fs/selinux/enforce", "1")
    pair.lans.ip("link set heartbeat1 nomaster")
    for command, begins, options in (
        ("preflight", "rh5lka", {}),
        ("guide", "1  rh5lka", {"json": False}),
    ):
        done = pair.active.ark(command, {"en": "C", "ja": "ja_JP.UTF-8"}[language], **options)
        assert done.stderr == ""
        printed = [line.rstrip().replace(sys.prefix, "/opt/ark")
                   for line in done.stdout.splitlines()]  # fmt: skip
        assert [line for line in shown(begins, language) if line not in printed] == []


def test_the_site_file_shown_is_the_example() -> None:
    assert blocks("toml") == [EXAMPLE]
    assert blocks("toml", "ja") == [EXAMPLE_JA]
    assert tomllib.loads(EXAMPLE_JA) == tomllib.loads(EXAMPLE)


def test_every_key_and_every_check_is_told(pair: Pair) -> None:
    numbers = {each["number"] for each in pair.preflight().findings} - {None}
    for language in ("en", "ja"):
        text = (DOCS / language / PAGE).read_text(encoding="utf-8")
        rows = set(re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE))
        keys = {
            *SITE_KEYS,
            *(f"nodes.{key}" for key in NODE_KEYS),
            *(f"logical_hosts.{key}" for key in HOST_KEYS),
        }
        assert keys <= rows
        assert numbers <= rows, numbers - rows
