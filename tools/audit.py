"""Check what we install: the licence of each distribution, and known vulnerabilities.

Usage: python tools/audit.py [PIP-AUDIT]. Exit code 1 where a licence is not allowed, a distribution
is not the one that is locked, or a vulnerability is known.

Licences are read from the metadata of what is installed, and held to requirements/licences.toml.
Vulnerabilities are asked of pip-audit, a program that asks a database in the network; where that is
not reached, nothing is known, and that is said.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

REQUIREMENTS = Path(__file__).resolve().parent.parent / "requirements"
#: Seconds that pip-audit may take to reach its database.
_REACHING = 60


def locked(name: str) -> dict[str, str]:
    """The distributions that a lock file names for this interpreter, with their versions."""
    found = {}
    for line in (REQUIREMENTS / name).read_text(encoding="utf-8").splitlines():
        if re.match(r"[A-Za-z0-9]", line):
            requirement = Requirement(line.removesuffix("\\").strip())
            if requirement.marker is None or requirement.marker.evaluate():
                [version] = [each.version for each in requirement.specifier]
                found[requirement.name] = version
    return found


class Policy:
    """Which licences are allowed. `rules`: what licences.toml holds."""

    def __init__(self, rules: dict[str, object], on_nodes: set[str]) -> None:
        self._allowed = set(rules["allowed"])  # type: ignore[call-overload]
        self._accepted: dict[str, str] = rules["accepted"]  # type: ignore[assignment]
        self._words: dict[str, str] = rules["words"]  # type: ignore[assignment]
        self._on_nodes = on_nodes

    def problem(self, name: str, told: list[str]) -> str:
        """Why the licences `told` of the distribution `name` are not allowed; "" where they are."""
        if not told:
            return "its metadata names no licence"
        refused = [each for each in told if not self._allows(each)]
        if not refused:
            return ""
        if name in self._accepted and name not in self._on_nodes:
            return ""
        return f"its licence {', '.join(refused)} is not allowed"

    def _allows(self, told: str) -> bool:
        """Whether one alternative of an SPDX expression has allowed licences only."""
        expression = self._words.get(told, told)
        alternatives = re.split(r"\s+OR\s+", expression.replace("(", " ").replace(")", " "))
        return any(
            all(part.strip() in self._allowed for part in re.split(r"\s+AND\s+", each))
            for each in alternatives
        )


def licences(installed: Distribution) -> list[str]:
    """What a distribution's metadata says of its licence, the most exact of three fields."""
    metadata = installed.metadata
    expression = metadata.get("License-Expression")
    if expression:
        return [expression]
    prefix = "License :: OSI Approved :: "
    classifiers = metadata.get_all("Classifier") or []
    named = [each.removeprefix(prefix) for each in classifiers if each.startswith(prefix)]
    text = (metadata.get("License") or "").strip()
    return named or ([text.splitlines()[0]] if text else [])


def licence_problems() -> list[str]:
    """One line for each distribution that is not as it should be."""
    rules = tomllib.loads((REQUIREMENTS / "licences.toml").read_text(encoding="utf-8"))
    policy = Policy(rules, set(locked("run.txt")))
    found = []
    for name, version in {**locked("test.txt"), **locked("build.txt")}.items():
        try:
            installed = distribution(name)
        except PackageNotFoundError:
            found.append(f"{name} {version}: is not installed, so its licence is not known")
            continue
        if installed.version != version:
            found.append(f"{name} {installed.version}: is installed; {version} is locked")
        problem = policy.problem(name, licences(installed))
        if problem:
            found.append(f"{name} {version}: {problem} (requirements/licences.toml)")
    return found


def vulnerabilities(pip_audit: str) -> tuple[list[str], str]:
    """What is known of the locked versions, and why nothing is known; "" where it was asked."""
    argv = [pip_audit, "--require-hashes", "--disable-pip", "--progress-spinner", "off"]
    argv += ["--format", "json", "--requirement", str(REQUIREMENTS / "test.txt")]
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=_REACHING, check=False)
    except OSError as error:
        return [], f"{pip_audit} cannot be run: {error.strerror}"
    except subprocess.TimeoutExpired:
        return [], f"no answer within {_REACHING} s"
    try:
        dependencies = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError, TypeError):
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        return [], lines[-1].strip() if lines else f"pip-audit returned {done.returncode}"
    known = [
        f"{each['name']} {each.get('version', '?')}: {flaw['id']}"
        for each in dependencies
        for flaw in each.get("vulns", [])
    ]
    unknown = [each["name"] for each in dependencies if "skip_reason" in each]
    if unknown and len(unknown) == len(dependencies):
        return known, f"it knows none of {len(unknown)} distributions, so it was not reached"
    return known, f"it does not know {', '.join(unknown)}" if unknown else ""


def main(argv: list[str]) -> int:
    problems = licence_problems()
    for problem in problems:
        print(f"licences: {problem}", file=sys.stderr)
    if not problems:
        print("licences: all allowed")
    known, why = vulnerabilities(argv[0] if argv else "pip-audit")
    for each in known:
        print(f"vulnerabilities: {each}", file=sys.stderr)
    if why:
        print(f"vulnerabilities: NOT CHECKED; {why}")
    elif not known:
        print("vulnerabilities: none is known")
    return 1 if problems or known else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
