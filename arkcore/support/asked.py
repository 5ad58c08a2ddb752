"""What a bundle holds besides files: answers of `ark`, of the cluster manager, and versions.

Each command is a program of its own, with an end to its time: one that hangs or fails takes nothing
from the others, and what it said of its failure is an answer too.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from dataclasses import dataclass

from arkcore import __version__
from arkcore.base.deadline import Deadline
from arkcore.base.errors import described
from arkcore.machine.command import run
from arkcore.machine.whole_output import LARGEST, WholeOutput
from arkcore.plugin.discovery import GROUP, entry_points, installed, told_by
from arkcore.support.files import Content, Unreadable
from arkcore.support.gathered import Item
from arkcore.survey.machine import Machine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from arkcore.base.paths import Paths
    from arkcore.support.masking import Masker

#: Seconds for one command of `ark`, which has bounds of its own, for another, and for all.
_WITHIN, _WITHIN_OTHERS, _WITHIN_ALL = 90.0, 15.0, 240.0
#: Commands of `ark` by the name of their answer, without an extension. `.json`: with `--json` too.
_ANSWERS = {
    "status": ("status", True),
    "preflight": ("preflight", True),
    "plugins": ("plugins --check", False),
    "timers": ("timers", False),
    "lifekeeper": ("lifekeeper status", False),
}
#: What is asked of the machine, by the name of the answer.
_OTHERS = {
    "pacemaker-status": ("crm_mon", "-1", "-r", "-n"),
    "pacemaker-version": ("crm_mon", "--version"),
    "corosync-version": ("corosync", "-v"),
    "mounts": ("findmnt", "--real", "--noheadings", "--output", "TARGET,SOURCE,FSTYPE,OPTIONS"),
    "disk-space": ("df", "-lPT"),
    "processes": ("ps", "-eo", "pid,ppid,user,stat,lstart,wchan:32,comm"),
}
#: The packages of cluster software, as they begin.
_PACKAGES = (
    "steeleye",
    "lifekeeper",
    "lk",
    "pacemaker",
    "corosync",
    "pcs",
    "crmsh",
    "fence-agents",
)


@dataclass(frozen=True)
class Told:
    """What a program wrote, and how it ended; `problem`: why there is no answer."""

    output: str
    errors: str
    code: int | None
    problem: str


def ark(paths: Paths, *words: str, within: float = _WITHIN) -> Told:
    """Run `ark` with these words, as this user, in this language."""
    output = WholeOutput.discarded()
    languages = {key: os.environ[key] for key in ("LC_ALL", "LC_MESSAGES", "LANG", "LKROOT", "TZ")
                 if key in os.environ}  # fmt: skip
    try:
        result = run(
            [sys.executable, "-I", "-m", "arkcore.cli.main", *words],
            mark=f"-:{os.urandom(16).hex()}",
            deadline=Deadline.after(within),
            output=output,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/", "ARK_PREFIX": paths.prefix,
                 "COLUMNS": "160", **languages},
        )  # fmt: skip
        text = output.text()
        problem = result.error or (f"no end within {within:.0f} s" if result.late else "")
        if text is None:
            problem = problem or f"more than {LARGEST} bytes"
        return Told(text or "", output.end_of_errors(), result.returncode, problem)
    finally:
        output.close()


def answers(paths: Paths, masker: Masker) -> list[Item]:
    """What is asked of `ark` and of the machine when the bundle is written."""
    found = []
    end = _End()
    for name, (words, has_facts) in _ANSWERS.items():
        found.append(_of_ark(paths, masker, f"answers/{name}.txt", words.split(), end))
        if has_facts:
            found.append(
                _of_ark(paths, masker, f"answers/{name}.json", [*words.split(), "--json"], end)
            )
    machine = Machine()
    for name, command in _OTHERS.items():
        if machine.path_of(command[0]):
            found.append(_of_machine(machine, masker, f"answers/{name}.txt", command))
    return found


class _End:
    """When the last answer has to be there: so long after the first question."""

    def __init__(self) -> None:
        self._at: Deadline | None = None

    def remaining(self) -> float:
        if self._at is None:
            self._at = Deadline.after(_WITHIN_ALL)
        return self._at.remaining()


def versions(masker: Masker) -> Item:
    """The versions of everything that has a part in it."""
    return Item("versions.json", "installed distributions, the kernel, packages",
                lambda _: _masked_facts(masker, facts_of_versions(Machine())))  # fmt: skip


def facts_of_versions(machine: Machine) -> dict[str, Any]:
    """The versions, by what bears them."""
    return {
        "arkcore": __version__,
        "python": {"version": sys.version, "executable": sys.executable},
        "plugins": [
            {
                "name": each.name,
                "distribution": each.distribution,
                "version": each.version,
                "module": f"{each.module}:{each.attribute}",
            }
            for each in installed()
        ],
        "distributions": dict(sorted(_distributions().items())),
        "kernel": list(os.uname()),
        "libc": " ".join(platform.libc_ver()),
        "os_release": _os_release(machine),
        "boot": (machine.read("/proc/cmdline") or "").strip(),
        "packages": _packages(machine),
    }


def _distributions() -> dict[str, str]:
    """arkcore, the plugins' distributions, and all that these require, with their versions."""
    from importlib.metadata import PackageNotFoundError, distribution

    found: dict[str, str] = {}
    ahead = ["arkcore", *(told_by(each.dist, "name") for each in entry_points(GROUP))]
    while ahead:
        name = ahead.pop().lower().replace("_", "-")
        if name in found or len(found) > 200:
            continue
        try:
            one = distribution(name)
            found[name] = told_by(one, "version")
            for each in one.requires or ():
                if "extra ==" not in each:
                    ahead.append(_name_of(each))
        except PackageNotFoundError:
            found[name] = "not installed"
        except Exception as error:  # whatever broken metadata raises
            found[name] = described(error)
    return found


