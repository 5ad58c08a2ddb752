"""`ark report`: the page, the picture, the trace, and two nodes' clocks."""

from __future__ import annotations

import json
import re
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from ras_writing import NOON, RasWriter, runs_of

from arkcore.cli.report.history import failovers_of, gaps_of
from arkcore.cli.report.offsets import found_offsets, shift
from arkcore.ras.records import Checks, ScriptTaken

Ark = Callable[..., subprocess.CompletedProcess[str]]

HOSTILE = "| <script>alert(1)</script> & \x1b[31m"


def scripts(writer: RasWriter, node: str) -> list[ScriptTaken]:
    found = [run for run in runs_of(writer.lines) if isinstance(run, ScriptTaken)]
    for script in found:
        script.node = node
    return found


@pytest.fixture
def nodes(tmp_path: Path) -> tuple[str, ...]:
    """The logs of a failover, as options: node2's clock is 6 s behind that of node1."""
    one = RasWriter().check(1).check(1)
    one.told(
        "QuickCheck start.", 3, "QuickCheck failed. It is STOPPED (x).", 1,
        "Recover start.", "Starting.", "/opt/start LHOST1", 60, "start returned 1", HOSTILE,
        "Start failed. Expected RUNNING", "Recover failed. Expected RUNNING", 2,
        "Remove start.", "Stopping.", 8, "Stop completed.", "Remove completed.",
    )  # fmt: skip
    two = RasWriter(now=one.now - 6).restore(45)
    one.write(tmp_path / "one/ras.log")
    two.write(tmp_path / "two/ras.log")
    return "--file", f"node1={tmp_path}/one", "--file", f"node2={tmp_path}/two"


