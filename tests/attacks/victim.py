"""A node that everybody on the machine can see, with a resource to be attacked."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ark_testing.ocf import Agent
from support import PROGRAMS, wait_for

from arkcore.machine import processes

#: Timers that let an action be over within seconds.
TIMERS = {
    "restore.process": 10,
    "restore.cleanup": 3,
    "restore.confirm": 0.3,
    "force_stop_wait": 0.2,
    "remove.process": 6,
    "remove.force_reserve": 3,
    "remove.cleanup": 3,
    "quickcheck.process": 20,
    "quickcheck.cleanup": 3,
    "quickcheck.confirm": 0.1,
    "recover.process": 4,
    "recover.cleanup": 3,
    "lifekeeper.quickcheck_run": 8,
}

START = """\
#!/bin/sh
# The daemon writes no line of its own; its pid file lies beside its state.
setsid {home}/daemon 1000 </dev/null >/dev/null 2>&1 &
echo $! >{home}/run/web.pid
"""
STOP = """\
#!/bin/sh
kill "$(cat {home}/run/web.pid)" 2>/dev/null
rm -f {home}/run/web.pid
exit 0
"""
STATUS = """\
#!/bin/sh
# A zombie counts as dead: nobody may have awaited it yet.
pid=$(cat {home}/run/web.pid 2>/dev/null)
grep -qs '^State:[[:space:]]*[^ZX[:space:]]' "/proc/$pid/status" || exit 3
"""


class End:
    """How a program ended: its code, its seconds, what it printed.

    `cpu`: seconds of a processor that it and what it waited for have used. A busy machine adds
    little to them.
    """

    def __init__(self, code: int, seconds: float, output: str, cpu: float) -> None:
        self.code = code
        self.seconds = seconds
        self.cpu = cpu
        self.output = output

    def __repr__(self) -> str:
        return f"End({self.code}, {self.seconds:.2f} s, {self.output!r})"


class Victim:
    """One node beneath /tmp, owned by root; `web` is its resource, `home` the product's directory.

    Commands lie in `home`, which belongs to root; `run` and `data` beneath belong to the user.
    """

    def __init__(self, owner: int = 0, group: int = 0) -> None:
        # Not pytest's directory, which nobody else can enter.
        self.top = Path(tempfile.mkdtemp(prefix="ark-attack-", dir="/tmp"))
        self.top.chmod(0o755)
        self.owner = (owner, group)
        self.prefix = self.top / "node"
        self.resources = self.prefix / "etc/ark/resources"
        self.resources.mkdir(parents=True)
        self.home = self.top / "product"
        for path in (self.home, self.home / "run", self.home / "data"):
            path.mkdir()
        for path in (self.home / "run", self.home / "data"):
            os.chown(path, owner, group)
        shutil.copy("/bin/sleep", self.home / "daemon")
        for name, text in (("start", START), ("stop", STOP), ("status", STATUS)):
            self.command(name, text.format(home=self.home))

    # What the product is.

    def command(self, name: str, text: str) -> Path:
        path = self.home / name
        path.write_text(text)
        path.chmod(0o755)
        return path

    def configure(
        self,
        name: str = "web",
        *,
        plugin: str = "command",
        host: str = "LHWEB",
        timers: Mapping[str, float] = {},
        text: str = "",
        **options: object,
    ) -> Path:
        """Write a resource file; without options the product's three commands are its options."""
        if plugin == "command":
            given = {"start": [str(self.home / "start")], "stop": [str(self.home / "stop")]}
            if not {"status", "pid_file", "tcp"} & set(options):
                given["status"] = [str(self.home / "status")]
            options = {**given, **options}
        lines = [f'plugin = "{plugin}"', f'logical_host = "{host}"', text, "[timers]"]
        lines += [f"{key} = {value}" for key, value in {**TIMERS, **timers}.items()]
        lines += ["[options]", *(f"{key} = {toml(value)}" for key, value in options.items())]
        path = self.resources / f"{name}.toml"
        path.write_text("\n".join(lines) + "\n")
        path.chmod(0o644)
        return path

    def settings(self, text: str) -> None:
        path = self.prefix / "etc/ark/ark.toml"
        path.write_text(text)

    # What is done with it.

    def environment(self, more: Mapping[str, str] = {}) -> dict[str, str]:
        return {"ARK_PREFIX": str(self.prefix), "PATH": "/usr/bin:/bin:/usr/sbin:/sbin", **more}

    def act(self, action: str, resource: str = "web", *, timeout: float = 60) -> End:
        """Call one of the four programs as LifeKeeper does."""
        return self.call(PROGRAMS / f"ark-{action}", "-t", resource, "-i", "id", timeout=timeout)

    def ark(self, *words: object, timeout: float = 60, **more: str) -> End:
        return self.call(PROGRAMS / "ark", *words, timeout=timeout, environment=more)

    def call(
        self,
        *argv: object,
        timeout: float = 60,
        environment: Mapping[str, str] = {},
        prepare: Callable[[], None] | None = None,
        **more: object,
    ) -> End:
        """Run a program of ours as root, to its end; a late one fails the test."""
        began, used = time.monotonic(), _cpu_of_children()
        done = subprocess.run(
            [str(word) for word in argv],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=self.environment(environment),
            cwd="/",
            timeout=timeout,
            preexec_fn=prepare,
            start_new_session=True,
            check=False,
            **more,  # type: ignore[call-overload]
        )
        output = done.stdout.decode("utf-8", "backslashreplace")
        seconds, cpu = time.monotonic() - began, _cpu_of_children() - used
        return End(done.returncode, seconds, output, cpu)

    def agent(self, resource: str = "web", **parameters: object) -> Agent:
        return Agent(self.top / "agents", "command", str(self.prefix), resource, parameters)

    def restore(self, resource: str = "web") -> int:
        """Start the product; the pid of its daemon."""
        end = self.act("restore", resource)
        assert end.code == 0, f"{end}\n{self.ras}"
        return self.daemon()

    # What is seen of it.

    def daemon(self) -> int:
        """The pid of the product's daemon; 0 where none lives."""
        found = [pid for pid in pids() if executable(pid) == str(self.home / "daemon")]
        return found[0] if found else 0

    def kill_product(self) -> None:
        while pid := self.daemon():
            end(pid)

    @property
    def ras(self) -> str:
        path = self.prefix / "var/log/ark/ras.log"
        return path.read_text("utf-8", "backslashreplace") if path.is_file() else ""

    @property
    def status(self) -> dict[str, object]:
        """What `ark status --json` tells of `web`."""
        end = self.ark("status", "web", "--json")
        return json.loads(end.output)[0]  # type: ignore[no-any-return]

    def state(self, name: str, resource: str = "web") -> Path:
        return self.prefix / f"run/ark/resources/{resource}/{name}"

    def wanted(self) -> str:
        try:
            return str(
                json.loads(self.state("wanted.json").read_bytes().rstrip(b"\0 ")).get("wanted")
            )
        except (OSError, ValueError):
            return ""

    def close(self) -> None:
        end_all_below()
        # A file system that a test has mounted here in its own namespace is gone by now.
        shutil.rmtree(self.top, ignore_errors=True)


