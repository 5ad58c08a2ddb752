"""A node in a hostile world: who else lives there, and what must be true after each action."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from support import PROGRAMS, Program, ToyNode, pairs_are_whole

from arkcore.machine import processes
from arkcore.machine.descent import become_subreaper

#: Seconds past its timers by which an action may end on a machine that has other work too.
MOMENT = 1.5

_LINE = re.compile(r"\[\d{4}/\d\d/\d\d \d\d:\d\d:\d\d\] : [^:]+ : [^:]+ : \S.*")


class World(ToyNode):
    """A toy's node with bystanders: another logical host's daemon, and a machine-wide one."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        # What loses its parent becomes this process's child: nothing can hide from us.
        assert become_subreaper()
        other = directory / "other"
        other.mkdir()
        shutil.copy("/bin/sleep", other / "daemon")
        shutil.copy("/bin/sleep", self.home / "shared-daemon")
        self.bystanders = [
            subprocess.Popen([other / "daemon", "1000"], start_new_session=True),
            # It lives in the toy's own directory and would pass for one of its processes.
            subprocess.Popen([self.home / "shared-daemon", "1000"], start_new_session=True),
        ]
        self._programs: list[Program] = []
        self._helpers: list[subprocess.Popen[bytes]] = []

    def close(self) -> None:
        for process in self.strangers() + self.own():
            processes.send(process, signal.SIGKILL)
        for helper in self.bystanders + self._helpers:
            helper.kill()
            helper.wait()
        for program in self._programs:
            program.process.kill()
            program.end()

    def helper(self, argv: Sequence[str | Path]) -> subprocess.Popen[bytes]:
        """Start something of the test's own, which is no leftover; it ends with the test."""
        helper = subprocess.Popen(argv, stdin=subprocess.DEVNULL, start_new_session=True)
        self._helpers.append(helper)
        return helper

    def start(
        self,
        action: str,
        resource: str = "toy1",
        *,
        through: Sequence[str] = (),
        **environment: str,
    ) -> Program:
        """Call one of the four programs; `through`: a command that becomes it."""
        began = time.monotonic()
        process = subprocess.Popen(
            [*through, PROGRAMS / f"ark-{action}", "-t", resource, "-i", "id"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env={"ARK_PREFIX": str(self.prefix), "PATH": "/usr/bin:/bin", **environment},
        )
        program = Program(process, began)
        self._programs.append(program)
        return program

    def own(self) -> list[processes.Process]:
        """The toy's daemons that descend from this test."""
        path = str(self.home / "daemon")
        return [each for each in _all_below_us() if processes.executable(each.pid) == path]

    def strangers(self) -> list[processes.Process]:
        """What lives below this test and is neither the toy's, nor a bystander, nor a program."""
        known = {helper.pid for helper in self.bystanders + self._helpers}
        known |= {each.process.pid for each in self._programs if each.process.returncode is None}
        found = [each for each in _all_below_us() if each.pid not in known]
        path = str(self.home / "daemon")
        return [each for each in found if processes.executable(each.pid) != path]

    def after(self, program: Program, code: int, within: float) -> None:
        """The program ends so, in time, and leaves nothing: what is true after every action."""
        ended = program.end()
        told = "\n".join(self.ras)
        assert ended == code, told
        assert program.seconds <= within + MOMENT, told
        self.is_whole()

    def is_whole(self) -> None:
        """Nothing of ours is left, the log is in order, and no bystander was touched."""
        told = "\n".join(self.ras)
        assert [_shown(each) for each in self.strangers()] == [], told
        assert pairs_are_whole(self.ras), told
        assert [line for line in self.ras_lines if not _LINE.fullmatch(line)] == []
        assert all(bystander.poll() is None for bystander in self.bystanders)


def _all_below_us() -> list[processes.Process]:
    return list(processes.descendants({os.getpid()}))


def _shown(process: processes.Process) -> str:
    return f"{process} {processes.arguments(process.pid)}"
