"""The page of `ark report`, opened and used in a browser. `make browser`."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from browser.devtools import Opens, Page

pytestmark = pytest.mark.browser

LANGUAGES = pytest.mark.parametrize("language", ["en", "ja"])
#: The bar of a script that failed.
BAD = "#timeline g.run.failed[role=button]"
_SHOWN = "[...document.querySelectorAll('#runs tbody tr')].filter(r=>r.offsetParent!==null).length"


def rows(page: Page) -> int:
    """How many rows of the table of runs are seen."""
    return int(page.ask(_SHOWN))


def wide(page: Page) -> float:
    """How wide the bar of the script that failed first is drawn."""
    return float(page.ask(f"+document.querySelector('{BAD} rect.bar').getAttribute('width')"))


class TestOpened:
    @LANGUAGES
    @pytest.mark.parametrize("runs", [2, 200, 2000])
    def test_the_console_tells_nothing_and_nothing_is_asked_of_a_network(
        self, opened: Opens, runs: int, language: str
    ) -> None:
        page = opened(runs, language=language)
        page.frame()
        assert page.ask("document.documentElement.lang") == language
        assert rows(page) >= runs * 0.9
        assert (page.errors(), page.requests()) == ([], [])

    def test_what_a_product_wrote_is_text(self, opened: Opens) -> None:
        page = opened(200)
        assert "<script>" in page.ask("document.querySelector('#runs').textContent")
        assert page.ask("document.title") != "owned"
        assert page.ask("document.images.length") == 0

    @LANGUAGES
    @pytest.mark.parametrize("width", [1280, 390])
    def test_the_page_itself_never_scrolls_sideways(
        self, opened: Opens, width: int, language: str
    ) -> None:
        page = opened(200, width=width, language=language)
        assert page.ask("document.documentElement.scrollWidth") <= width


class TestMouse:
    def test_a_bar_that_is_pointed_at_is_told(self, opened: Opens) -> None:
        page = opened(200)
        page.hover(f"{BAD} rect.bar")
        page.frame()
        assert page.ask("document.getElementById('note').textContent").startswith("node1 toy1")

    def test_a_click_on_a_bar_opens_its_lines(self, opened: Opens) -> None:
        page = opened(200)
        x, y = page.place(f"{BAD} rect.bar")
        bar = page.ask(f"document.elementFromPoint({x},{y}).closest('g.run').dataset.run")
        page.click(f"{BAD} rect.bar")
        page.frame()
        assert page.ask("document.querySelector('tr.mark').id") == f"run-{bar}"
        assert page.ask("document.querySelector('tr.mark details').open")
        seen = page.ask(
            "(r=>r.top>=0&&r.top<innerHeight)"
            "(document.querySelector('tr.mark').getBoundingClientRect())"
        )
        assert seen

    def test_the_wheel_with_ctrl_zooms_and_alone_it_does_not(self, opened: Opens) -> None:
        page = opened(200)
        before = page.ask("document.getElementById('axis').innerHTML")
        page.turn("#timeline", 1, ctrl=False)
        page.frame()
        assert page.ask("document.getElementById('axis').innerHTML") == before
        page.turn("#timeline", -120, ctrl=True)
        page.frame()
        assert page.ask("document.getElementById('axis').innerHTML") != before

    def test_the_buttons_zoom_move_and_bring_back(self, opened: Opens) -> None:
        page = opened(200)
        whole = page.ask("document.getElementById('axis').innerHTML")
        seen = {whole}
        for name in ("in", "in", "right", "left", "left", "out"):
            page.click(f"#{name}")
            page.frame()
            seen.add(page.ask("document.getElementById('axis').innerHTML"))
        assert len(seen) >= 5
        page.click("#all")
        assert page.ask("document.getElementById('axis').innerHTML") == whole


class TestKeyboard:
    def test_a_slash_goes_to_the_filter_and_escape_takes_it_back(self, opened: Opens) -> None:
        page = opened(200)
        everything = rows(page)
        page.key("/", "/")
        page.type("failed")
        page.frame()
        assert page.ask("document.activeElement.id") == "filter"
        assert 0 < rows(page) < everything
        page.key("Escape")
        page.frame()
        assert rows(page) == everything

    def test_only_what_went_badly_is_left_by_the_box(self, opened: Opens) -> None:
        page = opened(200)
        page.click("#bad")
        page.frame()
        kinds = page.ask(
            "[...new Set([...document.querySelectorAll('#runs tbody tr')]"
            ".filter(r=>r.offsetParent!==null).map(r=>r.className))]"
        )
        assert set(kinds) <= {"failed", "near"}
        assert rows(page) > 0

    def test_the_bars_are_one_stop_of_tab_and_arrows_go_between_them(self, opened: Opens) -> None:
        page = opened(200)
        stops = []
        for _ in range(12):
            page.tab()
            stops.append(
                page.ask(
                    "document.activeElement.id||document.activeElement.className.baseVal"
                    "||document.activeElement.className||document.activeElement.tagName"
                )
            )
        assert stops[:8] == ["filter", "bad", "in", "out", "left", "right", "all", "scroll"]
        assert stops[8].startswith("run ")
        assert not stops[9].startswith("run ")
        page.ask("document.querySelector('g.run[tabindex=\"0\"]').focus()")
        first = page.ask("document.activeElement.dataset.run")
        page.key("ArrowRight")
        assert page.ask("document.activeElement.dataset.run") != first
        page.key("ArrowLeft")
        assert page.ask("document.activeElement.dataset.run") == first
        page.key("Enter", "\r")
        page.frame()
        assert page.ask("document.querySelector('tr.mark').id") == f"run-{first}"
        assert page.ask("document.activeElement.tagName") == "SUMMARY"

    def test_after_the_filter_tab_still_comes_to_a_bar_that_is_seen(self, opened: Opens) -> None:
        page = opened(200)
        page.key("/", "/")
        page.type("failed")
        page.frame()
        stop = page.ask(
            "[...document.querySelectorAll('g.run[tabindex=\"0\"]')]"
            ".map(g=>g.classList.contains('off')).join()"
        )
        assert stop == "false"

    def test_plus_and_minus_zoom(self, opened: Opens) -> None:
        page = opened(200)
        whole = page.ask("document.getElementById('axis').innerHTML")
        page.ask("document.querySelector('.scroll').focus()")
        page.key("+", "+")
        page.frame()
        assert page.ask("document.getElementById('axis').innerHTML") != whole
        page.key("-", "-")
        page.frame()
        assert page.ask("document.getElementById('axis').innerHTML") == whole


class TestPrinted:
    @LANGUAGES
    def test_it_becomes_pages_without_controls(self, opened: Opens, language: str) -> None:
        page = opened(200, language=language, dark=True)
        data = page.printed()
        assert data.startswith(b"%PDF")
        assert len(re.findall(rb"/Type\s*/Page\b", data)) >= 2
        page.call("Emulation.setEmulatedMedia", media="print")
        assert page.ask("getComputedStyle(document.querySelector('.controls')).display") == "none"
        assert page.ask("getComputedStyle(document.body).backgroundColor") in (
            "rgb(255, 255, 255)", "rgba(0, 0, 0, 0)",
        )  # fmt: skip


class TestAccessible:
    @pytest.mark.parametrize(
        ("width", "dark", "language"),
        [(1280, False, "en"), (390, False, "ja"), (1280, True, "ja"), (390, True, "en")],
    )
    def test_axe_finds_nothing(
        self, opened: Opens, axe: str, width: int, dark: bool, language: str
    ) -> None:
        page = opened(40, width=width, dark=dark, language=language)
        page.click(f"{BAD} rect.bar")
        assert violations(page, axe) == []

    def test_axe_finds_nothing_where_nothing_failed(self, opened: Opens, axe: str) -> None:
        assert violations(opened(2), axe) == []

    def test_axe_would_find_something(self, opened: Opens, axe: str) -> None:
        page = opened(2)
        page.ask("document.getElementById('in').removeAttribute('aria-label'),"
                 "document.getElementById('in').textContent=''")  # fmt: skip
        assert any("button-name" in each for each in violations(page, axe))


def violations(page: Page, axe: str) -> list[str]:
    """What axe-core finds, with the elements; also what is best practice only."""
    page.ask(axe + ";1")
    told: list[dict[str, Any]] = json.loads(
        page.ask(
            "axe.run(document,{resultTypes:['violations']}).then(r=>JSON.stringify("
            "r.violations.map(v=>({id:v.id,help:v.help,nodes:v.nodes.slice(0,3).map(n=>n.html.slice(0,200)"
            "+' '+n.failureSummary)}))))"
        )
    )
    return [f"{each['id']}: {each['help']}: {' | '.join(each['nodes'])}" for each in told]
