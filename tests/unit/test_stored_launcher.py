"""Whether a launcher that LifeKeeper has stored still starts."""

from __future__ import annotations

import sys
from pathlib import Path

from arkcore.managers.launcher import launcher_of
from arkcore.managers.stored_launcher import why_it_does_not_start


def stored(interpreter: str = "") -> str:
    text = launcher_of("lifekeeper", ("restore", ""), sys.executable)
    if not interpreter:
        return text
    return f"#!{interpreter} -IS\n{text.partition(chr(10))[2]}"


def test_one_of_this_installation_starts() -> None:
    assert why_it_does_not_start(stored(), {}) == ""


def test_one_whose_interpreter_is_gone_is_told(tmp_path: Path) -> None:
    gone = tmp_path / "python3.11"
    gone.symlink_to("/nowhere/python3.11")
    assert why_it_does_not_start(stored(str(gone)), {}) == f"{gone} is not there"


def test_one_whose_package_is_gone_is_told() -> None:
    head, _, rest = stored().partition("sys.path += ")
    text = f"{head}sys.path += ['/nowhere']{rest[rest.index(']; from ') + 1 :]}"
    assert "No module named 'arkcore'" in why_it_does_not_start(text, {})


def test_an_interpreter_is_asked_only_once(tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\necho >> {calls}\n")
    program.chmod(0o755)
    found: dict[str, str] = {}
    for _ in range(2):
        assert why_it_does_not_start(stored(str(program)), found) == ""
    assert calls.read_text() == "\n"


def test_a_list_that_does_something_is_not_run(tmp_path: Path) -> None:
    trap = f"[open({str(tmp_path / 'trap')!r}, 'w') and '/nowhere']"
    head, _, rest = stored().partition("sys.path += ")
    text = f"{head}sys.path += {trap}{rest[rest.index(']; from ') + 1 :]}"
    assert why_it_does_not_start(text, {}) == ""
    assert not (tmp_path / "trap").exists()


def test_what_is_no_launcher_of_ours_is_not_judged() -> None:
    for text in ("", "#!/bin/sh\nexit 0\n", "#!/nowhere/python -IS\nimport sys\n"):
        assert why_it_does_not_start(text, {}) == ""
