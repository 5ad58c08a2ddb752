"""What the kit notes of a hook's own writing, and of what a plugin imports."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from ark_testing.declared_imports import undeclared_imports

#: In a process of its own: nothing takes an audit hook away again.
HOOK = """
import os, sys, tempfile
from ark_testing.writing import Writing

writing = Writing()
open("unseen", "w").close()
writing.begin()
open("made", "w").close()
open("was there", "a").close()
os.remove("goes")
os.rename("old", "new")
os.makedirs("directory", exist_ok=True)
os.makedirs("again/and", exist_ok=True)
open("was there").close()
tempfile.NamedTemporaryFile(dir=".").close()
directory = os.open("directory", os.O_RDONLY)
os.mkdir("in it", dir_fd=directory)
try:
    open("/nonexistent/file", "w")
except OSError:
    pass
sys.stdout.write("\\n".join(writing.end()))
"""


def test_what_is_made_written_and_removed_is_told_and_no_more(tmp_path: Path) -> None:
    for name in ("was there", "goes", "old"):
        (tmp_path / name).touch()
    (tmp_path / "directory").mkdir()
    end = subprocess.run(
        [sys.executable, "-c", HOOK], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert sorted(end.stdout.replace(f"{tmp_path}/", "").splitlines()) == [
        "made again",
        "made again/and",
        "made directory/in it",
        "made made",
        "made new",
        "removed goes",
        "removed old",
        "wrote was there",
    ]


def test_an_import_that_is_needed_at_work_must_be_declared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "ark_imports_much"
    package.mkdir()
    (package / "__init__.py").write_text(
        "import os, tomllib, arkcore\n"
        "from ark_imports_much import other\n"
        "TYPE_CHECKING = False\n"
        "if TYPE_CHECKING:\n    import hypothesis\n"
        "try:\n    import xdist\nexcept ImportError:\n    xdist = None\n"
        "def late():\n    import pluggy.hooks\n    from pytest import raises\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    # Its distribution requires arkcore and nothing else.
    found = undeclared_imports("ark_imports_much", "ark-wrong")
    where = package / "__init__.py"
    assert found == [f"{where}:11: pluggy", f"{where}:12: pytest"]
