"""What tests share of systemd: a real manager of its own, with units that a test writes.

It is Debian's systemd, run as a user's manager by root: `systemctl --user` is the same program and
the same interface. Its processes and control groups are this machine's; the machine's own systemd,
where there is one, knows nothing of it.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROGRAM = "/usr/lib/systemd/systemd"
#: The units that every service depends on.
_TARGETS = ("basic", "shutdown", "sysinit", "default")
#: systemd refuses to be a user's manager where the machine was not booted with systemd: this
#: directory tells (sd_booted(3)). It is made in the manager's own mount namespace alone.
_BEGIN = """\
echo $$ >"$1/cgroup.procs" || exit 1
exec setpriv --pdeathsig KILL unshare --mount /bin/sh -c '
    mkdir -p /run/systemd && mount --bind "$2" /run/systemd || exit 1
    exec "$3" --user --log-target=console --unit=default.target
' sh "$@"
"""


def _tops() -> list[str]:
    """Where groups can be made: version 2, and systemd's own hierarchy of version 1."""
    found = {}
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        left, _, right = line.partition(" - ")
        kind, top = right.split(" "), left.split(" ")[4]
        if kind[0] == "cgroup2" or (kind[0] == "cgroup" and "name=systemd" in kind[2]):
            if os.access(top, os.W_OK):
                found[os.stat(top).st_dev] = top
    return list(found.values())


def missing() -> str:
    """Why a systemd of one's own cannot be had here; "" where it can."""
    if os.geteuid() != 0:
        return "only root can give a systemd of its own the control groups that it needs"
    return "" if _tops() else "no control groups are mounted here that can be written"


class Manager:
    """A running systemd. `systemctl`: the program by which it is told."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.slice = f"arktest{secrets.token_hex(4)}.slice"
        self.units = directory / "units"
        self.systemctl = directory / "bin/systemctl"
        self._runtime = directory / "run"
        booted = directory / "booted"
        for each in (self.units, self.systemctl.parent, self._runtime, booted / "system"):
            each.mkdir(parents=True)
        for name in _TARGETS:
            (self.units / f"{name}.target").write_text("[Unit]\nDescription=of a test\n")
        self._environment = {
            "XDG_RUNTIME_DIR": str(self._runtime),
            "XDG_CONFIG_HOME": str(directory / "config"),
            "SYSTEMD_UNIT_PATH": f"{directory}/config/systemd/user:{self.units}",
            "PATH": "/usr/bin:/bin",
            "HOME": str(directory),
        }
        self._write_systemctl()
        self._groups = [Path(top, self.slice) for top in _tops()]
        for group in self._groups:
            group.mkdir()
        with (directory / "log").open("wb") as log:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", _BEGIN, "sh", str(self._entered()), str(booted), PROGRAM],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _entered(self) -> Path:
        """The group that the manager enters by itself; it makes the other hierarchy's likewise."""
        return self._groups[-1]

    def _write_systemctl(self) -> None:
        words = " ".join(f"{name}={value}" for name, value in self._environment.items())
        self.systemctl.write_text(
            f'#!/bin/sh\nexec /usr/bin/env {words} /usr/bin/systemctl --user "$@"\n'
        )
        self.systemctl.chmod(0o755)

    def await_answer(self) -> None:
        """Wait until it answers."""
        until = time.monotonic() + 20
        while "default.target" not in self.tell("list-units", "--state=active", check=False):
            log = (self.directory / "log").read_text("utf-8", "replace")
            assert self._process.poll() is None, f"systemd has ended: {log}"
            assert time.monotonic() < until, f"systemd does not answer: {log}"
            time.sleep(0.02)

    def tell(self, *words: str, check: bool = True) -> str:
        """What `systemctl <words>` prints."""
        done = subprocess.run(
            [self.systemctl, *words], capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0 or not check, done.stderr
        return done.stdout

    def unit(self, name: str, service: str, unit: str = "") -> str:
        """Write a service; its name, with `.service`."""
        (self.units / f"{name}.service").write_text(
            f"[Unit]\n{unit}\n[Service]\n{service}\n[Install]\nWantedBy=default.target\n"
        )
        self.tell("daemon-reload")
        return f"{name}.service"

    def pids(self, unit: str) -> list[int]:
        """The processes of a unit, by the kernel's word alone."""
        found: set[int] = set()
        for top in self._groups:
            for procs in top.glob(f"**/{unit}/**/cgroup.procs"):
                try:
                    found.update(map(int, procs.read_text().split()))
                except OSError:
                    continue  # the group is gone
        return sorted(found)

    @contextmanager
    def silent(self) -> Iterator[None]:
        """The manager stands still meanwhile: nobody answers."""
        os.kill(self._process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self._process.pid, signal.SIGCONT)

    def end(self) -> None:
        """End it with all that lives in its groups, and remove them."""
        self._process.kill()
        self._process.wait()
        until = time.monotonic() + 10
        for top in self._groups:
            while living := [pid for procs in top.glob("**/cgroup.procs") for pid in _read(procs)]:
                assert time.monotonic() < until, f"still there: {living}"
                for pid in living:
                    try:
                        os.kill(pid, signal.SIGKILL)
                    except ProcessLookupError:
                        continue
                time.sleep(0.01)
            for group in sorted(top.glob("**/"), key=lambda each: -len(each.parts)):
                group.rmdir()


def _read(procs: Path) -> list[int]:
    try:
        return [int(word) for word in procs.read_text().split()]
    except OSError:
        return []


@contextmanager
def own_manager() -> Iterator[Manager]:
    """A manager for as long as the block lasts."""
    directory = Path(tempfile.mkdtemp(prefix="ark-systemd-", dir="/tmp"))
    directory.chmod(0o755)
    manager = None
    try:
        manager = Manager(directory)
        manager.await_answer()
        yield manager
    finally:
        if manager is not None:
            manager.end()
        shutil.rmtree(directory, ignore_errors=True)
