"""The figures of docs/en/benchmarks.md, each a ratio or a difference taken in one run.

Usage: tools/bench.py DIR, where DIR holds Debian's package resource-agents, unpacked.
"""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ark_lab.testing import HOST, Lab
from bench_readers import readers
from bench_sites import sites

from arkcore.base.call import Action
from arkcore.managers.lifekeeper import launcher

PROGRAMS = Path(sys.executable).parent
ROUNDS = 60
#: The most that a healthy check may take, in times the bash script.
TIMES = 4.5
#: Processes of others that are put beside it, and what it may take then, in times itself.
FOREIGN, GROWTH = 1500, 1.25

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


class Run:
    """One process, from its spawn to its end."""

    def __init__(self, argv: Sequence[str], environment: dict[str, str], expected: int) -> None:
        quiet = [(os.POSIX_SPAWN_OPEN, fd, "/dev/null", os.O_RDWR, 0) for fd in (0, 1, 2)]
        began = time.perf_counter()
        pid = os.posix_spawn(argv[0], argv, environment, file_actions=quiet)
        _, status = os.waitpid(pid, 0)
        self.milliseconds = 1000 * (time.perf_counter() - began)
        code = os.waitstatus_to_exitcode(status)
        if code != expected:
            sys.exit(f"{' '.join(argv)}: exit code {code}, expected {expected}")


