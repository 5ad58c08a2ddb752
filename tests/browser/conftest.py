"""A headless Chromium for all tests, axe-core, and pages of `ark report` to open in it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browser.devtools import Browser, Opens, Page
from browser.history import write_history

#: Where `make browser` has put them.
CHROMIUM = Path(os.environ.get("ARK_CHROMIUM") or ".deps/chromium/chromium").absolute()
AXE = Path(os.environ.get("ARK_AXE") or ".deps/axe/axe.min.js").absolute()


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    assert CHROMIUM.exists(), "no Chromium; `make browser` unpacks one"
    with Browser(str(CHROMIUM), tmp_path_factory.mktemp("chromium")) as made:
        yield made


@pytest.fixture(scope="session")
def axe() -> str:
    assert AXE.exists(), "no axe-core; `make browser` fetches it"
    return AXE.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def page_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int, str], Path]:
    """`page_of(200, "ja")`: the page over so many scripts, in that language."""
    made: dict[tuple[int, str], Path] = {}

    def page(runs: int, language: str) -> Path:
        key = runs, language
        if key not in made:
            directory = tmp_path_factory.mktemp(f"report-{runs}-{language}")
            file = directory / "report.html"
            ark = Path(sys.executable).with_name("ark")
            logs = write_history(directory, runs)
            subprocess.run(
                [ark, "report", *logs, "--since", "2026-01-01", "-o", file],
                env={
                    "PATH": os.defpath,
                    "ARK_PREFIX": str(directory),
                    "LC_ALL": {"en": "C.UTF-8", "ja": "ja_JP.UTF-8"}[language],
                },
                check=True,
                stdout=subprocess.DEVNULL,
                timeout=120,
            )
            made[key] = file
        return made[key]

    return page


@pytest.fixture
def opened(browser: Browser, page_of: Callable[[int, str], Path]) -> Iterator[Opens]:
    """`opened(200)`: such a page in a tab; `language`, `width`, `dark`."""
    pages = []

    def open_page(
        runs: int, *, language: str = "en", width: int = 1280, dark: bool = False
    ) -> Page:
        page = Page(browser, page_of(runs, language), width=width, dark=dark)
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        page.close()
