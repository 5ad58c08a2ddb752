"""What the benchmarks share: one process measured, candidates in turn, and tables in Markdown."""

from __future__ import annotations

import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

_QUIET = [(os.POSIX_SPAWN_OPEN, fd, "/dev/null", os.O_RDWR, 0) for fd in (0, 1, 2)]
_MARKS = re.compile(r"(<!-- figures -->\n).*?(<!-- end of figures -->)", re.S)


class Program:
    """A command line with its environment."""

    def __init__(self, argv: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        self.argv = list(argv)
        self.environment = dict(environment or {})

    def spawn(self) -> int:
        return os.posix_spawn(self.argv[0], self.argv, self.environment, file_actions=_QUIET)

    def run(self) -> Run:
        began = time.perf_counter()
        return Run(self, self.spawn(), began)


class Run:
    """One process, awaited. `wall` and `cpu` in milliseconds, with what it waited for."""

    def __init__(self, program: Program, pid: int, began: float) -> None:
        _, status, used = os.wait4(pid, 0)
        self.wall = 1000 * (time.perf_counter() - began)
        self.cpu = 1000 * (used.ru_utime + used.ru_stime)
        code = os.waitstatus_to_exitcode(status)
        if code:
            sys.exit(f"{' '.join(program.argv)}: exit code {code}, expected 0")


def in_turn(candidates: Mapping[str, Program], rounds: int) -> dict[str, list[Run]]:
    """Runs of each in turn, so that what else the machine does falls on all alike."""
    runs: dict[str, list[Run]] = {name: [] for name in candidates}
    for _ in range(rounds):
        for name, program in candidates.items():
            runs[name].append(program.run())
    return runs


def median(runs: Sequence[Run], what: str = "cpu") -> float:
    return statistics.median(getattr(run, what) for run in runs)


def ratio(runs: Sequence[Run], base: Sequence[Run], what: str = "cpu") -> float:
    """Times the base: the median over the rounds, each of which saw the same machine."""
    pairs = zip(runs, base, strict=True)
    return statistics.median(getattr(one, what) / getattr(other, what) for one, other in pairs)


def peak_memory(program: Program) -> float:
    """The largest resident set of it and of the processes it waits for, in MB.

    The kernel counts the parent's memory until the new program is loaded, so a shell, which is
    smaller than what is measured, is the parent.
    """
    ask = (
        "import os, resource, sys; "
        "pid = os.posix_spawn('/bin/sh', ['sh', '-c', '\"$@\" >/dev/null 2>&1; :', *sys.argv], "
        "os.environ); os.waitpid(pid, 0); "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    answer = subprocess.run(
        [sys.executable, "-IS", "-c", ask, *program.argv],
        capture_output=True,
        text=True,
        check=True,
        env=program.environment,
    )
    return int(answer.stdout) / 1024


def system_calls(program: Program) -> int | None:
    """How many it makes, with its children; None without strace."""
    if shutil.which("strace") is None:
        return None
    with tempfile.NamedTemporaryFile() as file:
        subprocess.run(
            ["strace", "-f", "-qq", "-o", file.name, *program.argv],
            env={"PATH": os.environ["PATH"], **program.environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
        )
        lines = Path(file.name).read_text(errors="replace").splitlines()
    return sum("(" in line and " resumed>" not in line for line in lines)


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


class Report:
    """The tables, and what is beyond its bound."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.beyond: list[str] = []

    def table(self, *titles: str) -> None:
        if self.lines:
            self._say("")
        self.row(*titles)
        self._say("|" + "---|" * len(titles))

    def row(self, *cells: str) -> None:
        self._say(f"| {' | '.join(cells)} |")

    def hold(self, what: str, value: float, most: float) -> None:
        """Note where `value` is more than `most`."""
        if value > most:
            self.beyond.append(f"{what}: {value:.2f}, at most {most:g}")

    def _say(self, line: str) -> None:
        print(line, flush=True)
        self.lines.append(line)

    def write_into(self, pages: Sequence[Path]) -> None:
        """Put the tables between the marks of each page."""
        text = "\n".join(["", *self.lines, "", ""])
        for page in pages:
            before = page.read_text()
            after = _MARKS.sub(lambda found: found[1] + text + found[2], before)
            if not _MARKS.search(before):
                sys.exit(f"{page}: no place for the figures")
            page.write_text(after)


def waited(condition: Callable[[], bool], within: float = 60.0) -> bool:
    """Whether `condition` came to hold."""
    until = time.monotonic() + within
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True