class Page(HTMLParser):
    """What stands in a page: its elements with their attributes, and its texts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in ("meta", "link", "input"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


class TestPage:
    def test_it_is_one_whole_file_that_needs_no_network(self, ark_here: Ark, nodes) -> None:
        text = ark_here("report", *nodes, "-o", "-").stdout
        page = Page(text)
        assert page.open == []
        assert [each for each in page.of("link") if each["href"] != "data:,"] == []
        assert all("src" not in attributes for _, attributes in page.found)
        assert re.findall(r"(?:https?:)?//\w", text.replace("http://www.w3.org/2000/svg", "")) == []

    def test_every_script_has_a_row_a_bar_and_its_lines(self, ark_here: Ark, nodes) -> None:
        page = Page(text := ark_here("report", *nodes, "-o", "-").stdout)
        bars = [each for each in page.of("g") if each.get("role") == "button"]
        rows = {each["id"] for each in page.of("tr") if "id" in each}
        assert len(bars) == len(rows) == 4
        assert {f"run-{bar['data-run']}" for bar in bars} == rows
        assert all(bar["aria-label"] for bar in bars)
        assert text.count("Recover start.") == 1

    def test_nothing_of_a_product_is_markup(self, ark_here: Ark, nodes) -> None:
        text = ark_here("report", *nodes, "-o", "-").stdout
        assert len(Page(text).of("script")) == 1
        assert "&lt;script&gt;alert(1)" in text
        assert "\x1b" not in text

    def test_it_says_what_failed_and_how_long_there_was_no_service(
        self, ark_here: Ark, nodes
    ) -> None:
        text = ark_here("report", *nodes, "-o", "-").stdout
        assert "the start (/opt/start LHOST1) failed" in text
        assert "+6 s added to the times of node2" in text
        # From the failed check to the end of the start on the other node.
        assert ">116 s<" in text

    def test_a_person_s_offset_comes_before_what_was_found(self, ark_here: Ark, nodes) -> None:
        text = ark_here("report", *nodes, "--offset", "node2=7.5", "-o", "-").stdout
        assert "+7.5 s added to the times of node2" in text

    @pytest.mark.parametrize("offset", ["node2", "node2=", "=3", "node2=nan"])
    def test_an_offset_that_is_none_is_one_line(self, ark_here: Ark, nodes, offset: str) -> None:
        told = ark_here("report", *nodes, "--offset", offset, "-o", "-")
        assert (told.returncode, "give NODE=SECONDS" in told.stderr) == (2, True)

    def test_an_offset_of_no_node_is_refused(self, ark_here: Ark, nodes) -> None:
        told = ark_here("report", *nodes, "--offset", "node3=1", "-o", "-")
        assert (told.returncode, told.stderr) == (
            1, "ark: --offset node3: no log of this node is read\n",
        )  # fmt: skip

    def test_a_period_in_which_nothing_was_is_told(self, ark_here: Ark, nodes) -> None:
        told = ark_here("report", *nodes, "--since", "2h", "-o", "-")
        assert "tells of nothing in this period" in told.stderr

    def test_a_japanese_page_is_japanese(self, ark_here: Ark, nodes, monkeypatch) -> None:
        monkeypatch.setenv("LC_ALL", "ja_JP.UTF-8")
        text = ark_here("report", *nodes, "-o", "-").stdout
        assert Page(text).of("html") == [{"lang": "ja"}]
        assert "サービス停止時間" in text

    def test_many_runs_make_no_large_page(self, ark_here: Ark, tmp_path: Path) -> None:
        writer = RasWriter()
        for number in range(2100):
            writer.told("Restore start.", 3, "Restore failed. x", 1) if not number % 7 else None
            writer.restore(5)
        writer.write(tmp_path / "ras.log")
        told = ark_here("report", "--file", str(tmp_path), "--since", "2026-01-01", "-o", "-")
        page = Page(told.stdout)
        rows = [each for each in page.of("tr") if "id" in each]
        assert len(rows) == 2000
        assert len([each for each in rows if each["class"] == "failed"]) == 300
        assert "400 scripts that went well are left out" in told.stdout
        assert len([each for each in page.of("g") if "run" in (each.get("class") or "")]) < 1500


def test_the_picture_alone_is_whole_and_has_no_handles(ark_here: Ark, nodes) -> None:
    picture = ET.fromstring(ark_here("report", *nodes, "--svg", "-o", "-").stdout)
    assert picture.get("role") == "img"
    assert not [each for each in picture.iter() if each.get("tabindex")]
    assert len([each for each in picture.iter() if each.get("class") == "failover"]) == 1


def test_the_trace_has_a_span_for_each_script_and_step(ark_here: Ark, nodes) -> None:
    events = json.loads(ark_here("report", *nodes, "--trace", "-o", "-").stdout)["traceEvents"]
    spans = [each for each in events if each["ph"] == "X"]
    assert [each["name"] for each in spans if each["pid"] == 2] == ["Restore", "start"]
    [recover] = [each for each in spans if each["name"] == "Recover"]
    assert recover["dur"] == 60_000_000
    assert {each["ph"] for each in events} == {"M", "X", "s", "f"}


class TestHistory:
    def test_a_gap_without_an_end_stays_open(self) -> None:
        writer = RasWriter().told(
            "Remove start.", "Stopping.", 5, "Stop completed.", "Remove completed."
        )
        [gap] = gaps_of(scripts(writer, "one"))
        assert (gap.began, gap.ends) == (NOON, None)

    def test_a_restart_that_failed_is_no_end_of_a_gap(self) -> None:
        writer = RasWriter().remove(5).told(
            "Restore start.", "Starting.", 5, "Start failed. x", "Restore failed. x"
        ).restore(9)  # fmt: skip
        [gap] = gaps_of(scripts(writer, "one"))
        assert gap.ends == NOON + 5 + 60 + 5 + 9

    def test_a_restart_on_the_same_node_is_no_failover(self) -> None:
        assert failovers_of(scripts(RasWriter().remove(5).restore(9), "one")) == []

    def test_clocks_that_agree_with_the_order_are_left_alone(self) -> None:
        one, two = RasWriter().remove(5), RasWriter(now=NOON + 6).restore(9)
        assert found_offsets([*scripts(one, "one"), *scripts(two, "two")]) == {"one": 0, "two": 0}

    def test_a_shift_moves_all_times_of_a_node(self) -> None:
        row = Checks("two", "toy1", "LHOST1", 10.0, 20.0, {1.0: 2})
        [script] = scripts(RasWriter().restore(9), "two")
        shift([row, script], {"two": 5.0})
        assert (row.began, row.ends) == (15, 25)
        assert (script.began, script.steps[0].began) == (NOON + 5, NOON + 5)