def toml(value: object) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key} = {toml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(toml(each) for each in value) + "]"
    return json.dumps(str(value) if isinstance(value, Path) else value)


def _cpu_of_children() -> float:
    spent = os.times()
    return spent.children_user + spent.children_system


def pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def executable(pid: int) -> str:
    """The executable of a process that lives; "" where none does."""
    try:
        state = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b") ")[2][:1]
        return "" if state in (b"Z", b"X") else os.readlink(f"/proc/{pid}/exe")
    except OSError:
        return ""


def end(pid: int) -> None:
    """Kill a process, and wait until nothing but a zombie is left of it."""
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not lives(pid))


def lives(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return False
    return stat.rpartition(b") ")[2][:1] not in (b"Z", b"X")


def end_all_below() -> None:
    """End what this test has left; this process is the subreaper, so nothing has escaped it."""
    until = time.monotonic() + 10
    while (left := processes.descendants({os.getpid()})) and time.monotonic() < until:
        # Stopped first: what goes on by way of its children cannot while it is stopped.
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for each in left:
                try:
                    os.kill(each.pid, number)
                except ProcessLookupError:
                    continue
        reap()


def reap() -> None:
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            time.sleep(0.002)
            return


def hold(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether `condition` holds all the time for so many seconds."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if not condition():
            return False
        time.sleep(0.01)
    return True


def words_of(pid: int) -> Sequence[bytes]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return []


def open_umask() -> None:
    os.umask(0)


def group_umask() -> None:
    os.umask(0o002)
