"""What the `ark` command and the programs in PATH take of a processor, on a large site too.

Seconds of a processor, for a busy machine only makes a run longer. Of many runs the tenth that took
least counts: what is above it is the machine's.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from ark_lab.testing import HOST, Lab

from arkcore.base.call import Action
from arkcore.managers.lifekeeper import launcher

PROGRAMS = Path(sys.executable).parent
#: The resources of a large site, and the seconds of a processor for asking about all of them.
RESOURCES, ALL = 1001, 10.0
#: Seconds of a processor for the help.
HELP = 0.12
#: A program in PATH may take so many times what a launcher does.
TIMES = 1.25
ROUNDS = 60
#: Where the programs are looked for that a resource's own are found by.
_PATH = "/usr/bin:/bin"


def seconds(argv: Sequence[str], environment: dict[str, str]) -> float:
    """Seconds of a processor that `argv` takes, and all that it waits for."""
    quiet = [(os.POSIX_SPAWN_OPEN, fd, "/dev/null", os.O_RDWR, 0) for fd in (0, 1, 2)]
    pid = os.posix_spawn(argv[0], argv, environment, file_actions=quiet)
    _, status, used = os.wait4(pid, 0)
    if code := os.waitstatus_to_exitcode(status):
        sys.exit(f"{' '.join(argv)}: exit code {code}")
    return used.ru_utime + used.ru_stime


def least(runs: Sequence[float]) -> float:
    """What the tenth of the runs that took least took at most."""
    return sorted(runs)[len(runs) // 10]


def large_site(directory: Path) -> None:
    """`ark validate` and `ark status` of many resources. Ends the program beyond the limit."""
    resources = directory / "etc/ark/resources"
    resources.mkdir(parents=True)
    for number in range(RESOURCES):
        (resources / f"app{number:04}.toml").write_text(
            f'plugin = "command"\nlogical_host = "LH{number:04}"\n[options]\n'
            'start = ["/bin/true"]\nstop = ["/bin/true"]\nstatus = ["/bin/false"]\n'
        )
    ours = {"ARK_PREFIX": str(directory), "PATH": _PATH}
    ark = str(PROGRAMS / "ark")
    print(f"| {RESOURCES} resources | seconds of a processor | at most |")
    print("|---|---|---|")
    worst = 0.0
    for command in ("validate", "status"):
        took = seconds([ark, command], ours)
        worst = max(worst, took)
        each = 1000 * took / RESOURCES
        print(f"| ark {command} | {took:.1f} s, {each:.1f} ms each | {ALL:g} s |")
    print()
    if worst > ALL:
        sys.exit(f"asking about {RESOURCES} resources takes more than {ALL:g} s of a processor")


def command_line() -> None:
    """The `ark` command without work. Ends the program beyond the limit."""
    words = {"ark --help": ["--help"], "ark --version": ["--version"]}
    runs: dict[str, list[float]] = {name: [] for name in words}
    for _ in range(ROUNDS):
        for name, given in words.items():
            runs[name].append(seconds([str(PROGRAMS / "ark"), *given], {"PATH": _PATH}))
    print("| the command line | seconds of a processor | at most |")
    print("|---|---|---|")
    for name, found in runs.items():
        print(f"| {name} | {least(found):.3f} s | {HELP:g} s |")
    print()
    if least(runs["ark --help"]) > HELP:
        sys.exit(f"ark --help takes more than {HELP:g} s of a processor")


def program_in_path(directory: Path) -> None:
    """A healthy check by the program in PATH, beside a launcher. Ends the program beyond it."""
    with Lab(directory / "lab") as lab:
        jp1 = lab.node("node1", product=None)
        prefix = directory / "ark"
        resources = prefix / "etc/ark/resources"
        resources.mkdir(parents=True)
        (resources / "lkjp1_base.toml").write_text(
            f'plugin = "jp1-base"\nlogical_host = "{HOST}"\n[options]\nroot = "{jp1.root}"\n'
        )
        copy = directory / "quickcheck"
        copy.write_text(launcher(Action.QUICK_CHECK, str(prefix)))
        copy.chmod(0o755)
        ours = {"ARK_PREFIX": str(prefix), "PATH": _PATH}
        tag = ["-t", "lkjp1_base"]
        seconds([str(PROGRAMS / "ark-restore"), *tag], ours)
        candidates = {
            "the launcher that LifeKeeper has": str(copy),
            "ark-quickcheck in PATH": str(PROGRAMS / "ark-quickcheck"),
        }
        runs: dict[str, list[float]] = {name: [] for name in candidates}
        for _ in range(ROUNDS):
            for name, program in candidates.items():
                runs[name].append(seconds([program, *tag], ours))
        seconds([str(PROGRAMS / "ark-remove"), *tag], ours)
    print("| one healthy check of JP1/Base | of a processor | times the launcher |")
    print("|---|---|---|")
    base, *_ = (least(found) for found in runs.values())
    for name, found in runs.items():
        bound = f" (at most {TIMES:g})" if name.startswith("ark-") else ""
        print(f"| {name} | {1000 * least(found):.1f} ms | {least(found) / base:.2f}{bound} |")
    print()
    if least(runs["ark-quickcheck in PATH"]) > TIMES * base:
        sys.exit(f"the program in PATH takes more than {TIMES:g} times the launcher")


def sites(directory: Path) -> None:
    """All of these rows."""
    command_line()
    program_in_path(directory / "path")
    large_site(directory / "site")
