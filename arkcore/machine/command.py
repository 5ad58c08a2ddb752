"""Runs one product command: no shell, a clean environment, and an end, whatever the command does.

Output goes to a file of bounded size, never to a pipe: a daemon that keeps its starter's stdout
open would hold up whoever reads a pipe to its end, for as long as the daemon lives.
"""

from __future__ import annotations

import os
import time

from arkcore.base import budget
from arkcore.base.bare_signal import name_of
from arkcore.base.deadline import Deadline
from arkcore.base.errors import PluginError, StepFailed
from arkcore.machine.child import Child
from arkcore.machine.spawn import clean_environment, spawn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from arkcore.machine.output import Output
    from arkcore.machine.processes import Process

#: Why a command was not run, where its deadline had passed.
NO_TIME = "no time is left for it"
_LONGEST_LOOK = 0.05


class CommandResult:
    """How a command ended, and what it wrote."""

    __slots__ = (
        "_encoding",
        "argv",
        "blackbox",
        "error",
        "late",
        "left",
        "raw",
        "returncode",
        "seconds",
    )

    def __init__(
        self,
        argv: Sequence[str],
        *,
        returncode: int | None = None,
        seconds: float = 0.0,
        late: bool = False,
        error: str = "",
        raw: bytes = b"",
        encoding: str = "utf-8",
        blackbox: str = "",
        left: Sequence[Process] = (),
    ) -> None:
        self.argv = tuple(argv)
        #: As `subprocess` tells it: negative for a signal; None where it has not ended by itself.
        self.returncode = returncode
        self.seconds = seconds
        #: It did not end within its time and was ended.
        self.late = late
        #: Why it could not be run at all; "" where it was.
        self.error = error
        #: The end of what it wrote, as bytes.
        self.raw = raw
        self._encoding = encoding
        #: The black box written before it was ended; "" where there is none.
        self.blackbox = blackbox
        #: What could not be ended of a late one.
        self.left = tuple(left)

    @property
    def ok(self) -> bool:
        return self.returncode == 0

    @property
    def output(self) -> str:
        """What it wrote, in the encoding asked for; a byte that is none of it is shown as \\xNN."""
        return self.raw.decode(self._encoding, "backslashreplace")

    def last_lines(self, number: int = 5) -> list[str]:
        """The last lines written that hold anything."""
        lines = [line.rstrip() for line in self.output.splitlines()]
        return [line for line in lines if line.strip()][-number:]

    def told(self) -> str:
        """How it ended, in one line."""
        name = os.path.basename(self.argv[0])
        if self.error:
            return f"{self.argv[0]} cannot be run: {self.error}"
        if self.late:
            box = f"; black box {self.blackbox}" if self.blackbox else ""
            left = f"; could not be ended: {_listed(self.left)}" if self.left else ""
            return f"{name} had not ended after {self.seconds:.1f} s{left}{box}"
        if self.returncode is not None and self.returncode < 0:
            return f"{name} was ended by {name_of(-self.returncode)}"
        return f"{name} returned {self.returncode}"

    def check(self) -> CommandResult:
        """Itself, where it returned 0; else `StepFailed`, telling how it ended."""
        if self.ok:
            return self
        expected = "" if self.error or self.late else ", expected 0"
        raise StepFailed(self.told() + expected)


def _refuse_unknown_encoding(name: str) -> None:
    if name == "utf-8":
        return
    try:
        b"-".decode(name, "backslashreplace")
    except (LookupError, UnicodeError) as error:
        raise PluginError(f"encoding {name!r} is none that text can be read in: {error}") from error


def _listed(left: Sequence[Process]) -> str:
    return ", ".join(str(process) for process in left)


