"""The public API as a type checker sees it: a right plugin passes, wrong ones do not."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

PLACE = Path(__file__).parents[1] / "typing"


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, int, str]]:
    """What mypy, strict, says of both files: file, line, error code. Run as an author would."""
    directory = tmp_path_factory.mktemp("typing")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--strict", "--no-color-output", "--no-error-summary"),
            *("--config-file", "", "--cache-dir", directory, "right.py", "wrong.py"),
        ],
        cwd=PLACE,
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert done.stderr == ""
    lines = re.findall(r"^(\w+\.py):(\d+): error: .* {2}\[([\w-]+)\]$", done.stdout, re.M)
    return [(file, int(line), code) for file, line, code in lines]


def test_a_right_plugin_passes(told: list[tuple[str, int, str]]) -> None:
    assert [each for each in told if each[0] == "right.py"] == []


def test_each_wrong_line_is_refused_for_its_own_reason_and_no_other(
    told: list[tuple[str, int, str]],
) -> None:
    expected = []
    for number, line in enumerate((PLACE / "wrong.py").read_text().splitlines(), 1):
        found = re.search(r"# expect: ([\w-]+)$", line)
        if found:
            expected.append(("wrong.py", number, found[1]))
    assert len(expected) >= 12
    refused = [each for each in told if each[0] == "wrong.py"]
    assert sorted(set(refused)) == expected
