"""What the `ark` command takes of a processor, on a large site too.

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

from bench_measuring import Report

from arkcore.machine import processes

PROGRAMS = Path(sys.executable).parent
#: The resources of a large site, and what asking about one may take: so many times the start of an
#: interpreter (7 ms where nothing else runs, so that two processors need 5 s for all).
RESOURCES, EACH = 1001, 1.5
#: A status looks through the process table as well: so many times.
WALKS = 2
#: The help may take so many times the start of an interpreter (0.12 s where nothing else runs).
HELP = 17.0
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


def sites(report: Report, directory: Path) -> None:
    """The command without work, and on a large site."""
    command_line(report)
    large_site(report, directory)


def large_site(report: Report, directory: Path) -> None:
    """`ark validate` and `ark status` of many resources."""
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
    report.table(
        f"{RESOURCES} resources", "all of them", "each, of a processor", "starts of an interpreter"
    )
    for command, walks in (("validate", 0), ("status", WALKS)):
        began = time.monotonic()
        each = seconds([ark, command], ours) / RESOURCES
        wall = time.monotonic() - began
        looking = walks * walk()
        most = EACH + looking / unit
        bound = f"at most {most:.2f}" + (f", {walks} walks of the table among them" * bool(walks))
        times = each / unit
        report.row(
            f"ark {command}", f"{wall:.1f} s", f"{1000 * each:.1f} ms", f"{times:.2f} ({bound})"
        )
        report.hold(f"ark {command}, starts of an interpreter for each", times, most)


def command_line(report: Report) -> None:
    """The `ark` command without work."""
    words = {"ark --help": ["--help"], "ark --version": ["--version"]}
    runs: dict[str, list[float]] = {name: [] for name in words}
    for _ in range(ROUNDS):
        for name, given in words.items():
            runs[name].append(seconds([str(PROGRAMS / "ark"), *given], {"PATH": _PATH}))
    unit = start()
    report.table("the command line", "of a processor", "starts of an interpreter")
    for name, found in runs.items():
        times = least(found) / unit
        report.row(name, f"{1000 * least(found):.0f} ms", f"{times:.1f} (at most {HELP:g})")
        report.hold(f"{name}, starts of an interpreter", times, HELP)
