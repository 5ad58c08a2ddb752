"""What is asked of a machine: its files and its programs. Nothing is changed by asking.

Programs are run without a shell, in plain English, and for a few seconds only. A program that is
missing, late or refuses is an answer too, which says so.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from dataclasses import dataclass

from arkcore.base.language import say
from arkcore.base.text import shown
from arkcore.survey.file_system import FileSystem, file_system_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

STANDARD = ("/usr/sbin", "/usr/bin", "/sbin", "/bin")
#: Seconds a program may take.
_WITHIN = 5.0
#: What a file or a program may tell, in bytes; the rest is not looked at.
_LARGEST = 1 << 20


@dataclass(frozen=True)
class Answer:
    """What a program answered. `problem`: why there is none, "" where there is one."""

    program: str
    text: str = ""
    returncode: int | None = None
    problem: str = ""
    missing: bool = False

    @property
    def ok(self) -> bool:
        return self.returncode == 0


class Machine:
    """One machine, by default this one.

    `root` comes before every file that is read; `programs` are the directories where programs are
    looked for, in this order; `clock` tells the seconds since the epoch.
    """

    def __init__(
        self,
        root: str = "",
        programs: Sequence[str] = STANDARD,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.root = root
        self.programs = tuple(programs)
        self.clock = clock

    @property
    def host_name(self) -> str:
        return os.uname().nodename

    def read(self, path: str) -> str | None:
        """The text of a file; None where it is not there or cannot be read."""
        try:
            with open(f"{self.root}{path}", "rb") as file:
                return file.read(_LARGEST).decode("utf-8", "replace")
        except OSError:
            return None

    def listed(self, directory: str) -> list[str]:
        """The names in a directory, sorted; empty where it is not there."""
        try:
            return sorted(os.listdir(f"{self.root}{directory}"))
        except OSError:
            return []

    def file_system(self, mount_point: str) -> FileSystem | None:
        """What is mounted exactly there, else what /etc/fstab will mount there; None for none."""
        return file_system_at(self.run, mount_point)

    def path_of(self, program: str) -> str | None:
        for directory in self.programs:
            path = f"{directory}/{program}"
            if os.path.isfile(path) and os.access(path, os.X_OK):
                return path
        return None

    def run(self, program: str, *arguments: str, within: float = _WITHIN) -> Answer:
        """Run `program`, and end it, with its children, after `within` seconds."""
        path = self.path_of(program)
        if path is None:
            return Answer(
                program,
                problem=say(
                    f"{program} is not installed", f"{program} がインストールされていません"
                ),
                missing=True,
            )
        try:
            child = subprocess.Popen(
                [path, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={"PATH": ":".join(self.programs), "LANG": "C", "LC_ALL": "C", "HOME": "/"},
                cwd="/",
                start_new_session=True,
            )
        except OSError as error:
            return Answer(
                program,
                problem=say(
                    f"{program} cannot be run: {error.strerror}",
                    f"{program} を実行できません: {error.strerror}",
                ),
            )
        try:
            out, err = child.communicate(timeout=within)
        except subprocess.TimeoutExpired:
            _end(child)
            return Answer(
                program,
                problem=say(
                    f"{program} had no answer within {within:g} s",
                    f"{program} が {within:g} 秒以内に応答しません",
                ),
            )
        text = out[:_LARGEST].decode("utf-8", "replace")
        if child.returncode == 0:
            return Answer(program, text, 0)
        last = (err or out).decode("utf-8", "replace").strip().splitlines()[-1:]
        told = f": {shown(last[0].strip())}" if last else ""
        problem = say(
            f"{program} returned {child.returncode}{told}",
            f"{program} が {child.returncode} を返しました{told}",
        )
        return Answer(program, text, child.returncode, problem)


def _end(child: subprocess.Popen[bytes]) -> None:
    """End a late program. What cannot be ended, as in an uninterruptible sleep, is left."""
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    try:
        child.communicate(timeout=1.0)
    except subprocess.TimeoutExpired:
        for stream in (child.stdout, child.stderr):
            if stream is not None:
                stream.close()
