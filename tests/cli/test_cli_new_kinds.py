"""`ark new --kind`: what it refuses, and that each kind protects a real daemon at once."""

from __future__ import annotations

import os
import re
import runpy
import secrets
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fresh import ROOT, Fresh
from own_systemd import Manager, missing, own_manager

from arkcore import __version__
from arkcore.cli.kinds import KINDS
from arkcore.cli.new import OURS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

#: Seconds; some conformance kits and pip on a busy machine.
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


def _words(kind: str, program: object = "/bin/sh") -> list[str]:
    """The options that a plugin of a kind cannot be made without; none for no kind."""
    if not kind:
        return []
    return [
        "--kind",
        kind,
        *(["--unit", "app.service"] if kind == "systemd" else []),
        *_of(program),
    ]


def _of(program: object) -> list[str]:
    return ["--program", str(program)]


# What is refused.

_UNIT = ("--kind", "systemd", "--unit")
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
        (["--kind", "systemd"], "--kind systemd: needs --unit UNIT"),
        (["--unit", "a.service"], "--unit: allowed only with --kind"),
        ([*_SOCKET, "--unit", "a.service"], "--unit: not allowed with --kind socket"),
        ([*_UNIT, "a.service", "--arguments", "x"], "--arguments: not allowed with --kind systemd"),
        ([*_UNIT, "a.service", "--program", "systemctl"], "'systemctl': must be an absolute path"),
        ([*_UNIT, "a"], "--unit 'a': allowed is the full name of a service"),
        ([*_UNIT, "a.socket"], "--unit 'a.socket': allowed is the full name of a service"),
        ([*_UNIT, "../a.service"], "--unit '../a.service': allowed is the full name of a service"),
        ([*_UNIT, "a" * 73 + ".service"], "of up to 80 letters"),
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
    assert ark_here("new", "my-app", "--title", "業務", *_words(kind)).returncode == 0
    made = here / "ark-my-app"
    declared = tomllib.loads((made / "pyproject.toml").read_text())["project"]
    assert declared["license"] == "Apache-2.0"
    assert declared["license-files"] == ["LICENSE"]
    assert (made / "LICENSE").read_text() == (ROOT / "LICENSE").read_text()
    needed = ["arkcore", "ark-systemd"] if kind == "systemd" else ["arkcore"]
    assert declared["dependencies"] == [f"{each}>={__version__}" for each in needed]
    assert all(f"plugins/{each[4:]}" in (made / ".ci/run").read_text() for each in needed[1:])
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
    if kind == "systemd":
        return [*_UNIT, "u" * 71 + "@.service", "--program", program]
    words = ["--kind", kind, "--program", program, "--arguments", arguments[kind]]
    words += ["--user", "u" * 32] if kind != "command" else []
    words += ["--send", "s" * 76 + r"\r\n", "--expect", "e" * 80] if kind == "socket" else []
    return words


def test_each_kind_is_in_good_style_however_long_its_words(here, ark_here):
    demanding = {kind: _demanding(kind) for kind in KINDS}
    demanding["unit"] = [*_UNIT, "u" * 72 + ".service"]
    for kind, words in demanding.items():
        name = f"{kind}-" + "x" * (39 - len(kind))
        made = ark_here("new", name, "--title", "業" * 20, *words)
        assert made.returncode == 0, made.stderr
    for words in (("check",), ("format", "--check", "--diff")):
        command = [sys.executable, "-m", "ruff", *words, "--no-cache", "."]
        done = subprocess.run(command, cwd=here, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout


@pytest.fixture(scope="module")
def manager() -> Iterator[Manager]:
    if missing():
        pytest.skip(missing())
    with own_manager() as made:
        yield made


@pytest.fixture(scope="module")
def made(
    wheels, manager: Manager, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Fresh, list[Path]]:
    """A plugin of each kind for a real daemon, installed where nothing of ours was."""
    directory = tmp_path_factory.mktemp("kinds")
    fresh = Fresh(directory / "environment")
    fresh.install(*wheels, ROOT / "plugins/systemd")
    small = _program(directory / "small", _SMALL)
    control = _program(directory / "control", _EXAMPLE)
    arguments = ("--arguments", f"{{word}} {directory} {{host}}")
    programs = {"socket": [small], "pidfile": [small], "command": [control, *arguments]}
    words = {kind: ["--kind", kind, "--program", *programs[kind]] for kind in programs}
    # One for each logical host, and one for a node.
    file = f"{directory}/%n.pid"
    service = f"Type=forking\nPIDFile={file}\nExecStart={small} --pid-file {file}"
    for name, at in (("unit", ""), ("instances", "@")):
        unit = manager.unit(f"small-{secrets.token_hex(3)}{at}", service)
        words[name] = [*_UNIT, unit, *_of(manager.systemctl)]
    for name, given in words.items():
        fresh.call("ark", "new", f"a-{name}", *given, cwd=directory)
    projects = [directory / f"ark-a-{name}" for name in words]
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


def test_the_two_sockets_of_the_tests_have_an_address_each(here, ark_here, tmp_path):
    """One that a node has in common is a warning of the kit, and so a failed test."""
    path = _program(tmp_path / "small", _SMALL)
    assert ark_here("new", "my-app", "--kind", "socket", "--program", str(path)).returncode == 0
    file = here / "ark-my-app/tests/test_conformance.py"
    made = runpy.run_path(str(file))["_host"]
    first, second = (made(number).options["address"] for number in (1, 2))
    assert first != second
