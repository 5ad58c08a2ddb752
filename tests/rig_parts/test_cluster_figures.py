"""The table of times: only whole, of a run in which all held."""

from __future__ import annotations

from pathlib import Path

from rigs.jp1_cluster import Figures
from rigs.jp1_cluster.figures import SCENARIOS
from rigs.jp1_cluster.measure import Split


def measured(*without: str) -> Figures:
    figures = Figures()
    figures.rows = {name: Split(2.0, 0.5) for name in SCENARIOS if name not in without}
    return figures


def test_a_whole_run_that_went_well_is_fit_for_the_pages() -> None:
    assert measured().unfit(0) == ""


def test_a_run_that_failed_is_not() -> None:
    assert measured().unfit(1) == "the run has failed, with exit status 1"


def test_a_run_of_some_scenarios_is_not() -> None:
    assert measured("power", "start").unfit(0) == "not measured: start, power"


def test_the_table_is_put_between_the_marks(tmp_path: Path) -> None:
    for language in ("en", "ja"):
        (tmp_path / language).mkdir()
        page = tmp_path / language / "cluster.md"
        page.write_text("before\n<!-- figures -->\nold\n<!-- end of figures -->\nafter\n")
    measured().write_into(str(tmp_path))
    lines = (tmp_path / "en/cluster.md").read_text().splitlines()
    assert lines[:2] == ["before", "<!-- figures -->"]
    assert lines[-2:] == ["<!-- end of figures -->", "after"]
    row = "| 2.00 s | 0.50 s | 0.00 s | 0.00 s | 0.00 s | 0.00 s | 0.0% |"
    assert lines[4] == f"| start of the whole hierarchy {row}"
    assert len(lines) == 6 + len(SCENARIOS)
