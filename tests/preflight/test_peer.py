"""The two nodes' answers: how they are brought together, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from preflight.hosts import Pair

from arkcore.base.errors import ConfigurationError
from arkcore.base.finding import Level
from arkcore.base.paths import Paths
from arkcore.survey.answers import Answers, decode
from arkcore.survey.pair import CLOCKS, check_pair
from arkcore.survey.site_file import read_site


def test_what_one_exports_the_other_takes(pair: Pair, tmp_path: Path) -> None:
    """And the answers of a node are not its own peer's, nor is what is not whole."""
    file = tmp_path / "answers"
    shown = pair.standby.ark("preflight", export=str(file))
    assert f"Written: {file}. Bring it to rh5lka: ark preflight --peer FILE" in shown.stdout
    assert file.stat().st_mode & 0o077 == 0
    refused = pair.standby.ark("preflight", peer=str(file))
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "these are the answers of rh5lkb, not of rh5lka: run `ark preflight" in refused.stderr

    report = tmp_path / "report.md"
    pair.active.ark("preflight", peer=str(file), report=str(report))
    text = report.read_text()
    assert text.startswith("# Checks before installation: rh5lka, rh5lkb\n")
    assert [line for line in text.splitlines() if line.startswith("## ")] == [
        "## rh5lka", "## rh5lkb", "## the pair",
    ]  # fmt: skip
    assert "**Nothing failed: ok " in text
    assert "| T4-1 #1 | own host name in /etc/hosts | ok | rh5lka is 192.0.2.1 |  |" in text

    _check_clocks(pair, decode(file.read_bytes(), "x"))
    _check_broken(file.read_bytes())


def _check_clocks(pair: Pair, there: Answers) -> None:
    """The time difference by what is known of it."""
    site = read_site(Paths(str(pair.active.prefix)))
    facts = {name: getattr(there, name) for name in there.__struct_fields__}
    here = Answers(**{**facts, "node": "rh5lka"})
    unknown = Answers(**{**facts, "offset": None})
    now = there.taken_at

    def level(other: Answers, at: float, *, piped: bool = False) -> Level:
        found = check_pair(site, here, other, at, piped=piped)
        [clocks] = [each for each in found if each.number == CLOCKS.number]
        return clocks.level

    assert level(there, now + 3600) is Level.OK  # by file, an hour later
    assert level(there, now + 3600, piped=True) is Level.FAIL
    assert level(there, now - 60) is Level.FAIL
    assert level(there, now + 25 * 3600) is Level.UNKNOWN  # stale
    assert level(unknown, now + 3600) is Level.UNKNOWN
    assert level(unknown, now + 1, piped=True) is Level.OK


def _check_broken(data: bytes) -> None:
    whole = json.loads(data)
    for broken, told in (
        (data[:100], "not the answers of a node: Input data was truncated"),
        (b"", "not the answers of a node"),
        (b"\xff", "not the answers of a node"),
        (json.dumps({**whole, "node": 7}).encode(), "Expected `str`, got `int` - at `$.node`"),
        (json.dumps({**whole, "format": 9}).encode(), "format 9; this ark reads 3"),
    ):
        with pytest.raises(ConfigurationError) as error:
            decode(broken, "/tmp/b.json")
        assert told in str(error.value)
        assert str(error.value).startswith("/tmp/b.json: ")
        assert "make it anew on the other node" in str(error.value)
