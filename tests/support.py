"""What the tests share: one node of their own, its toy application, the four programs."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import arkcore

PROGRAMS = Path(sys.executable).parent
#: Runs the rest of its arguments where no cgroup of version 2 is mounted.
WITHOUT_CGROUPS = [
    *("unshare", "--mount", sys.executable, "-ISc"),
    "import os, subprocess, sys\n"
    "sys.path.insert(0, sys.argv[1])\n"
    "from arkcore.machine import cgroup\n"
    "for each in cgroup.mounts():\n"
    "    subprocess.run(['umount', '-l', each.point], check=True)\n"
    "os.execv(sys.argv[2], sys.argv[2:])\n",
    str(Path(arkcore.__file__).parents[1]),
]


class Program:
    """A call of one of the four programs that is at work or over."""

    def __init__(self, process: subprocess.Popen[str], began: float) -> None:
        self.process = process
        self.began = began
        self.seconds = 0.0
        self.stderr = ""

    def end(self, timeout: float = 60) -> int:
        _, self.stderr = self.process.communicate(timeout=timeout)
        self.seconds = time.monotonic() - self.began
        return self.process.returncode


class ToyNode:
    """A node with one toy resource, beneath a directory of its own."""

    def __init__(self, directory: Path) -> None:
        self.prefix = directory
        self._made = boot_ticks()
        self.home = directory / "home"
        self.resources = directory / "etc/ark/resources"
        self.resources.mkdir(parents=True)
        self.home.mkdir()
        shutil.copy("/bin/sleep", self.home / "daemon")
        self.configure()

    def configure(self, name: str = "toy1", host: str = "LHOST1", **parts: Any) -> Path:
        """Write a resource file; `plugin`, `timers`, `options`, `text` (raw, before the tables)."""
        timers = parts.get("timers", {})
        options = {"home": str(parts.get("home", self.home)), **dict(parts.get("options", {}))}
        plugin = parts.get("plugin", "toy")
        lines = [f'plugin = "{plugin}"', f'logical_host = "{host}"', str(parts.get("text", ""))]
        lines += ["[timers]", *(f"{key} = {value}" for key, value in timers.items())]
        lines += ["[options]", *(f"{key} = {json.dumps(value)}" for key, value in options.items())]
        path = self.resources / f"{name}.toml"
        path.write_text("\n".join(lines) + "\n")
        return path

    def hooks(self, source: str) -> None:
        """Replace hooks of the toy; see tests/toy."""
        (self.home / "hooks.py").write_text(textwrap.dedent(source))

    def start(self, action: str, resource: str = "toy1", **environment: str) -> Program:
        began = time.monotonic()
        process = subprocess.Popen(
            [PROGRAMS / f"ark-{action}", "-t", resource, "-i", "id"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env={"ARK_PREFIX": str(self.prefix), "PATH": "/usr/bin:/bin", **environment},
        )
        return Program(process, began)

    def run(self, action: str, resource: str = "toy1") -> int:
        return self.start(action, resource).end()

    @property
    def ras(self) -> list[str]:
        """The messages of the RAS log, without time, resource and host."""
        return [line.split(" : ", 3)[3] for line in self.ras_lines]

    @property
    def ras_lines(self) -> list[str]:
        path = self.prefix / "var/log/ark/ras.log"
        return path.read_text().splitlines() if path.exists() else []

    def state(self, name: str, resource: str = "toy1") -> dict[str, object]:
        path = self.prefix / f"run/ark/resources/{resource}/{name}.json"
        return json.loads(path.read_text()) if path.exists() else {}

    def processes(self) -> list[int]:
        """The live processes whose executable or arguments lie in this node's directory."""
        found = []
        mark = str(self.prefix).encode()
        for pid in living_since(self._made):
            try:
                texts = read(f"/proc/{pid}/cmdline") + os.readlink(f"/proc/{pid}/exe").encode()
                environment = b"" if mark in texts else read(f"/proc/{pid}/environ")
            except OSError:
                continue
            if mark in texts or b"ARK_PREFIX=" + mark in environment.split(b"\0"):
                found.append(pid)
        return found

    def processes_of(self, program: str) -> list[int]:
        """Those of them that run a program of this name."""
        return [pid for pid in self.processes() if _executable(pid).endswith(f"/{program}")]

    def daemons(self) -> list[int]:
        """The toy's daemons that live."""
        wanted = str(self.home / "daemon")
        return [pid for pid in self.processes() if _executable(pid) == wanted]

    def kill_daemons(self, number: int = signal.SIGKILL) -> None:
        for pid in self.daemons():
            os.kill(pid, number)
        if number == signal.SIGKILL:
            wait_for(lambda: not self.daemons())


def boot_ticks() -> int:
    """The time since the boot as proc(5) has it, in ticks: no process that is made later is older.

    One tick less, for what has begun within it.
    """
    return int(time.clock_gettime(time.CLOCK_BOOTTIME) * os.sysconf("SC_CLK_TCK")) - 1


def living_since(ticks: int) -> Iterator[int]:
    """The live processes that were made since then, but for this one.

    A machine has hundreds that are older than a test: of those, one file is read and no more.
    """
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            state, *fields = read(f"/proc/{name}/stat").rpartition(b") ")[2].split()
        except (OSError, ValueError):
            continue
        if int(fields[18]) >= ticks and state not in (b"Z", b"X") and int(name) != os.getpid():
            yield int(name)


def read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _executable(pid: int) -> str:
    try:
        return os.readlink(f"/proc/{pid}/exe")
    except OSError:
        return ""


def wait_for(condition: Callable[[], object], within: float = 20.0) -> None:
    """Wait until `condition` holds; the test fails where it never does."""
    until = time.monotonic() + within
    while not condition():
        assert time.monotonic() < until, "what was waited for never came"
        time.sleep(0.01)


def pairs_are_whole(messages: list[str]) -> bool:
    """Whether each script's start line is followed by its end line before the next start."""
    open_script = ""
    for message in messages:
        began = re.fullmatch(r"(\w+) start\.", message)
        ended = re.match(r"(\w+) (completed|failed|aborted)\.", message)
        if began and began[1] in ("Restore", "Remove", "QuickCheck", "Recover"):
            if open_script:
                return False
            open_script = began[1]
        elif ended and ended[1] == open_script:
            open_script = ""
    return not open_script
