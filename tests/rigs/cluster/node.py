"""One node: its own network, processes, files, name and boot; a power cord."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from arkcore.machine.processes import Process, look, pids
from rigs.cluster.errors import CannotBuild, ClusterError
from rigs.cluster.held import ENVIRONMENT, Held
from rigs.cluster.network import Network

#: What a node has of its own, over this machine's. It survives a power cut; /run does not.
OWN = ("etc", "opt", "root", "srv", "usr", "var")

_FIRST_PROCESS = Path(__file__).with_name("first_process.py")
_INSIDE = ("mount", "pid", "uts", "ipc", "net")


class Node:
    """A machine of the cluster. Off until `boot` is called.

    :param number: the last part of its address.
    """

    def __init__(self, name: str, number: int, directory: Path, network: Network) -> None:
        self.name = name
        self.number = number
        self.directory = directory
        self._network = network
        self._held: Held | None = None
        self._power = threading.RLock()
        #: When it was booted last, CLOCK_MONOTONIC.
        self.booted = 0.0
        #: When its last process was gone, for each time that its power was cut.
        self.deaths: list[float] = []
        #: Called after each of them, before it can boot again, in whichever thread cut the power.
        self.after_death: list[Callable[[], None]] = []
        for part in ("files", "work", "tmp"):
            (directory / part).mkdir(parents=True)

    def __repr__(self) -> str:
        return f"Node({self.name})"

    # Power.

    def boot(self) -> None:
        """Switch on: mounts, cable, corosync, pacemakerd. Returns before the cluster has formed.

        Does nothing where the node is on.
        """
        with self._power:
            if self.alive:
                return
            plan = self.directory / "plan.json"
            plan.write_text(json.dumps(self._plan()))
            command = [sys.executable, "-I", str(_FIRST_PROCESS), str(plan)]
            held = Held(_INSIDE, command, self.directory / "daemons.log")
            self._held = held
            self.booted = time.monotonic()
            self._network.plug(self.name, held.pid, self.number)
            answer = held.ask("start")
            if answer != "start":
                held.kill()
                raise ClusterError(f"{self.name}: {answer or 'died while it came up'}")

    def cut_power(self) -> None:
        """SIGKILL to every process at once; returns when all are gone.

        What had been written to a file stays, as after a power cut of a machine whose disks had
        no write cache.
        """
        with self._power:
            if self._held is not None and self._held.alive:
                self._held.kill()
                self.deaths.append(time.monotonic())
                for hear in self.after_death:
                    hear()

    @property
    def alive(self) -> bool:
        return self._held is not None and self._held.alive

    @property
    def pid(self) -> int:
        """The first process, as this machine numbers it."""
        if self._held is None or not self._held.alive:
            raise ClusterError(f"{self.name} is off")
        return self._held.pid

    # Inside.

    def run(
        self, *argv: str, timeout: float = 60, check: bool = True, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in the node, as root, and wait for it.

        Nodes have this machine's /tmp. What a command that is killed would leave there goes with
        the node's directory instead.

        :raises ClusterError: the node is off, or (with `check`) the command said other than 0.
        """
        if self._held is None:
            raise ClusterError(f"{self.name} is off")
        done = subprocess.run(
            [*self._held.enter(*_INSIDE), *argv],
            input=stdin,
            capture_output=True,
            text=True,
            errors="backslashreplace",
            timeout=timeout,
            env={**ENVIRONMENT, "TMPDIR": str(self.directory / "tmp")},
            cwd="/",
        )
        if check and done.returncode != 0:
            said = (done.stderr or done.stdout).strip()
            raise ClusterError(f"{self.name}: {' '.join(argv)}: exit {done.returncode}: {said}")
        return done

    def file(self, path: str) -> Path:
        """Where the node's file `path` is found from outside, whether the node is on or off.

        Only files that the node itself has made or changed are there, and only beneath `OWN`.
        """
        top, _, rest = path.lstrip("/").partition("/")
        if top not in OWN:
            raise ValueError(f"{path}: not one of a node's own directories: {', '.join(OWN)}")
        return self.directory / "files" / top / rest

    def put(self, path: str, text: str, *, mode: int = 0o644, owner: str = "root") -> None:
        """Give the node a file of its own, whether it is on or off.

        While it is on, a file that it has seen already may keep its old content for it.
        """
        made = self.file(path)
        self._make_directory(os.path.dirname(path))
        made.write_text(text, encoding="utf-8")
        made.chmod(mode)
        shutil.chown(made, owner)

    def _make_directory(self, path: str) -> None:
        """With this machine's owner and mode: a directory laid over another hides them."""
        made = self.file(path)
        if made.is_dir():
            return
        if os.path.dirname(path) != "/":
            self._make_directory(os.path.dirname(path))
        made.mkdir(parents=True)
        if os.path.isdir(path):
            there = os.stat(path)
            os.chown(made, there.st_uid, there.st_gid)
            made.chmod(there.st_mode & 0o7777)

    def text(self, path: str) -> str:
        """What such a file holds; "" where there is none."""
        try:
            return self.file(path).read_text(encoding="utf-8", errors="backslashreplace")
        except FileNotFoundError:
            return ""

    def processes(self) -> list[Process]:
        """Every live process of the node, with this machine's process ids."""
        try:
            own = os.readlink(f"/proc/{self.pid}/ns/pid")
        except (OSError, ClusterError):
            return []
        found = []
        for pid in pids():
            try:
                inside = os.readlink(f"/proc/{pid}/ns/pid") == own
            except OSError:
                continue
            process = look(pid) if inside else None
            if process is not None:
                found.append(process)
        return found

    def mounted(self, directory: str) -> bool:
        """Whether something is mounted at `directory` in the node."""
        try:
            text = Path(f"/proc/{self.pid}/mountinfo").read_text()
        except (OSError, ClusterError):
            return False
        return any(line.split()[4] == directory for line in text.splitlines())

    def _plan(self) -> dict[str, object]:
        try:
            account = pwd.getpwnam("hacluster")
        except KeyError:
            raise CannotBuild("no account hacluster: pacemaker is not installed") from None
        return {
            "name": self.name,
            "directory": str(self.directory),
            "own": OWN,
            "account": {"uid": account.pw_uid, "gid": account.pw_gid},
            "environment": {"PCMK_logfacility": "none", "PCMK_logpriority": "info"},
        }
