"""What is installed from elsewhere: locked, with hashes, under licences that are allowed."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

HOME = Path(__file__).resolve().parent.parent.parent
PROJECTS = [HOME / "pyproject.toml", *sorted(HOME.glob("plugins/*/pyproject.toml"))]
TESTS_OWN = [HOME / "tests/toy/pyproject.toml", HOME / "tests/wrong/pyproject.toml"]
LOCKS = ("build.txt", "run.txt", "test.txt", "audit.txt")


def load_audit() -> Any:
    spec = importlib.util.spec_from_file_location("ark_audit", HOME / "tools/audit.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


audit = load_audit()


def project(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def entries(lock: str) -> list[str]:
    """Each requirement of a lock file with its hashes, as one line."""
    text = (HOME / "requirements" / lock).read_text(encoding="utf-8")
    return [line for line in text.replace("\\\n", " ").splitlines() if not line.startswith("#")]


def required(path: Path) -> list[str]:
    """What a distribution requires beside those of ours."""
    declared = project(path)
    if "dependencies" in declared["project"]:
        found: list[str] = declared["project"]["dependencies"]
    else:
        found = declared["tool"]["hatch"]["metadata"]["hooks"]["custom"].get("others", [])
    return found


def ours() -> set[str]:
    return {canonicalize_name(project(path)["project"]["name"]) for path in PROJECTS}


def unlocked(required: list[str], lock: str) -> list[str]:
    """The requirements that a lock file does not meet; our own distributions are left out."""
    versions = {canonicalize_name(name): version for name, version in audit.locked(lock).items()}
    found = []
    for text in required:
        requirement = Requirement(text)
        name = canonicalize_name(requirement.name)
        if name in ours() or (requirement.marker and not requirement.marker.evaluate()):
            continue
        if name not in versions or versions[name] not in requirement.specifier:
            found.append(text)
    return found


# Locks.


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_requirement_has_one_version_and_hashes(lock: str) -> None:
    assert entries(lock)
    for entry in entries(lock):
        assert re.match(r"[\w.-]+==[\w.]+ ( ?; [^-]+ )? *--hash=sha256:[0-9a-f]{64}", entry), entry


@pytest.mark.parametrize("path", PROJECTS, ids=lambda path: path.parent.name)
def test_the_locks_meet_what_a_distribution_requires(path: Path) -> None:
    declared = project(path)["project"]
    assert unlocked(required(path), "run.txt") == []
    extras = declared.get("optional-dependencies", {})
    assert unlocked(extras.get("test", []), "test.txt") == []


@pytest.mark.parametrize("path", [*PROJECTS, *TESTS_OWN], ids=lambda path: path.parent.name)
def test_the_build_back_end_is_pinned_to_the_locked_version(path: Path) -> None:
    locked = audit.locked("build.txt")["hatchling"]
    assert project(path)["build-system"]["requires"] == [f"hatchling=={locked}"]


def test_what_a_lock_shares_with_another_has_one_version() -> None:
    tested = audit.locked("test.txt")
    for lock in ("build.txt", "run.txt"):
        assert audit.locked(lock).items() <= tested.items()


def test_a_file_with_another_hash_is_not_installed(tmp_path: Path) -> None:
    (tmp_path / "mdurl-0.1.2-py3-none-any.whl").write_bytes(b"something else")
    [entry] = [each for each in entries("run.txt") if each.startswith("mdurl==")]
    lock = tmp_path / "lock.txt"
    lock.write_text(f"{entry}\n")
    argv = [sys.executable, "-m", "pip", "install", "--require-hashes", "--no-deps", "--no-index"]
    argv += ["--isolated", "--find-links", str(tmp_path), "--target", str(tmp_path / "t")]
    done = subprocess.run([*argv, "-r", str(lock)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in done.stderr
    assert not (tmp_path / "t").exists()


# Versions of Python.


def claimed_pythons() -> list[str]:
    makefile = (HOME / "Makefile").read_text(encoding="utf-8")
    found = re.search(r"^TESTED := (.*)$", makefile, re.MULTILINE)
    assert found is not None
    assert re.search(r"^PYTHONS \?= \$\(TESTED\)", makefile, re.MULTILINE)
    return found[1].split()


@pytest.mark.parametrize("path", PROJECTS, ids=lambda path: path.parent.name)
def test_the_classifiers_name_the_versions_that_are_tested(path: Path) -> None:
    prefix = "Programming Language :: Python :: "
    named = [
        each.removeprefix(prefix)
        for each in project(path)["project"]["classifiers"]
        if re.fullmatch(re.escape(prefix) + r"3\.\d+", each)
    ]
    assert named == claimed_pythons()
    assert project(path)["project"]["requires-python"] == f">={named[0]}"


def test_a_version_that_is_not_here_is_named_and_left_out() -> None:
    done = subprocess.run(
        [HOME / "tools/pythons", "1", "3.99"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert done.stderr == "Python 3.99: not on this machine (PATH, pyenv); its tests are LEFT OUT\n"


# Licences.

RULES = {
    "allowed": ["MIT", "Apache-2.0"],
    "accepted": {"tool": "MPL-2.0: only for tests", "shipped": "MPL-2.0: no reason counts"},
    "words": {"MIT License": "MIT"},
}


@pytest.mark.parametrize(
    ("name", "told", "problem"),
    [
        ("x", ["MIT"], ""),
        ("x", ["MIT License"], ""),
        ("x", ["GPL-3.0-only OR MIT"], ""),
        ("x", ["Apache-2.0 AND MIT"], ""),
        ("x", ["(GPL-3.0-only AND MIT) OR Apache-2.0"], ""),
        ("tool", ["MPL-2.0"], ""),
        ("x", ["MIT AND GPL-3.0-only"], "its licence MIT AND GPL-3.0-only is not allowed"),
        ("x", ["MIT", "GPL-3.0-only"], "its licence GPL-3.0-only is not allowed"),
        ("x", ["MPL-2.0"], "its licence MPL-2.0 is not allowed"),
        ("shipped", ["MPL-2.0"], "its licence MPL-2.0 is not allowed"),
        ("x", [], "its metadata names no licence"),
    ],
)
def test_a_licence_that_is_not_allowed_is_a_problem(
    name: str, told: list[str], problem: str
) -> None:
    assert audit.Policy(RULES, {"shipped"}).problem(name, told) == problem


def test_what_is_installed_here_has_allowed_licences() -> None:
    assert audit.licence_problems() == []


# Vulnerabilities.

KNOWN: dict[str, Any] = {"name": "x", "version": "1", "vulns": []}
SKIPPED = {"name": "x", "skip_reason": "not found"}


def told(*dependencies: dict[str, Any]) -> str:
    """What pip-audit prints of them."""
    return json.dumps({"dependencies": dependencies})


def asked(tmp_path: Path, script: str) -> subprocess.CompletedProcess[str]:
    """`make audit` with a program in pip-audit's place."""
    program = tmp_path / "pip-audit"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    argv = [sys.executable, str(HOME / "tools/audit.py"), str(program)]
    return subprocess.run(argv, capture_output=True, text=True, check=False)


def test_a_known_vulnerability_fails_the_audit(tmp_path: Path) -> None:
    done = asked(tmp_path, f"echo '{told({**KNOWN, 'vulns': [{'id': 'CVE-1'}]})}'; exit 1")
    assert (done.returncode, done.stderr) == (1, "vulnerabilities: x 1: CVE-1\n")


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("echo 'cannot connect' >&2; exit 1", "cannot connect"),
        ("exit 3", "pip-audit returned 3"),
        (f"echo '{told(SKIPPED, SKIPPED)}'", "none of 2 distributions, so it was not reached"),
        (f"echo '{told(SKIPPED, KNOWN)}'", "it does not know x"),
    ],
)
def test_a_database_that_is_not_reached_is_told_and_fails_nothing(
    tmp_path: Path, script: str, why: str
) -> None:
    done = asked(tmp_path, script)
    assert done.returncode == 0
    assert "vulnerabilities: NOT CHECKED" in done.stdout
    assert done.stdout.rstrip().endswith(why)


def test_nothing_known_is_told_only_where_all_was_asked(tmp_path: Path) -> None:
    done = asked(tmp_path, f"echo '{told(KNOWN)}'")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "vulnerabilities: none is known")