def _name_of(requirement: str) -> str:
    for position, character in enumerate(requirement):
        if not (character.isalnum() or character in "._-"):
            return requirement[:position]
    return requirement


def _os_release(machine: Machine) -> dict[str, str]:
    lines = (machine.read("/etc/os-release") or "").splitlines()
    pairs = (line.partition("=") for line in lines if "=" in line)
    return {key: value.strip("\"'") for key, _, value in pairs if "URL" not in key}


def _packages(machine: Machine) -> list[str]:
    """The installed packages of cluster software, with their versions."""
    if machine.path_of("dpkg-query"):
        answer = machine.run("dpkg-query", "-W", "-f=${Package} ${Version}\\n")
    elif machine.path_of("rpm"):
        answer = machine.run("rpm", "-qa", "--qf", "%{NAME} %{VERSION}-%{RELEASE}\\n")
    else:
        return []
    lines = answer.text.splitlines() if answer.ok else []
    return sorted(line for line in lines if line.lower().startswith(_PACKAGES))


def _of_ark(paths: Paths, masker: Masker, name: str, words: Sequence[str], end: _End) -> Item:
    def read(_: int) -> Content:
        within = min(_WITHIN, end.remaining())
        if within <= 0:
            raise Unreadable(f"not asked: the answers before it took {_WITHIN_ALL:g} s")
        told = ark(paths, *words, within=within)
        notes = [told.problem or f"exit code {told.code}"]
        if told.code == 0 and not told.problem:
            notes = []
        if not told.output:
            raise Unreadable("; ".join([*notes, " ".join(told.errors.split())]).strip("; "))
        if name.endswith(".json"):
            return Content(masker.json(told.output.encode()), "; ".join(notes))
        text = "\n".join(filter(None, [told.output, told.errors]))
        return Content(masker.data(text.encode()), "; ".join(notes))

    return Item(name, f"ark {' '.join(words)}", read)


def _of_machine(machine: Machine, masker: Masker, name: str, words: tuple[str, ...]) -> Item:
    def read(_: int) -> Content:
        answer = machine.run(*words, within=_WITHIN_OTHERS)
        if not answer.text:
            raise Unreadable(answer.problem or "it told nothing")
        return Content(masker.data(answer.text.encode()), answer.problem)

    return Item(name, " ".join(words), read)


def _masked_facts(masker: Masker, facts: Any) -> Content:
    text = json.dumps(masker.tree(facts), ensure_ascii=False, indent=1)
    return Content(f"{text}\n".encode("utf-8", "backslashreplace"))
