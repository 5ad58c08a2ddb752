"""The healthy check: beside what others write by hand, in a crowd, and many at once."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from ark_lab.standin import StandIn
from ark_lab.testing import HOST, Lab
from bench_measuring import (
    Program,
    Report,
    Run,
    foreign_processes,
    in_turn,
    median,
    peak_memory,
    ratio,
    system_calls,
)

from arkcore.base.call import Action
from arkcore.managers.lifekeeper import launcher

PROGRAMS = Path(sys.executable).parent
#: Runs of each candidate.
ROUNDS = int(os.environ.get("ROUNDS", "60"))
#: Logical hosts that run at the end, each of some processes.
RESOURCES = int(os.environ.get("RESOURCES", "200"))
#: The most that a healthy check may take of a processor, in times the bash script: the launcher,
#: and the program as pip installs it.
TIMES, TIMES_BY_PIP = 4.0, 5.0
#: The most that a crowd of whatever kind may make of it, in times itself.
GROWTH = 1.15
#: Megabytes.
MEMORY = 12.0
#: Seconds for so many checks at once.
AT_ONCE = {1: 1.0, 50: 1.0, 200: 3.0}

#: What an integrator writes by hand: the same two lines, the same two commands, timeout(1).
BASH = """\
#!/bin/bash
resource=lkjp1_base host={host} log={log}
tell() {{
    echo "[$(date '+%Y/%m/%d %H:%M:%S')] : $resource : $host : $1" >>"$log"
}}
tell "QuickCheck start."
timeout 12 {root}/opt/jp1base/bin/jbs_spmd_status -h "$host" -t 6 >/dev/null 2>&1
first=$?
timeout 12 {root}/opt/jp1base/bin/jevstat "$host" -t 6 >/dev/null 2>&1
second=$?
if [ $first -eq 0 ] && [ $second -eq 0 ]; then
    tell "QuickCheck completed."
    exit 0
fi
tell "QuickCheck failed."
exit 1
"""


class Node:
    """A node with JP1/Base of one logical host, its resource, and the programs for it."""

    def __init__(self, directory: Path, standin: StandIn) -> None:
        self.directory = directory
        self.standin = standin
        self.prefix = directory / "ark"
        self.resources = self.prefix / "etc/ark/resources"
        self.resources.mkdir(parents=True)
        self.copies = directory / "launchers"
        self.copies.mkdir()
        #: A directory of installed packages that the copies look through first.
        self.packages = directory / "packages"
        self.packages.mkdir()
        for each in Action:
            text = launcher(each, str(self.prefix))
            assert "sys.path += [" in text
            text = text.replace("sys.path += [", f"sys.path += [{str(self.packages)!r}, ", 1)
            (self.copies / each.word).write_text(text)
            (self.copies / each.word).chmod(0o755)
        self.protect("lkjp1_base", HOST)
        script = directory / "quickcheck.sh"
        log = directory / "bash.log"
        script.write_text(BASH.format(host=HOST, root=standin.root, log=log))
        script.chmod(0o755)
        self.bash = Program([str(script)], {"PATH": "/usr/bin:/bin"})

    def protect(self, name: str, host: str) -> None:
        (self.resources / f"{name}.toml").write_text(
            f'plugin = "jp1-base"\nlogical_host = "{host}"\n[options]\n'
            f'root = "{self.standin.root}"\n'
        )

    def copy(self, action: str, name: str = "lkjp1_base") -> Program:
        """As LifeKeeper calls it."""
        return Program([str(self.copies / action), "-t", name, "-i", "id"])

    def program(self, action: str) -> Program:
        """As pip has installed it."""
        environment = {"ARK_PREFIX": str(self.prefix), "PATH": "/usr/bin:/bin"}
        return Program([str(PROGRAMS / f"ark-{action}"), "-t", "lkjp1_base"], environment)

    def settle(self) -> None:
        """Have all that is to be recorded be recorded."""
        for _ in range(3):
            self.copy("quickcheck").run()


@contextmanager
def node(directory: Path) -> Iterator[Node]:
    """A node whose JP1/Base runs."""
    directory.mkdir()
    with Lab(directory) as lab:
        made = Node(directory, lab.node("node1", product=None))
        made.copy("restore").run()
        made.settle()
        yield made


def agent(
    agents: Path, directory: Path, name: str, action: str, interpreter: Sequence[str]
) -> Program:
    """An agent of Debian's package resource-agents."""
    home = agents / "usr/lib/ocf"
    environment = {
        "OCF_ROOT": str(home),
        "OCF_RESOURCE_INSTANCE": name,
        "OCF_RESKEY_state": str(directory / f"{name}.state"),
        "HA_RSCTMP": str(directory),
        "PATH": "/usr/bin:/bin:/usr/sbin:/sbin",
    }
    return Program([*interpreter, str(home / f"resource.d/heartbeat/{name}"), action], environment)