def run(
    argv: Sequence[str],
    *,
    mark: str,
    deadline: Deadline,
    output: Output,
    user: str | None = None,
    env: Mapping[str, str | None] | None = None,
    encoding: str | None = None,
    spare: Sequence[str] = (),
    users: Callable[[], Collection[int] | None] = lambda: (0, os.geteuid()),
    place: Callable[[Callable[[int], int]], int] | None = None,
    on_spawn: Callable[[int], None] | None = None,
    told_after: float = 0.0,
    on_late: Callable[[list[Process], bytes], str] | None = None,
    grace: float = 1.0,
    end: Deadline | None = None,
) -> CommandResult:
    """Run `argv` to its end, or end it, with all it made, at `deadline`.

    `users`: whose processes may be a late one's by its mark alone; see :class:`Tree`.
    `place` has it spawned in a control group: it is handed what spawns it in the group whose
    directory is open as a descriptor (-1: in this process's own), and answers its pid.
    `on_spawn` is told its pid, where it lasts longer than `told_after` seconds. `on_late` is shown
    the tree and the output before a late one is ended, and answers a black box's name. `grace`:
    seconds between TERM and KILL; `end`: when the caller itself is ended, so that by then nothing
    of a late command is left. Never raises for what the command does; `PluginError` where `argv` is
    not an absolute path with arguments, or `encoding` is none.
    """
    if not argv or not argv[0].startswith("/"):
        raise PluginError(f"a command must begin with an absolute path, not {list(argv)!r}")
    encoding = encoding or "utf-8"
    _refuse_unknown_encoding(encoding)
    began = time.monotonic()

    def make(group: int) -> int:
        return spawn(argv, clean_environment(mark, env, user), output, user, group)

    try:
        child = Child(place(make) if place else make(-1))
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return CommandResult(argv, error=why, encoding=encoding)
    returncode = None
    if on_spawn:
        if told_after:
            returncode = _wait(child, deadline.sooner(told_after), output)
        if returncode is None:
            on_spawn(child.pid)
    if returncode is None:
        returncode = _wait(child, deadline, output)
    seconds = time.monotonic() - began
    blackbox = ""
    left: list[Process] = []
    if returncode is None:
        blackbox, left = end_late(
            child,
            mark,
            output,
            spare=spare,
            users=users(),
            on_late=on_late,
            grace=grace,
            end=end,
        )
    return CommandResult(
        argv,
        returncode=returncode,
        seconds=seconds,
        late=returncode is None,
        raw=output.end(),
        encoding=encoding,
        blackbox=blackbox,
        left=left,
    )


def end_late(
    child: Child,
    mark: str,
    output: Output,
    *,
    spare: Sequence[str] = (),
    users: Collection[int] | None = (0,),
    on_late: Callable[[list[Process], bytes], str] | None = None,
    grace: float = 1.0,
    end: Deadline | None = None,
) -> tuple[str, list[Process]]:
    """End a late command with all it made; its black box, "" for none, and what lives on.

    `child`: the command itself. The rest as for :func:`run`.
    """
    from arkcore.machine.ending import end as end_all
    from arkcore.machine.offspring import Tree

    tree = Tree(child.pid, mark, spare, users)

    def find() -> Iterable[Process]:
        output.trim()  # what ignores TERM may go on writing
        return tree.find()

    blackbox = ""
    if on_late:
        blackbox = on_late(sorted(tree.find(), key=lambda seen: seen.pid), output.end())
    # The leader is our child: awaited here, so that it does not stay as a zombie.
    by = Deadline.after(3 * grace)
    if end is not None:
        by = end.sooner(min(3 * grace, budget.for_ending_command(end.remaining())))
    left = end_all(find, by, spare=spare, grace=grace)
    child.is_over()
    return blackbox, left


def _wait(child: Child, deadline: Deadline, output: Output) -> int | None:
    """The return code of `child`, or None where the deadline came first."""
    pause = 0.005
    try:
        while not child.is_over():
            if deadline.passed:
                return None
            # Awake now and then in any case, so that a flood of output is cut back in time.
            child.sleep(min(pause, deadline.remaining()))
            pause = 0.005 if output.trim() else min(pause * 1.5, _LONGEST_LOOK)
    finally:
        child.let_go()
    output.trim()
    return child.code
