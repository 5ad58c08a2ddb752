"""One version for all distributions of this repository, and one place where it stands."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email.parser import HeaderParser
from importlib import metadata
from pathlib import Path

import pytest

import arkcore

HOME = Path(__file__).resolve().parent.parent.parent
PLUGINS = sorted(path.parent for path in HOME.glob("plugins/*/pyproject.toml"))
DISTRIBUTIONS = [HOME, *PLUGINS]


def name_of(home: Path) -> str:
    declared = tomllib.loads((home / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert isinstance(declared["name"], str)
    return declared["name"]


OURS = {name_of(home) for home in DISTRIBUTIONS}


def build(home: Path, target: str, into: Path) -> Path:
    argv = [sys.executable, "-m", "hatchling", "build", "--target", target, "-d", str(into)]
    subprocess.run(argv, cwd=home, check=True, capture_output=True)
    [made] = into.glob({"wheel": "*.whl", "sdist": "*.tar.gz"}[target])
    return made


def told(wheel: Path) -> tuple[str, list[str]]:
    """The version and the requirements in a wheel's metadata."""
    with zipfile.ZipFile(wheel) as packed:
        [name] = [each for each in packed.namelist() if each.endswith(".dist-info/METADATA")]
        headers = HeaderParser().parsestr(packed.read(name).decode())
    return headers["Version"], sorted(headers.get_all("Requires-Dist", []))


@pytest.mark.parametrize("home", DISTRIBUTIONS, ids=name_of)
def test_no_distribution_has_a_version_of_its_own(home: Path) -> None:
    declared = tomllib.loads((home / "pyproject.toml").read_text(encoding="utf-8"))
    assert "version" not in declared["project"]
    source = home / declared["tool"]["hatch"]["version"]["path"]
    assert source.resolve() == HOME / "arkcore/__init__.py"
    assert metadata.version(name_of(home)) == arkcore.__version__


@pytest.mark.parametrize("home", PLUGINS, ids=name_of)
def test_a_plugin_requires_ours_in_its_own_version(home: Path, tmp_path: Path) -> None:
    version, required = told(build(home, "wheel", tmp_path))
    assert version == arkcore.__version__
    assert f"arkcore=={version}" in required
    for each in required:
        if each.startswith("ark"):  # what tests need gets its version from its own requirement
            assert each.removesuffix(f"=={version}").removesuffix("; extra == 'test'") in OURS


@pytest.mark.parametrize("home", DISTRIBUTIONS, ids=name_of)
def test_a_wheel_made_from_the_sdist_is_the_same(home: Path, tmp_path: Path) -> None:
    with tarfile.open(build(home, "sdist", tmp_path)) as packed:
        packed.extractall(tmp_path, filter="data")
    [unpacked] = [each for each in tmp_path.iterdir() if each.is_dir()]
    direct, from_sdist = (build(at, "wheel", tmp_path / at.name) for at in (home, unpacked))
    assert told(from_sdist) == told(direct)
    with zipfile.ZipFile(from_sdist) as one, zipfile.ZipFile(direct) as other:
        assert set(one.namelist()) == set(other.namelist())


def test_an_update_takes_along_what_is_installed_of_ours() -> None:
    argv = [sys.executable, str(HOME / "tools/required"), "command"]
    done = subprocess.run(argv, check=True, capture_output=True, text=True)
    assert set(done.stdout.split()) == {f"./plugins/{home.name}" for home in PLUGINS}


def test_arkcore_can_be_installed_alone() -> None:
    # -S: what is installed of ours beside this Python would be printed too.
    argv = [sys.executable, "-S", str(HOME / "tools/required"), "arkcore"]
    done = subprocess.run(argv, check=True, capture_output=True, text=True)
    assert done.stdout.split() == []
