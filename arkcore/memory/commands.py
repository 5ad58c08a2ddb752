"""Commands of ours that may have left something behind, and the marks of those that start."""

from __future__ import annotations

from arkcore.memory import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from arkcore.memory.files import StateFile

#: The kind of the commands that start the application.
_START = "start"
#: At most so many marks of starts are kept.
_MARKS = 256


class Command:
    """An open command: its mark, its kind, its pid and start time (0 where not yet known)."""

    __slots__ = ("kind", "mark", "pid", "start")

    def __init__(self, mark: str, kind: str, pid: int = 0, start: int = 0) -> None:
        self.mark = mark
        self.kind = kind
        self.pid = pid
        self.start = start


class Commands:
    """The open commands of a resource, and the marks of its starts.

    By the mark of a start, what that start has made is known for as long as the machine runs.
    `booted_since_restore`: whether the machine has certainly been booted since the last restore.
    """

    __slots__ = ("_booted_since_restore", "_open", "_started")

    def __init__(
        self, file: StateFile, started: StateFile, booted_since_restore: Callable[[], bool]
    ) -> None:
        self._open = file
        self._started = started
        self._booted_since_restore = booted_since_restore

    def note(self, mark: str, kind: str, pid: int = 0, start: int = 0) -> None:
        """Note a command that is to be spawned, or the process that it has become."""
        commands = self._open.read()
        commands[mark] = [kind, pid, start]
        if not self._open.write(commands) and kind == _START:
            self._started.forget()  # else what it makes would be known by nothing

    def all(self) -> list[Command]:
        """The open commands."""
        return _commands(self._open.read())

    def forget(self, marks: Iterable[str]) -> None:
        """Forget the open commands that bear `marks`; the marks of starts are kept apart."""
        gone = set(marks)
        commands = self._open.read()
        self._keep([
            each.mark for each in _commands(commands) if each.kind == _START and each.mark in gone
        ])  # fmt: skip
        left = {mark: value for mark, value in commands.items() if mark not in gone}
        if not left:
            self._open.forget()
        elif left != commands:
            self._open.write(left)

    def forget_kind(self, kind: str) -> None:
        """Forget the open commands of one kind: nothing is left of them."""
        self.forget(each.mark for each in self.all() if each.kind == kind)

    def forget_all(self) -> None:
        """Forget the open commands of every kind."""
        self.forget(each.mark for each in self.all())

    # The marks of starts.

    def begin_starts(self) -> None:
        """From now on every mark of a start is written down: no other one is believed."""
        if not self._started.read():
            self._started.write_of_this_boot(marks=[])

    def start_marks(self) -> set[str] | None:
        """The marks of the starts since boot; None where nobody remembers them.

        Somebody may have deleted that memory; or the engine before this one did not keep it.
        """
        kept = self._kept()
        if kept is None and not self._booted_since_restore():
            return None
        begun = (each.mark for each in self.all() if each.kind == _START)
        return {*(kept or ()), *begun}

    def _kept(self) -> list[str] | None:
        value = self._started.read()
        marks = value.get("marks")
        if not isinstance(marks, list):
            return None
        return [str(mark) for mark in marks] if value.get("boot") == files.boot_id() else []

    def _keep(self, marks: list[str]) -> None:
        known = self._kept() if marks else None
        if known is None:
            return
        # A start that asks again and again runs thousands of commands; its daemons come of the
        # first ones or the last.
        few = marks if len(marks) <= _MARKS // 2 else marks[: _MARKS // 4] + marks[-_MARKS // 4 :]
        if not self._started.write_of_this_boot(marks=[*known, *few][-_MARKS:]):
            self._started.forget()  # else what it made would be known by nothing


def _commands(value: dict[str, Any]) -> list[Command]:
    found = []
    for mark, each in value.items():
        try:
            kind, pid, start = each
            found.append(Command(mark, str(kind), int(pid), int(start)))
        except (TypeError, ValueError, OverflowError):
            continue
    return found