def beside_others(report: Report, here: Node, agents: Path, rounds: int) -> None:
    """The table of one check: ours, the bash script, two agents, and an interpreter alone."""
    # With this very interpreter, as ours: an agent's own first line may name another.
    kinds = {"dummypy": [sys.executable], "Dummy": ["/bin/sh"]}
    for name, interpreter in kinds.items():
        agent(agents, here.directory, name, "start", interpreter).run()
    ours = "ark-quickcheck, as LifeKeeper's copy"
    by_pip = "ark-quickcheck, as installed by pip"
    candidates = {
        ours: here.copy("quickcheck"),
        by_pip: here.program("quickcheck"),
        "bash script": here.bash,
        **{
            f"ocf:heartbeat:{name}": agent(agents, here.directory, name, "monitor", interpreter)
            for name, interpreter in kinds.items()
        },
        "python3 -IS -c pass": Program([sys.executable, "-IS", "-c", "pass"]),
    }
    here.program("quickcheck").run()
    runs = in_turn(candidates, rounds)
    bash = runs["bash script"]
    bounds = {ours: TIMES, by_pip: TIMES_BY_PIP}
    report.table(
        "one healthy check of JP1/Base, whole process",
        "time",
        "of a processor",
        "times the bash script",
        "peak memory",
        "system calls",
    )
    for name, program in candidates.items():
        times = ratio(runs[name], bash)
        memory, calls = peak_memory(program), system_calls(program)
        bound = f" (at most {bounds[name]})" if name in bounds else ""
        report.row(
            name,
            f"{median(runs[name], 'wall'):.1f} ms",
            f"{median(runs[name]):.1f} ms",
            f"{times:.2f}{bound}",
            f"{memory:.0f} MB",
            "–" if calls is None else f"{calls:,}",
        )
        if name in bounds:
            report.hold(f"{name}, times the bash script", times, bounds[name])
            report.hold(f"{name}, MB", memory, MEMORY)


class Growth:
    """A check as it was, and as it is among more of something."""

    def __init__(self, report: Report, here: Node, rounds: int) -> None:
        self._report = report
        self._here = here
        self._rounds = rounds
        report.table("the same check, of a processor", "then", "times the one before")

    def among(self, what: str, before: list[Run]) -> None:
        # The bash script tells how fast the machine is meanwhile.
        here = self._here
        runs = in_turn({"ours": here.copy("quickcheck"), "bash": here.bash}, self._rounds)
        grown = median(runs["ours"]) / median(before)
        self._report.row(what, f"{median(runs['ours']):.1f} ms", f"{grown:.2f} (at most {GROWTH})")
        self._report.hold(f"a check with {what}, times itself", grown, GROWTH)

    def alone(self) -> list[Run]:
        return in_turn({"ours": self._here.copy("quickcheck")}, self._rounds)["ours"]


def add_files(here: Node, number: int) -> None:
    """So many resource files more, of resources that do not run."""
    for each in range(number):
        (here.resources / f"more{each}.toml").write_text(
            f'plugin = "command"\nlogical_host = "MORE{each}"\n[options]\n'
            f'start = ["/bin/true"]\nstop = ["/bin/true"]\nstatus = ["/bin/true"]\n'
        )


