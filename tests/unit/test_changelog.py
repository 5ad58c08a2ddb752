"""Fragments of the changelog: their form, and what a release makes of them."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

HOME = Path(__file__).resolve().parent.parent.parent
RIGHT = "It was wrong.\nNow it is right.\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "arkcore").mkdir()
    (tmp_path / "arkcore/__init__.py").write_text('__version__ = "0.2.0"\n')
    (tmp_path / "changelog.d").mkdir()
    (tmp_path / "changelog.d/README.md").write_text("How to.\n")
    (tmp_path / "CHANGELOG.md").write_text("# Changes\n\n## 0.1.0 (2026-01-01)\n\n- First.\n")
    return tmp_path


def run(*argv: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(HOME / "tools/changelog.py"), *map(str, argv)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def fragment(root: Path, name: str, text: str = RIGHT) -> Path:
    path = root / "changelog.d" / name
    path.write_text(text)
    return path


def test_the_fragments_of_this_repository_are_well_formed() -> None:
    done = run("check")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("x.md", RIGHT, "the name must be NAME.KIND.md; kinds: update, trust, added, fixed"),
        ("x.bug.md", RIGHT, "the name must be NAME.KIND.md; kinds: update, trust, added, fixed"),
        ("X y.fixed.md", RIGHT, "the name must be NAME.KIND.md"),
        ("x.fixed.md", "\n", "it is empty"),
        ("x.fixed.md", "One.\n\nTwo.\n", "it must be one paragraph"),
        ("x.fixed.md", "One. \n", "it must be one paragraph"),
        ("x.fixed.md", "- One.\n", "it must begin with its text"),
        ("x.fixed.md", "One\n", "it must end with a full stop"),
        ("x.fixed.md", "One.", "it must end with a full stop"),
        ("x.fixed.md", f"{'One ' * 31}.\n", "a line is longer than 120 characters"),
    ],
)
def test_a_malformed_fragment_is_told(root: Path, name: str, text: str, problem: str) -> None:
    fragment(root, name, text)
    done = run("check", root)
    assert done.returncode == 1
    assert done.stderr.startswith(f"changelog.d/{name}: {problem}")
    assert done.stderr.count("\n") == 1


def test_a_release_moves_the_fragments_to_the_top_by_kind(root: Path) -> None:
    made = [fragment(root, "b.fixed.md"), fragment(root, "a.fixed.md", "First.\n")]
    made.append(fragment(root, "c.update.md", "Long words.\n" * 12))
    assert run("release", "0.2.0", root).returncode == 0
    assert (root / "CHANGELOG.md").read_text() == (
        f"# Changes\n\n## 0.2.0 ({date.today()})\n\n"
        "**Before you update:**\n\n"
        f"- {' '.join(['Long words.'] * 9)} Long\n  words. Long words. Long words.\n\n"
        "Wrong answers mended:\n\n"
        "- First.\n- It was wrong. Now it is right.\n\n"
        "## 0.1.0 (2026-01-01)\n\n- First.\n"
    )
    assert not any(path.exists() for path in made)
    assert (root / "changelog.d/README.md").exists()


def test_a_release_completes_the_section_that_is_open(root: Path) -> None:
    (root / "CHANGELOG.md").write_text("# Changes\n\n## 0.2.0 (not yet released)\n\n- Old.\n")
    fragment(root, "a.added.md", "New.\n")
    assert run("release", "0.2.0", root).returncode == 0
    assert (root / "CHANGELOG.md").read_text() == (
        f"# Changes\n\n## 0.2.0 ({date.today()})\n\n- Old.\n\nNew:\n\n- New.\n"
    )


@pytest.mark.parametrize(
    ("version", "changes", "problem"),
    [
        ("0.3.0", "", "VERSION is '0.3.0', but arkcore/__init__.py says '0.2.0'\n"),
        ("0.2.0", "## 0.2.0 (2026-01-01)\n\n- A.\n", "CHANGELOG.md has 0.2.0 already\n"),
    ],
)
def test_a_release_of_a_wrong_version_changes_nothing(
    root: Path, version: str, changes: str, problem: str
) -> None:
    kept = fragment(root, "a.fixed.md")
    (root / "CHANGELOG.md").write_text(changes)
    done = run("release", version, root)
    assert (done.returncode, done.stderr) == (2, problem)
    assert kept.exists()
    assert (root / "CHANGELOG.md").read_text() == changes


def test_a_malformed_fragment_keeps_a_release_from_being_made(root: Path) -> None:
    fragment(root, "a.bug.md")
    before = (root / "CHANGELOG.md").read_text()
    assert run("release", "0.2.0", root).returncode == 1
    assert (root / "CHANGELOG.md").read_text() == before
