"""What is asked of a machine: its files and its programs. Nothing is changed by asking.

Programs are run without a shell, in plain English, and for a few seconds only. A program that is
missing, late or refuses is an answer too, which says so.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

from arkcore.base.deadline import Deadline
from arkcore.base.language import say
from arkcore.base.text import shown
from arkcore.machine.command import run
from arkcore.machine.whole_output import LARGEST, WholeOutput
from arkcore.survey.file_system import FileSystem, file_system_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from arkcore.machine.command import CommandResult

STANDARD = ("/usr/sbin", "/usr/bin", "/sbin", "/bin")
#: Seconds a program may take.
_WITHIN = 5.0
#: What a file may tell, in bytes; the rest is not looked at.
_LARGEST = 1 << 20


@dataclass(frozen=True)
class Answer:
    """What a program answered, whole. `problem`: why there is none, "" where there is one."""

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

    def target(self, path: str) -> str | None:
        """What a symbolic link leads to, as it is written; None where it is none."""
        try:
            return os.readlink(f"{self.root}{path}")
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

    def lets_in(self, protocol: str, port: int, source: str, to: str) -> bool | None:
        """Whether the packet filter lets a new connection in, as its rules say; nothing is sent.

        `protocol`: "tcp" or "udp"; `source` and `to`: IP addresses. None where it cannot be told.
        """
        from arkcore.survey.filters import filters_of, interface_towards
        from arkcore.survey.packet_filter import Packet

        filters = filters_of(self.run, self.read)
        if not filters.has_rules and not filters.problems:
            return True
        interface = interface_towards(self.run, source)
        return filters.judged(Packet("input", interface, protocol, source, to, port)).passes

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
        output = WholeOutput.discarded()
        try:
            result = run(
                [path, *arguments],
                mark=f"-:{os.urandom(16).hex()}",  # of its own: what bears it is ended with it
                deadline=Deadline.after(within),
                output=output,
                env={"PATH": ":".join(self.programs), "LANG": "C", "LC_ALL": "C", "HOME": "/"},
                grace=0.1,
            )
            text = output.text()
            problem = _problem(program, result, text, output.end_of_errors(), within)
            if text is None or result.returncode is None or result.returncode < 0:
                return Answer(program, problem=problem)  # what it wrote may be half an answer
            return Answer(program, text, result.returncode, problem)
        finally:
            output.close()


def _problem(
    program: str, result: CommandResult, text: str | None, errors: str, within: float
) -> str:
    """Why there is no answer, in one line; "" where there is one."""
    if result.error:
        return say(
            f"{program} cannot be run: {result.error}",
            f"{program} を実行できません: {result.error}",
        )
    if result.late:
        return say(
            f"{program} had no answer within {within:g} s",
            f"{program} が {within:g} 秒以内に応答しません",
        )
    if text is None:
        return say(
            f"{program} answered more than {LARGEST} bytes",
            f"{program} の応答が {LARGEST} バイトを超えています",
        )
    if result.ok:
        return ""
    last = (errors or text).strip().splitlines()[-1:]
    told = f": {shown(last[0].strip())}" if last else ""
    return say(
        f"{program} returned {result.returncode}{told}",
        f"{program} が {result.returncode} を返しました{told}",
    )