def add_plugins(here: Node, number: int) -> None:
    """So many installed plugins more, in a directory that is looked through before all others."""
    for each in range(number):
        package = here.packages / f"ark_more{each}"
        package.mkdir()
        (package / "__init__.py").write_text("class Plugin:\n    pass\n")
        metadata = here.packages / f"ark_more{each}-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Name: ark-more{each}\nVersion: 1.0\n")
        (metadata / "entry_points.txt").write_text(
            f"[arkcore.plugins]\nmore{each} = ark_more{each}:Plugin\n"
        )


def run_many(here: Node, number: int) -> list[str]:
    """Have so many further logical hosts run; the names of all resources that run then."""
    names = [f"lkjp1_{each:03}" for each in range(number)]
    for name in names:
        host = f"LV{name[-3:]}"
        here.standin.logical_host(host, here.directory / "shared")
        here.protect(name, host)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda name: here.copy("restore", name).run(), names))
        for _ in range(2):
            list(pool.map(lambda name: here.copy("quickcheck", name).run(), names))
    return ["lkjp1_base", *names]


def at_once(report: Report, here: Node, names: Sequence[str]) -> None:
    """So many checks begun together, each of a resource that runs."""
    report.table("checks at once", "all are over after", "at most", "of a processor, each", "well")
    log = here.prefix / "var/log/ark/ras.log"
    for number, most in AT_ONCE.items():
        if number > len(names):
            continue
        size = log.stat().st_size
        programs = [here.copy("quickcheck", name) for name in names[:number]]
        began = time.perf_counter()
        pids = [(each, each.spawn()) for each in programs]
        runs = [Run(program, pid, began) for program, pid in pids]
        seconds = time.perf_counter() - began
        with log.open() as file:
            file.seek(size)
            well = sum(line.endswith(" : QuickCheck completed.\n") for line in file)
        report.row(
            f"{number}",
            f"{seconds:.2f} s",
            f"{most:g} s",
            f"{sum(run.cpu for run in runs) / number:.1f} ms",
            f"{well}",
        )
        report.hold(f"{number} checks at once, seconds", seconds, most)
        report.hold(f"of {number} checks at once, those that are not well", number - well, 0)


def healthy_check(report: Report, directory: Path, agents: Path, rounds: int = ROUNDS) -> None:
    with node(directory) as here:
        beside_others(report, here, agents, rounds)
        growth = Growth(report, here, rounds)
        before = growth.alone()
        with foreign_processes(2000):
            growth.among("2,000 processes of others", before)
        before = growth.alone()
        add_files(here, 999)
        here.settle()
        growth.among("1,000 resource files", before)
        before = growth.alone()
        add_plugins(here, 500)
        here.settle()
        growth.among("500 plugins more", before)
        before = growth.alone()
        names = run_many(here, RESOURCES - 1)
        here.settle()
        growth.among(f"{RESOURCES} resources that run", before)
        at_once(report, here, names)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(lambda name: here.copy("remove", name).run(), names))


def short_check(report: Report, directory: Path) -> None:
    """What CI can run: processor time only, few rounds, and bounds with room for noise."""
    with node(directory) as here:
        candidates = {"ours": here.copy("quickcheck"), "bash": here.bash}
        runs = in_turn(candidates, 20)
        times = ratio(runs["ours"], runs["bash"])
        add_files(here, 300)
        add_plugins(here, 300)
        here.settle()
        with foreign_processes(300):
            crowd = in_turn(candidates, 20)
        # Each beside the bash script of its own time: the machine may have become slower.
        grown = ratio(crowd["ours"], crowd["bash"]) / times
        memory = peak_memory(here.copy("quickcheck"))
        here.copy("remove").run()
    report.table("one healthy check of JP1/Base", "found", "at most")
    report.row("of a processor, times the bash script", f"{times:.2f}", f"{1.25 * TIMES:g}")
    report.row("among 300 processes, files and plugins more, times itself", f"{grown:.2f}", "1.4")
    report.row("peak memory", f"{memory:.0f} MB", f"{1.25 * MEMORY:g} MB")
    report.hold("times the bash script", times, 1.25 * TIMES)
    report.hold("among more, times itself", grown, 1.4)
    report.hold("peak memory, MB", memory, 1.25 * MEMORY)