def peak_memory(argv: Sequence[str]) -> float:
    """The largest resident set of `argv` and of the processes it waits for, in MB.

    The kernel counts the parent's memory until the new program is loaded, so a shell, which is
    smaller than what is measured, is the parent.
    """
    command = f"{' '.join(argv)}; cat /proc/$$/status >/dev/null"
    ask = (
        "import os, resource, sys; "
        "pid = os.posix_spawn('/bin/sh', ['sh', '-c', sys.argv[1]], {}); os.waitpid(pid, 0); "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    answer = subprocess.run(
        [sys.executable, "-IS", "-c", ask, command], capture_output=True, text=True, check=True
    )
    return int(answer.stdout) / 1024


def compare(candidates: dict[str, Callable[[], Run]], rounds: int) -> dict[str, list[Run]]:
    """Runs of each in turn, so that what else the machine does falls on all alike."""
    runs: dict[str, list[Run]] = {name: [] for name in candidates}
    for _ in range(rounds):
        for name, run in candidates.items():
            runs[name].append(run())
    return runs


@contextmanager
def foreign_processes(number: int) -> Iterator[None]:
    """So many processes of others on this machine, until the end of the `with`."""
    pids = [os.posix_spawn("/bin/sleep", ["sleep", "1000"], {}) for _ in range(number)]
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def median(runs: Sequence[Run]) -> float:
    return statistics.median(run.milliseconds for run in runs)


def healthy_check(directory: Path, agents: Path) -> None:
    with Lab(directory) as lab:
        jp1 = lab.node("node1", product=None)
        prefix = directory / "ark"
        resources = prefix / "etc/ark/resources"
        resources.mkdir(parents=True)
        (resources / "lkjp1_base.toml").write_text(
            f'plugin = "jp1-base"\nlogical_host = "{HOST}"\n[options]\nroot = "{jp1.root}"\n'
        )
        script = directory / "quickcheck.sh"
        script.write_text(BASH.format(host=HOST, root=jp1.root, log=directory / "bash.log"))
        script.chmod(0o755)
        ours = {"ARK_PREFIX": str(prefix), "PATH": "/usr/bin:/bin"}
        ocf = {
            "OCF_ROOT": str(agents / "usr/lib/ocf"),
            "OCF_RESOURCE_INSTANCE": "dummy",
            "OCF_RESKEY_state": str(directory / "dummy.state"),
            "HA_RSCTMP": str(directory),
            "PATH": "/usr/bin:/bin:/usr/sbin:/sbin",
        }
        dummy = agents / "usr/lib/ocf/resource.d/heartbeat/dummypy"

        copies = directory / "launchers"
        copies.mkdir()
        for each in Action:
            (copies / each.word).write_text(launcher(each, str(prefix)))
            (copies / each.word).chmod(0o755)

        def program(action: str) -> Callable[[], Run]:
            return lambda: Run([str(PROGRAMS / f"ark-{action}"), "-t", "lkjp1_base"], ours, 0)

        def copy(action: str) -> Callable[[], Run]:
            return lambda: Run([str(copies / action), "-t", "lkjp1_base", "-i", "id"], {}, 0)

        def agent(action: str) -> Callable[[], Run]:
            # With this very interpreter, as ours: its own first line may name another.
            return lambda: Run([sys.executable, str(dummy), action], ocf, 0)

        program("restore")()
        agent("start")()
        runs = compare(
            {
                "ark-quickcheck, as LifeKeeper's copy": copy("quickcheck"),
                "ark-quickcheck, as installed by pip": program("quickcheck"),
                "bash script": lambda: Run([str(script)], {"PATH": "/usr/bin:/bin"}, 0),
                "ocf:heartbeat:dummypy": agent("monitor"),
                "python3 -I -c pass": lambda: Run([sys.executable, "-I", "-c", "pass"], {}, 0),
            },
            ROUNDS,
        )
        with foreign_processes(FOREIGN):
            crowded = compare({"copy": copy("quickcheck")}, ROUNDS)["copy"]
        memory = {
            "ark-quickcheck": peak_memory([str(copies / "quickcheck"), "-t", "lkjp1_base"]),
            "ark-remove": peak_memory([str(copies / "remove"), "-t", "lkjp1_base"]),
            "ark-restore": peak_memory([str(copies / "restore"), "-t", "lkjp1_base"]),
            "python3 -I -c pass": peak_memory([sys.executable, "-I", "-c", "pass"]),
        }
        program("remove")()
    mine = median(runs["ark-quickcheck, as LifeKeeper's copy"])
    slowest = max(mine, median(runs["ark-quickcheck, as installed by pip"]))
    bash = median(runs["bash script"])
    print("| one healthy check of JP1/Base, whole process | median | times the bash script |")
    print("|---|---|---|")
    for name, found in runs.items():
        bound = f" (at most {TIMES})" if name.startswith("ark-") else ""
        print(f"| {name} | {median(found):.1f} ms | {median(found) / bash:.2f}{bound} |")
    growth = median(crowded) / mine
    crowd = f"| the copy, with {FOREIGN} more processes | {median(crowded):.1f} ms |"
    print(f"{crowd} {growth:.2f} times itself (at most {GROWTH}) |")
    print()
    print("| peak memory of one process | MB |")
    print("|---|---|")
    for name, megabytes in memory.items():
        print(f"| {name} | {megabytes:.0f} |")
    print()
    if slowest > TIMES * median(runs["bash script"]):
        sys.exit(f"a healthy check takes more than {TIMES} times the bash script")
    if growth > GROWTH:
        sys.exit(f"{FOREIGN} more processes make a healthy check {growth:.2f} times as long")


def readiness(directory: Path) -> None:
    """How long after its application is ready a restore is back."""
    print("| the application is ready after | restore is back after that | at most |")
    print("|---|---|---|")
    worst = 0.0
    for seconds in (0.2, 1.0, 3.0, 7.0):
        lags = []
        for number in range(5):
            home = directory / f"ready-{seconds}-{number}"
            resources = home / "etc/ark/resources"
            resources.mkdir(parents=True)
            ready = home / "ready"
            (resources / "app.toml").write_text(
                f"""
                plugin = "command"
                logical_host = "LH"
                [options]
                start = ["/bin/sh", "-c", "(sleep {seconds}; > {ready}; exec sleep 600) &"]
                stop = ["/bin/rm", "-f", "{ready}"]
                status = ["/usr/bin/test", "-e", "{ready}"]
                [timers]
                remove.process = 2
                """
            )
            ours = {"ARK_PREFIX": str(home), "PATH": "/usr/bin:/bin"}
            Run([str(PROGRAMS / "ark-restore"), "-t", "app"], ours, 0)
            lags.append(time.time() - ready.stat().st_mtime)
            Run([str(PROGRAMS / "ark-remove"), "-t", "app"], ours, 0)
        worst = max(worst, *lags)
        told = f"{statistics.median(lags):.2f} s, worst {max(lags):.2f} s"
        print(f"| {seconds:.1f} s | {told} | 0.3 s |")
    print()
    if worst > 0.3:
        sys.exit("a restore came back more than 0.3 s after the application was ready")


def main() -> None:
    agents = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory(prefix="ark-bench-") as name:
        os.chmod(name, 0o755)
        healthy_check(Path(name) / "check", agents)
        readiness(Path(name) / "ready")
        readers(Path(name))
        sites(Path(name) / "sites")


if __name__ == "__main__":
    main()
