"""The wheels as they are published: what a node gets, and what it does without."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

#: What no module of the product imports, for it is not there on a node.
_FOR_TESTS = {"ark_testing", "ark_lab", "rigs", "pytest", "hypothesis", "unittest"}
#: A new plugin gets tests: `ark new` writes these files, and no program imports them.
_TEMPLATE = "arkcore/cli/template/"


def imported(source: str) -> set[str]:
    """The top-level packages that a source imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add((node.module or "").partition(".")[0])
    return found


@pytest.fixture(scope="module")
def arkcore_wheel(wheels: list[Path]) -> Path:
    assert wheels[0].name.startswith("arkcore-")
    return wheels[0]


def test_the_wheel_of_arkcore_holds_no_test_code(arkcore_wheel: Path) -> None:
    with zipfile.ZipFile(arkcore_wheel) as wheel:
        files = [name for name in wheel.namelist() if not name.startswith(_TEMPLATE)]
        tops = {name.partition("/")[0] for name in files}
        words = [name for name in files if "test" in name or "hostile" in name]
        needs = {
            name: found
            for name in files
            if name.endswith(".py") and (found := imported(wheel.read(name).decode()) & _FOR_TESTS)
        }
    assert {top.rpartition(".")[2] for top in tops} == {"arkcore", "data", "dist-info"}
    assert words == []
    assert needs == {}


def test_the_programs_for_lifekeeper_are_scripts_that_pip_gives_their_interpreter(
    arkcore_wheel: Path,
) -> None:
    with zipfile.ZipFile(arkcore_wheel) as wheel:
        scripts = {
            name.rpartition("/")[2]: wheel.read(name).decode()
            for name in wheel.namelist()
            if ".data/scripts/" in name
        }
        [made] = [name for name in wheel.namelist() if name.endswith("/entry_points.txt")]
        assert wheel.read(made).decode().split() == (
            ["[console_scripts]", "ark", "=", "arkcore.cli.main:main"]
        )
    assert {*scripts} == {"ark-restore", "ark-remove", "ark-quickcheck", "ark-recover"}
    assert {text.partition("\n")[0] for text in scripts.values()} == {"#!python"}


def test_an_installed_program_loads_as_little_as_a_launcher_and_nothing_beside_it(
    tmp_path: Path,
) -> None:
    program = tmp_path / "web"  # a copy, which the tag is the name of
    program.write_bytes((Path(sys.executable).parent / "ark-quickcheck").read_bytes())
    program.chmod(0o755)
    for name in ("arkcore", "os", "gc"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit(77)\n")
    done = subprocess.run(
        [program],
        env={"ARK_PREFIX": str(tmp_path / "node"), "PYTHONPROFILEIMPORTTIME": "1"},
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 0
    assert f"{tmp_path}/node/etc/ark/resources/web.toml: there is no such" in done.stderr
    before_the_guard = done.stderr.partition("arkcore.guard.guard\n")[0]
    loaded = {line.rpartition("|")[2].strip() for line in before_the_guard.splitlines()}
    assert "arkcore.managers.lifekeeper" in loaded
    assert loaded.isdisjoint({"re", "enum", "functools", "importlib.metadata"})


def test_the_wheel_of_ark_testing_holds_neither_rigs_nor_tests(wheels: list[Path]) -> None:
    [kit] = [each for each in wheels if each.name.startswith("ark_testing-")]
    with zipfile.ZipFile(kit) as wheel:
        names = wheel.namelist()
    assert "ark_testing/pytest_plugin.py" in names
    assert [name for name in names if "cluster/" in name or "torture" in name] == []
    assert {name.partition("/")[0] for name in names if ".dist-info/" not in name} == {
        "ark_testing"
    }


@pytest.fixture
def node_library(arkcore_wheel: Path, tmp_path: Path) -> Path:
    """The libraries of a node: the wheel of arkcore, and what others wrote."""
    library = tmp_path / "library"
    with zipfile.ZipFile(arkcore_wheel) as wheel:
        wheel.extractall(library)
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if not path.name.startswith(("ark", "__editable__", "_ark")) and path.suffix != ".pth":
            (library / path.name).symlink_to(path)
    return library


@pytest.mark.parametrize(
    ("command", "distribution"), [("verify", "ark-testing"), ("demo", "ark-lab")]
)
def test_a_command_that_is_not_installed_says_what_to_install(
    node_library: Path, command: str, distribution: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-S", "-m", "arkcore.cli.main", command, "web", "--yes"],
        env={**os.environ, "PYTHONPATH": str(node_library), "LC_ALL": "C.UTF-8"},
        cwd=node_library,
        capture_output=True,
        text=True,
        check=False,
    )
    plugin = distribution.removeprefix("ark-")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith(
        f"ark: ark {command} comes with {distribution}, which is not installed in "
    )
    assert f'make install PLUGINS="{plugin}"' in done.stderr
    assert f"-m pip install {distribution}\n" in done.stderr


def test_nothing_that_plugins_require_brings_the_kit_to_a_node() -> None:
    home = Path(__file__).parents[2]
    plugins = [each.parent.name for each in home.glob("plugins/*/pyproject.toml")]
    shipped = sorted({*plugins} - {"testing", "lab"})
    # -S: what is installed beside this Python would be printed too.
    words = [sys.executable, "-S", str(home / "tools/required"), *shipped]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0
    assert set(done.stdout.split()) == {f"./plugins/{name}" for name in shipped}
