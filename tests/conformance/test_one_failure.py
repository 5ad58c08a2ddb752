"""One mistake is one failure, in few lines; what lasts long says so while it does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from ark_testing.invocation import Invocation
from ark_testing.parent import Parent
from ark_testing.pulse import Pulse

#: A test class as an author writes it, of a plugin whose start does nothing.
TESTS = """
import pytest
from ark_testing import Capability, Conformance
from conformance.installed import install

@pytest.fixture(scope="module")
def installation(tmp_path_factory):
    made = install(tmp_path_factory.mktemp("product"))
    made.starts_within = 0.5
    return made

class TestWrong(Conformance):
    plugin = "wrong-starts-nothing"
    capabilities = (Capability.TWO_HOSTS,)
    lanes = LANES
"""


@pytest.fixture(scope="module", params=[1, 2])
def lanes(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, lanes: int) -> str:
    place = tmp_path_factory.mktemp("author")
    (place / "test_wrong.py").write_text(TESTS.replace("LANES", str(lanes)))
    tests = Path(__file__).parents[1]
    words = [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", "test_wrong.py"]
    environment = {**os.environ, "PYTHONPATH": str(tests)}
    end = subprocess.run(
        words, cwd=place, env=environment, capture_output=True, text=True, timeout=120
    )
    assert end.returncode == 1, end.stderr
    return end.stdout


def test_what_does_not_start_is_one_failure_and_the_rest_skipped(told: str) -> None:
    assert "1 failed" in told.splitlines()[-1]
    assert "status_is_true_after_start_and_stop: restore ended with 1" in told
    skipped = [line for line in told.splitlines() if line.startswith("SKIPPED")]
    why = "crash_is_recovered_from: not begun: status_is_true_after_start_and_stop: restore ended"
    assert any(why in line for line in skipped)


def test_a_failure_shows_no_line_of_the_kit_s_own(told: str) -> None:
    before = told.partition("short test summary")[0]
    assert "ark_testing" not in before
    assert len(before.splitlines()) < 15


def test_why_checks_run_one_after_another_is_told(told: str, lanes: int) -> None:
    assert ("checks one after another: lanes = 1" in told) == (lanes == 1)


def test_while_an_answer_is_awaited_it_is_told_for_how_long(tmp_path: Path) -> None:
    heard: list[str] = []
    parent = Parent(tmp_path)
    try:
        parent.on_wait = Pulse("some_check", heard.append, first=0.5)
        parent.run(Invocation(["/bin/sleep", "1.3"], {}))
    finally:
        parent.close()
    assert heard == ["some_check: at work for 1 s"]
