"""No test and no helper of the tests is left out of what mypy reads."""

from __future__ import annotations

import tomllib
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent.parent
SETTINGS = tomllib.loads((HOME / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mypy"]


def test_every_directory_and_module_of_the_tests_is_read() -> None:
    tests = HOME / "tests"
    directories = {path.parent.name for path in tests.glob("*/test_*.py")}
    assert directories <= set(SETTINGS["packages"])
    assert {path.stem for path in tests.glob("*.py")} == set(SETTINGS["modules"])


def test_what_is_not_checked_yet_is_there() -> None:
    [unchecked] = [each for each in SETTINGS["overrides"] if each.get("ignore_errors")]
    for module in unchecked["module"]:
        path = HOME / "tests" / module.removesuffix(".*").replace(".", "/")
        assert path.is_dir() or path.with_suffix(".py").is_file(), module
