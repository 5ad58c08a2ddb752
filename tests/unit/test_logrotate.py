"""The file that `share/` brings for logrotate."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

LOGROTATE = shutil.which("logrotate", path=f"{os.environ['PATH']}:/usr/sbin:/sbin") or ""
FILE = Path(__file__).parents[2] / "share/logrotate"
BLOCKS = {
    path: words.split()
    for paths, words in re.findall(r"^(/.+) \{\n([^}]*)^\}", FILE.read_text(), re.MULTILINE)
    for path in paths.split()
}


@pytest.mark.parametrize("log", ["ras.log", "*.jsonl", "trace.log", "output/*.start"])
def test_a_log_is_rotated_by_its_age_and_by_its_size(log: str) -> None:
    words = BLOCKS[f"/var/log/ark/{log}"]
    assert {"daily", "weekly", "monthly"} & {*words}
    # `size` would replace the age.
    assert "maxsize" in words
    assert "size" not in words


@pytest.mark.skipif(not LOGROTATE, reason="logrotate is not installed")
def test_logrotate_accepts_it(tmp_path: Path) -> None:
    state = tmp_path / "state"
    done = subprocess.run(
        [LOGROTATE, "--debug", "--state", state, FILE], capture_output=True, text=True
    )
    assert done.returncode == 0
    assert "error" not in done.stderr
