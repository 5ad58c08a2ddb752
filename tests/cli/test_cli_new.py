"""`ark new`: what it refuses, and that what it makes is whole and works at once."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from fresh import Fresh

from arkcore.machine import processes

#: Seconds; the conformance kit and pip on a busy machine.
pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "author"
    place.mkdir()
    monkeypatch.chdir(place)
    return place


# What is refused.


@pytest.mark.parametrize(
    "name",
    [
        "",
        "My-app",
        "my_app",
        "my app",
        "-x",
        "x-",
        "x--y",
        "9x",
        "../x",
        "x/y",
        "x" * 41,
        "ä",
    ],
)
def test_a_name_that_cannot_be_one_everywhere_is_refused(here, ark_here, name):
    result = ark_here("new", "--", name)
    assert result.returncode == 1
    assert result.stderr == (
        f"ark: plugin name {name!r}: allowed are 1 to 40 small letters, digits and single - "
        f"between them, beginning with a letter\n"
    )
    assert list(here.iterdir()) == []


def test_a_name_with_the_distribution_s_prefix_is_refused_with_the_reason(here, ark_here):
    result = ark_here("new", "ark-my-app")
    assert result.returncode == 1
    assert "give it without ark-" in result.stderr
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "whose"), [("command", "ark-command 0.1.0"), ("toy-broken", "ark-toy 0.1.0")]
)
def test_a_name_that_an_installed_plugin_has_is_refused(here, ark_here, name, whose):
    result = ark_here("new", name)
    assert result.returncode == 1
    assert f"{name!r}: taken by {whose}, which is installed here; take another" in result.stderr
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("title", ["", " x", 'a "b"', "a\\b", "a$b", "a\nb", "x" * 41, "業" * 21])
def test_a_title_that_cannot_stand_between_quotes_is_refused(here, ark_here, title):
    result = ark_here("new", "my-app", "--title", title)
    assert result.returncode == 1
    assert result.stderr.startswith("ark: title ")
    assert len(result.stderr.splitlines()) == 1
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("kind", ["directory", "file", "dangling link"])
def test_what_exists_is_left_alone(here, ark_here, kind):
    target = here / "ark-my-app"
    if kind == "directory":
        target.mkdir()
    elif kind == "file":
        target.write_text("mine")
    else:
        target.symlink_to("nowhere")
    result = ark_here("new", "my-app")
    assert result.returncode == 1
    assert result.stderr == (f"ark: {target}: it exists already; name another with --directory\n")
    assert list(here.iterdir()) == [target]
    assert list(target.iterdir()) == [] if kind == "directory" else True


def test_a_place_that_cannot_be_written_is_one_line(here, ark_here):
    (here / "file").write_text("")
    result = ark_here("new", "my-app", "--directory", "file/ark-my-app")
    assert result.returncode == 1
    assert result.stderr.startswith(f"ark: {here}/file/")
    assert len(result.stderr.splitlines()) == 1


def test_where_it_cannot_be_finished_nothing_is_left(here, ark_here, monkeypatch):
    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device", str(target))

    monkeypatch.setattr(Path, "rename", full)
    result = ark_here("new", "my-app")
    assert (result.returncode, list(here.iterdir())) == (1, [])
    assert "No space left on device" in result.stderr


# What is made.


@pytest.mark.parametrize(
    ("name", "title"),
    [("a", "a"), ("x" * 40, "t" * 40), ("none", "None"), ("my-app-2", "業" * 20)],
)
def test_it_is_in_good_style_whatever_its_name(here, ark_here, name, title):
    assert ark_here("new", name, "--title", title).returncode == 0
    made = here / f"ark-{name}"
    for words in (("check",), ("format", "--check", "--diff")):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *words, "--no-cache", "."],
            cwd=made,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout
    project = tomllib.loads((made / "pyproject.toml").read_text())["project"]
    assert project["name"] == f"ark-{name}"
    module = f"ark_{name.replace('-', '_')}"
    assert project["entry-points"]["arkcore.plugins"] == {name: f"{module}:Plugin"}
    assert f'title = "{title}"' in (made / f"src/{module}/_plugin.py").read_text()


def test_nothing_of_the_template_shows(here, ark_here):
    assert ark_here("new", "my-app").returncode == 0
    files = [path for path in (here / "ark-my-app").rglob("*") if path.is_file()]
    assert len(files) >= 10
    for path in files:
        assert "MODULE" not in str(path)
        assert not path.name.endswith(".in")
        text = path.read_text()
        assert not re.search(r"\$(name|title|module|distribution)\b|\$\$", text), path
    assert subprocess.run(["/bin/sh", "-n", here / "ark-my-app/.ci/run"]).returncode == 0
    assert (here / "ark-my-app/.ci/run").stat().st_mode & 0o777 == 0o755


def test_it_says_what_to_do_next_in_the_reader_s_language(here, ark_here, monkeypatch):
    told = ark_here("new", "my-app", "--directory", "made here").stdout
    assert f"{sys.executable} -m pip install -e 'made here[test]'" in told
    assert "src/ark_my_app/_plugin.py" in told
    monkeypatch.setenv("LC_ALL", "ja_JP.UTF-8")
    assert "を作成しました" in ark_here("new", "my-app", "--directory", "again").stdout


@pytest.fixture(scope="module")
def made(wheels, tmp_path_factory: pytest.TempPathFactory) -> tuple[Fresh, Path]:
    """A new plugin, installed with arkcore into an environment where nothing of ours was."""
    directory = tmp_path_factory.mktemp("new")
    fresh = Fresh(directory / "environment")
    fresh.install(*wheels)
    project = directory / "ark-sample"
    fresh.call("ark", "new", "sample", "--title", "Sample", cwd=directory)
    fresh.install(project)
    return fresh, project


def test_a_new_plugin_passes_the_type_checker(made):
    fresh, project = made
    fresh.call(fresh.python, "-m", "mypy", cwd=project)


def test_a_new_plugin_is_taken_with_its_hooks(made):
    fresh, _ = made
    (facts,) = json.loads(fresh.call("ark", "plugins", "sample", "--json"))
    assert (facts["ok"], facts["title"], facts["distribution"]) == (True, "Sample", "ark-sample")
    assert "ark_preflight" in facts["hooks"]


def test_a_new_plugin_passes_its_own_tests(made):
    """The conformance kit, on the daemon that it comes with."""
    fresh, project = made
    # In parallel, for much of it is waiting.
    told = fresh.call(fresh.python, "-m", "pytest", "-n", "2", "-q", cwd=project)
    passed = re.search(r"(\d+) passed in", told)
    assert passed
    assert int(passed[1]) >= 25
    assert "skipped" not in told


def test_a_new_plugin_runs_under_the_four_programs(made, tmp_path):
    fresh, _ = made
    resources = tmp_path / "etc/ark/resources"
    resources.mkdir(parents=True)
    text = f'plugin = "sample"\nlogical_host = "HOST1"\n[options]\ndirectory = "{tmp_path}/run"\n'
    (resources / "lksample.toml").write_text(text)
    here = {"ARK_PREFIX": str(tmp_path)}
    pid_file = tmp_path / "run/HOST1.pid"
    fresh.call("ark", "validate", **here)
    try:
        for action in ("remove", "restore", "quickcheck", "recover", "quickcheck"):
            fresh.call(f"ark-{action}", "-t", "lksample", **here)
        pid = int(pid_file.read_text())
        assert processes.look(pid)
        fresh.call("ark-remove", "-t", "lksample", **here)
        assert not processes.look(pid)
    finally:
        fresh.run("ark", "run", "remove", "lksample", "--force", **here)
