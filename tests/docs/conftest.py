"""What the tests of the documents read: the pages of both languages, and the code in them."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = ("en", "ja")

_BLOCK = re.compile(
    r"^(?P<indent> *)```(?P<kind>\w*)\n(?P<text>.*?)^ *```$", re.DOTALL | re.MULTILINE
)


class Code:
    """One block of code, and the page it stands on."""

    def __init__(self, page: str, kind: str, text: str) -> None:
        self.page = page
        self.kind = kind
        self.text = text

    @property
    def title(self) -> str:
        """The file it is, as its first line says; "" where it says none."""
        first = self.text.partition("\n")[0]
        return first.removeprefix("# ").strip() if first.startswith("# ") else ""


class Documents:
    """The pages of one language, by name."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.directory = ROOT / "docs" / language
        self.pages = {
            path.name: path.read_text(encoding="utf-8") for path in self.directory.glob("*.md")
        }

    def code(self, *kinds: str) -> list[Code]:
        return [
            code for page in sorted(self.pages) for code in self.code_of(page) if code.kind in kinds
        ]

    def code_of(self, page: str) -> list[Code]:
        found = []
        for match in _BLOCK.finditer(self.pages[page]):
            indent = len(match["indent"])
            lines = [line[indent:] for line in match["text"].splitlines(keepends=True)]
            found.append(Code(page, match["kind"], "".join(lines)))
        return found

    def example_of_hooks(self) -> str:
        """The module of the plugin whose methods hooks.md shows, one below each hook."""
        head, *shown = [code.text for code in self.code_of("hooks.md") if code.kind == "python"]
        methods = [text for text in shown if text.startswith("@hookimpl\ndef ark_")]
        body = "\n".join(textwrap.indent(text, "    ") for text in methods)
        return f"{head}\n\nclass Exampled:\n{body}"

    def prose(self, page: str) -> str:
        """A page without its code."""
        return _BLOCK.sub("", self.pages[page])

    def text(self, page: str) -> str:
        """A page as it is read: a bar within a table is a bar."""
        return self.pages[page].replace("\\|", "|")


@pytest.fixture(params=LANGUAGES)
def documents(request: pytest.FixtureRequest) -> Documents:
    return Documents(request.param)


@pytest.fixture(scope="session")
def english() -> Documents:
    return Documents("en")


@pytest.fixture
def japanese() -> Documents:
    return Documents("ja")


def _commands() -> list[str]:
    """Every `$ ark …` of the documents, once. Both languages have the same, as a test holds."""
    found = []
    for code in Documents("en").code("console", "sh"):
        for line in code.text.splitlines():
            if line.startswith("$ ark"):
                found.append(line.removeprefix("$ "))
    return list(dict.fromkeys(found))


def _files() -> list[Code]:
    return Documents("en").code("toml")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "command_line" in metafunc.fixturenames:
        metafunc.parametrize("command_line", _commands())
    if "file" in metafunc.fixturenames:
        files = _files()
        names = [f"{code.page}-{Path(code.title).stem}-{n}" for n, code in enumerate(files)]
        metafunc.parametrize("file", files, ids=names)
