"""`ark new --kind`: what it refuses, and that each kind protects a real daemon at once."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fresh import ROOT, Fresh

from arkcore import __version__
from arkcore.cli.kinds import KINDS
from arkcore.cli.new import OURS

#: Seconds; three conformance kits and pip on a busy machine.
pytestmark = pytest.mark.timeout(300)

_TEMPLATE = ROOT / "arkcore/cli/template"
_SMALL = Path(__file__).with_name("small_daemon.py")
_EXAMPLE = _TEMPLATE / "example/src/MODULE/exampled.py.in"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "author"
    place.mkdir()
    monkeypatch.chdir(place)
    return place


def _program(path: Path, source: Path) -> Path:
    path.write_text(f"#!{sys.executable} -IS\n{source.read_text()}")
    path.chmod(0o755)
    return path


# What is refused.

_SOCKET = ("--kind", "socket", "--program", "/bin/sh")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--kind", "socket"], "--kind socket: needs --program PATH"),
        (["--program", "/bin/sh"], "--program: allowed only with --kind"),
        (["--send", "x"], "--send: allowed only with --kind"),
        (["--kind", "pidfile", "--program", "bin/sh"], "'bin/sh': must be an absolute path"),
        (["--kind", "pidfile", "--program", "/no/sh"], "/no/sh: does not exist"),
        (["--kind", "pidfile", "--program", "/etc"], "/etc: is no file"),
        (["--kind", "pidfile", "--program", "/etc/passwd"], "/etc/passwd: cannot be executed"),
        (["--kind", "pidfile", "--program", '/bin/"'], 'without " \\ $ and control characters'),
        (["--kind", "command", "--program", "/bin/sh", "--user", "x"], "--user: not allowed with"),
        (["--kind", "pidfile", "--program", "/bin/sh", "--send", "x"], "--send: not allowed with"),
        ([*_SOCKET, "--user", "a b"], "--user 'a b': no name of a user"),
        ([*_SOCKET, "--send", '"'], "--send '\"': allowed are"),
        ([*_SOCKET, "--expect", "\\x"], "--expect '\\\\x': allowed are"),
        ([*_SOCKET, "--arguments", "-l"], "{port} must be in it for --kind socket"),
        (
            [*_SOCKET, "--arguments", "{port} {word}"],
            "allowed places are {address}, {port}, {host}",
        ),
        ([*_SOCKET, "--arguments", "{port:d}"], "allowed places are {address}, {port}, {host}"),
        ([*_SOCKET, "--arguments", "{port} {"], "a brace of its own is {{ or }}"),
        ([*_SOCKET, "--arguments", "{port} '"], "No closing quotation"),
        ([*_SOCKET, "--arguments", "{port} '$x'"], 'allowed is no " \\ $'),
        ([*_SOCKET, "--arguments", "{port} " + "x" * 56], "longer than 55"),
    ],
    ids=lambda each: " ".join(each)[:40] if isinstance(each, list) else "",
)
def test_a_wrong_option_of_a_kind_is_one_line(here, ark_here, words, told):
    result = ark_here("new", "my-app", *words)
    assert result.returncode == 1
    assert told in result.stderr
    assert result.stderr.startswith("ark: --")
    assert len(result.stderr.splitlines()) == 1
    assert list(here.iterdir()) == []


def test_a_program_that_others_could_write_is_refused(here, ark_here, tmp_path):
    program = _program(tmp_path / "thed", _SMALL)
    program.chmod(0o777)
    theirs = [(program, "mode 0777 lets others write it")]
    if os.geteuid() == 0:
        other = _program(tmp_path / "other", _SMALL)
        os.chown(other, 65534, 65534)
        theirs.append((other, "belongs to user id 65534"))
    for path, told in theirs:
        result = ark_here("new", "my-app", "--kind", "socket", "--program", str(path))
        assert result.returncode == 1
        assert result.stderr.startswith(f"ark: --program {path}: {told}")
        assert len(result.stderr.splitlines()) == 1
    assert list(here.iterdir()) == []


def test_the_names_of_our_own_distributions_are_refused(here, ark_here):
    assert {path.parent.name for path in ROOT.glob("plugins/*/pyproject.toml")} <= OURS
    for name in sorted(OURS):
        result = ark_here("new", name)
        assert result.returncode == 1
        assert f"{name!r}: taken by ark-{name}" in result.stderr
    assert list(here.iterdir()) == []


# What is made.


@pytest.mark.parametrize("kind", ["", *KINDS])
def test_a_distribution_has_all_that_is_published(here, ark_here, kind):
    words = ("--kind", kind, "--program", "/bin/sh") if kind else ()
    assert ark_here("new", "my-app", "--title", "業務", *words).returncode == 0
    made = here / "ark-my-app"
    declared = tomllib.loads((made / "pyproject.toml").read_text())["project"]
    assert declared["license"] == "Apache-2.0"
    assert declared["license-files"] == ["LICENSE"]
    assert (made / "LICENSE").read_text() == (ROOT / "LICENSE").read_text()
    assert declared["dependencies"] == [f"arkcore>={__version__}"]
    assert f"ark-testing>={__version__}" in declared["optional-dependencies"]["test"]
    assert f"## {declared['version']}\n" in (made / "CHANGELOG.md").read_text()
    versions = '["3.11", "3.12", "3.13"]'
    for workflow in (".github/workflows/test.yml", ".gitlab-ci.yml"):
        text = (made / workflow).read_text()
        assert versions in text
        assert ".ci/run" in text
    assert "${{ matrix.python }}" in (made / ".github/workflows/test.yml").read_text()
    for readme, other in (("README.md", "README.ja.md"), ("README.ja.md", "README.md")):
        text = (made / readme).read_text()
        assert f"({other})" in text
        for link in re.findall(r"\]\(([^)]+)\)", text):
            assert (made / link).exists()
        for path in re.findall(r"^\| `([^`]+\.\w+)`", text, re.M):
            assert (made / path).exists(), path


def _demanding(kind: str) -> list[str]:
    """Words with which each line of the source is as long as it can be."""
    arguments = {
        "socket": "-l{address}:{port} {{x}} " + "w" * 53 + " {address} {port}",
        "pidfile": "{pid_file} -p{pid_file}" + "w" * 28,
        "command": "{host} --" + "w" * 40 + "{word}",
    }
    program = "/bin" + "/." * 36 + "//sh"
    assert len(program) == 80
    words = ["--kind", kind, "--program", program, "--arguments", arguments[kind]]
    words += ["--user", "u" * 32] if kind != "command" else []
    words += ["--send", "s" * 76 + r"\r\n", "--expect", "e" * 80] if kind == "socket" else []
    return words


def test_each_kind_is_in_good_style_however_long_its_words(here, ark_here):
    for kind in KINDS:
        name = f"{kind}-" + "x" * (39 - len(kind))
        made = ark_here("new", name, "--title", "業" * 20, *_demanding(kind))
        assert made.returncode == 0, made.stderr
    for words in (("check",), ("format", "--check", "--diff")):
        command = [sys.executable, "-m", "ruff", *words, "--no-cache", "."]
        done = subprocess.run(command, cwd=here, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout


@pytest.fixture(scope="module")
def made(wheels, tmp_path_factory: pytest.TempPathFactory) -> tuple[Fresh, list[Path]]:
    """A plugin of each kind for a real daemon, installed where nothing of ours was."""
    directory = tmp_path_factory.mktemp("kinds")
    fresh = Fresh(directory / "environment")
    fresh.install(*wheels)
    small = _program(directory / "small", _SMALL)
    control = _program(directory / "control", _EXAMPLE)
    arguments = ("--arguments", f"{{word}} {directory} {{host}}")
    programs = {"socket": [small], "pidfile": [small], "command": [control, *arguments]}
    for kind in KINDS:
        words = ("--kind", kind, "--program", *programs[kind])
        fresh.call("ark", "new", f"a-{kind}", *words, cwd=directory)
    projects = [directory / f"ark-a-{kind}" for kind in KINDS]
    fresh.install(*projects)
    return fresh, projects


@pytest.mark.matrix
def test_each_kind_passes_its_own_tests_at_once(made):
    """The conformance kit, each on a daemon of its kind; beside each other, for they wait."""
    fresh, projects = made

    def tested(project: Path) -> str:
        return fresh.call(fresh.python, "-m", "pytest", "-q", cwd=project)

    with ThreadPoolExecutor() as pool:
        for told in pool.map(tested, projects):
            passed = re.search(r"(\d+) passed in", told)
            assert passed
            assert int(passed[1]) >= 25
            assert "skipped" not in told


@pytest.mark.matrix
def test_each_kind_passes_the_type_checker(made):
    fresh, projects = made
    packages = [path for project in projects for path in project.glob("src/*")]
    fresh.call(fresh.python, "-m", "mypy", "--strict", *packages)
