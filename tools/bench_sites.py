"""What the `ark` command and the programs in PATH take of a processor, on a large site too.

Counted is the time of a processor, and beside it how often an interpreter could have been started
in that time, which does not depend on the machine. Of many runs the tenth that took least counts:
what is above it is the machine's.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from ark_lab.testing import HOST, Lab

from arkcore.base.call import Action
from arkcore.machine import processes
from arkcore.managers.lifekeeper import launcher

PROGRAMS = Path(sys.executable).parent
#: The resources of a large site, and what asking about one may take: so many times the start of an
#: interpreter (7 ms where nothing else runs, so that two processors need 5 s for all).
RESOURCES, EACH = 1001, 1.5
#: A status looks through the process table as well: so many times.
WALKS = 2
#: The help may take so many times the start of an interpreter (0.12 s where nothing else runs).
HELP = 17.0
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


def start() -> float:
    """Seconds of a processor for the start of an interpreter."""
    pass_ = [sys.executable, "-I", "-c", "pass"]
    return least([seconds(pass_, {}) for _ in range(20)])


def walk() -> float:
    """Seconds of a processor for one look through the process table, environments too."""
    runs = []
    for _ in range(10):
        began = time.process_time()
        for pid in processes.pids():
            if processes.look(pid) is not None:
                processes.environment(pid)
        runs.append(time.process_time() - began)
    return least(runs)


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
    unit = start()
    print(f"| {RESOURCES} resources, each | of a processor | starts of an interpreter |")
    print("|---|---|---|")
    too_much = []
    for command, walks in (("validate", 0), ("status", WALKS)):
        each = seconds([ark, command], ours) / RESOURCES
        looking = walks * walk()
        most = EACH + looking / unit
        bound = f"at most {most:.2f}" + (f", {walks} walks of the table among them" * bool(walks))
        print(f"| ark {command} | {1000 * each:.1f} ms | {each / unit:.2f} ({bound}) |")
        if each / unit > most:
            too_much.append(command)
    print()
    if too_much:
        sys.exit(f"too much for each of {RESOURCES} resources: ark {', ark '.join(too_much)}")


def command_line() -> None:
    """The `ark` command without work. Ends the program beyond the limit."""
    words = {"ark --help": ["--help"], "ark --version": ["--version"]}
    runs: dict[str, list[float]] = {name: [] for name in words}
    for _ in range(ROUNDS):
        for name, given in words.items():
            runs[name].append(seconds([str(PROGRAMS / "ark"), *given], {"PATH": _PATH}))
    unit = start()
    print("| the command line | of a processor | starts of an interpreter |")
    print("|---|---|---|")
    for name, found in runs.items():
        bound = f"{least(found) / unit:.1f} (at most {HELP:g})"
        print(f"| {name} | {1000 * least(found):.0f} ms | {bound} |")
    print()
    if least(runs["ark --help"]) > HELP * unit:
        sys.exit(f"ark --help takes more than {HELP:g} starts of an interpreter")


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
