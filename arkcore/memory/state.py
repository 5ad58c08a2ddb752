"""What one resource remembers between calls, as small JSON files."""

from __future__ import annotations

import os
import time

from arkcore.memory import files
from arkcore.memory.files import moment, put, read_json, remove_file, write_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from arkcore.base.paths import Paths
    from arkcore.machine.processes import Process


#: At most so many marks of starts are kept, and so many users of recorded processes.
_MARKS = 256
_USERS = 64


class State:
    """The memory of one resource on this node.

    `read_only`: for one who only looks, without the resource's lock; nothing is added to it.
    """

    def __init__(self, paths: Paths, resource: str, *, read_only: bool = False) -> None:
        self.paths = paths
        self.resource = resource
        self.read_only = read_only
        self.directory = paths.state(resource)

    def _path(self, name: str) -> str:
        return f"{self.directory}/{name}.json"

    def _read(self, name: str) -> dict[str, Any]:
        return read_json(self._path(name))

    def _write(self, name: str, /, **value: Any) -> bool:
        return self.read_only or write_json(self._path(name), value)

    def _forget(self, name: str) -> None:
        if not self.read_only:
            remove_file(self._path(name))

    # Intent: what the cluster manager last wanted of this resource on this node.

    @property
    def wanted(self) -> str:
        """ "up", "down", or "" where no manager has said since boot."""
        wanted = self._intent().get("wanted")
        return wanted if wanted in ("up", "down") else ""

    @wanted.setter
    def wanted(self, value: str) -> None:
        self.want(value)

    def want(self, value: str) -> bool:
        """Note what is wanted, "" for nothing; False where it could not be written."""
        return self._write_intent({"wanted": value, "since": time.time()} if value else {})

    def _intent(self) -> dict[str, Any]:
        # Asked again where it reads as nothing: it is written in place, and may be half written.
        return self._read("wanted") or self._read("wanted")

    def _write_intent(self, value: dict[str, Any]) -> bool:
        path = self._path("wanted")
        from arkcore.memory.intent import overwritten, padded

        data = padded(value)
        if self.read_only or overwritten(path, data):
            return True
        return (not value and not os.path.lexists(path)) or put(path, data)

    def withdraw_up(self, before: str) -> None:
        """A restore could not begin: what was wanted `before` it does again.

        Nothing is changed where another call has said something since.
        """
        if self.wanted == "up":
            self.wanted = before

    def want_down(self, by: Process) -> bool:
        """Note that a remove, whose guard is `by`, wants it down, and what was wanted before.

        False where it could not be written.
        """
        now = self._intent()
        before = now.get("before", "") if "by" in now else self.wanted
        if before not in ("up", "down"):
            before = ""
        down = {"wanted": "down", "since": time.time(), "before": before}
        return self._write_intent({**down, "by": [by.pid, by.start]})

    def wanted_before(self) -> str:
        """What was wanted before the remove that is at work."""
        return str(self._intent().get("before", ""))

    def settle_remove(self, by: Process, *, well: bool) -> None:
        """The remove of `by` is over: its word stands, or what was wanted before does again.

        Nothing is changed where another call has said something since.
        """
        value = self._intent()
        if value.get("by") == [by.pid, by.start]:
            self.wanted = "down" if well else str(value.get("before", ""))

    def forget_dead_remove(self, still_lives: Callable[[int, int], bool]) -> None:
        """Put back what was wanted before a remove whose guard was killed on its way."""
        value = self._intent()
        try:
            pid, start = value["by"]
            if not still_lives(int(pid), int(start)):
                self.wanted = str(value.get("before", ""))
        except (KeyError, TypeError, ValueError, OverflowError):
            pass

    # The last forced stop on this node, which may go on in the background.

    def note_force(self) -> None:
        self._write("force", boot=files.boot_id(), at=files.boottime())

    def since_force(self) -> float:
        """Seconds since the last forced stop on this node; infinite where there was none."""
        return self._age("force")

    def _age(self, name: str) -> float:
        value = self._read(name)
        try:
            if value["boot"] != files.boot_id():
                return float("inf")
            age = files.boottime() - moment(value["at"])
            # A moment that is still to come is garbage: this clock is never set back.
            return age if age >= 0 else float("inf")
        except (KeyError, TypeError, ValueError):
            return float("inf")

    # Commands of ours that were spawned and may have left something behind.

    def note_command(self, mark: str, kind: str, pid: int = 0, start: int = 0) -> None:
        commands = self._read("commands")
        commands[mark] = [kind, pid, start]
        if not self._write("commands", **commands) and kind == "start":
            self._forget("started")  # else what it makes would be known by nothing

    def forget_commands(self, marks: list[str]) -> None:
        commands = self._read("commands")
        starts = [mark for mark, each in self.commands().items() if each[0] == "start"]
        self._keep_start_marks([mark for mark in starts if mark in marks])
        left = {mark: value for mark, value in commands.items() if mark not in marks}
        if not left:
            self._forget("commands")
        elif left != commands:
            self._write("commands", **left)

    def forget_commands_of(self, kind: str) -> None:
        """Forget the open commands of one kind: nothing is left of them."""
        self.forget_commands([mark for mark, each in self.commands().items() if each[0] == kind])

    def commands(self) -> dict[str, tuple[str, int, int]]:
        """Open commands by mark: kind, pid and start time (0 where it was not yet known)."""
        found = {}
        for mark, value in self._read("commands").items():
            try:
                kind, pid, start = value
                found[mark] = (str(kind), int(pid), int(start))
            except (TypeError, ValueError, OverflowError):
                continue
        return found

    # The marks of starts, by which what they made is known for as long as the machine runs.

    def begin_starts(self) -> None:
        """From now on every mark of a start is written down: no other one is believed."""
        if not self._read("started"):
            self._write("started", boot=files.boot_id(), marks=[])

    def _keep_start_marks(self, marks: list[str]) -> None:
        known = self._started()
        if marks and known is not None:
            # A start that asks again and again runs thousands of commands; its daemons come of the
            # first ones or the last.
            few = (
                marks if len(marks) <= _MARKS // 2 else marks[: _MARKS // 4] + marks[-_MARKS // 4 :]
            )
            kept = [*known, *few][-_MARKS:]
            if not self._write("started", boot=files.boot_id(), marks=kept):
                self._forget("started")  # else what it made would be known by nothing

    def _started(self) -> list[str] | None:
        value = self._read("started")
        marks = value.get("marks")
        if not isinstance(marks, list):
            return None
        return [str(mark) for mark in marks] if value.get("boot") == files.boot_id() else []

    def start_marks(self) -> set[str] | None:
        """The marks of the starts since boot; None where nobody remembers them.

        Somebody may have deleted that memory; or the engine before this one did not keep it.
        """
        kept = self._started()
        if kept is None and not self._was_booted_since_restore():
            return None
        begun = (mark for mark, each in self.commands().items() if each[0] == "start")
        return {*(kept or ()), *begun}

    # The processes of this logical host when it was last RUNNING.

    def remember_processes(
        self,
        processes: Iterable[Process],
        users_of: Callable[[int], Iterable[int]] = lambda _: (),
    ) -> None:
        """Record them, and the users (`users_of` a pid) of those that are new."""
        pairs = sorted([process.pid, process.start] for process in processes)
        before = self._read("processes")
        same_boot = before.get("boot") == files.boot_id()
        if same_boot and before.get("processes") == pairs and "users" in before:
            return
        known = self.remembered_processes() if "users" in before else set()
        users = self.remembered_users()
        for pid, start in pairs:
            if (pid, start) not in known:
                users.update(users_of(pid))
        self._write(
            "processes", boot=files.boot_id(), processes=pairs, users=sorted(users)[:_USERS]
        )

    def remembered_users(self) -> set[int]:
        """The users that recorded processes had when they were recorded, since this boot."""
        value = self._read("processes")
        if value.get("boot") != files.boot_id():
            return set()
        try:
            return {int(user) for user in value["users"]}
        except (KeyError, TypeError, ValueError, OverflowError):
            return set()

    def remembered_processes(self) -> set[tuple[int, int]]:
        value = self._read("processes")
        if value.get("boot") != files.boot_id():
            return set()
        try:
            return {(int(pid), int(start)) for pid, start in value["processes"]}
        except (KeyError, TypeError, ValueError, OverflowError):
            return set()

    # The sessions that a good start has made.

    def remember_sessions(self, leaders: dict[int, int], programs: set[str]) -> None:
        """`leaders`: a session's number, and when its leader began; 0 where that one has ended."""
        pairs = sorted([session, start] for session, start in leaders.items())
        self._write("sessions", boot=files.boot_id(), leaders=pairs, programs=sorted(programs))

    def remembered_sessions(self) -> tuple[dict[int, int], set[str]]:
        """As they were remembered since this boot; empty where none were."""
        value = self._read("sessions")
        if value.get("boot") != files.boot_id():
            return {}, set()
        try:
            leaders = {int(session): int(start) for session, start in value["leaders"]}
            return leaders, {str(program) for program in value["programs"]}
        except (KeyError, TypeError, ValueError, OverflowError):
            return {}, set()

    def forget_sessions(self) -> None:
        """Nothing of them lives: the kernel may give their numbers to anybody's."""
        self._forget("sessions")

    # The control group that holds what the starts have made.

    def remember_group(self, path: str, *, whole: bool) -> bool:
        """`whole`: all that was started lives there. False where it cannot be written down."""
        return self._write("group", boot=files.boot_id(), path=path, whole=whole)

    def group(self) -> tuple[str, bool]:
        """As it was remembered since this boot; "" and False where none was."""
        value = self._read("group")
        path = value.get("path")
        if value.get("boot") != files.boot_id() or not isinstance(path, str) or "/" not in path:
            return "", False
        return path, value.get("whole") is True

    def forget_group(self) -> None:
        self._forget("group")

    # Restarts and false alarms, for the restart limit.

    def note_attempt(self, kind: str, window: float) -> bool:
        """Count an attempt (`kind`: "restart" or "false-alarm") that begins now.

        False where it could not be written down.
        """
        kept = [*self._attempts(window), [kind, files.boottime()]]
        return self._write("attempts", boot=files.boot_id(), attempts=kept)

    def attempts(self, kind: str, window: float) -> int:
        """How many attempts of `kind` the last `window` seconds hold."""
        return sum(1 for attempt in self._attempts(window) if attempt[0] == kind)

    def clear_attempts(self) -> None:
        self._forget("attempts")

    def _attempts(self, window: float) -> list[Any]:
        value = self._read("attempts")
        now = files.boottime()
        try:
            if value["boot"] != files.boot_id():
                return []
            return [[kind, at] for kind, at in value["attempts"] if 0 <= now - moment(at) <= window]
        except (KeyError, TypeError, ValueError):
            return []

    # The last verdict, for people and for `ras.quickcheck = "changes"`.

    def note_verdict(self, action: str, outcome: str, status: str, reason: str) -> None:
        last = self.verdict()
        now = time.time()
        same = last.get("status") == status
        self._write(
            "verdict",
            action=action,
            outcome=outcome,
            status=status,
            reason=reason,
            at=now,
            since=last.get("since", now) if same else now,
        )

    def verdict(self) -> dict[str, Any]:
        return self._read("verdict")

    # Blindness: nobody could be asked.

    def note_blind(self, reason: str) -> None:
        since = self.blind().get("since", time.time())
        self._write("blind", since=since, reason=reason)

    def clear_blind(self) -> None:
        self._forget("blind")

    def blind(self) -> dict[str, Any]:
        return self._read("blind")

    # Whether a restore was ever begun here; outlives a reboot.

    def note_restore(self) -> None:
        value = {"at": time.time(), "boot": files.boot_id()}
        write_json(self.paths.restored(self.resource), value)

    def _was_booted_since_restore(self) -> bool:
        """Whether the machine has certainly been booted since the last restore was begun."""
        value = read_json(self.paths.restored(self.resource))
        return "boot" in value and value["boot"] != files.boot_id()

    def ever_restored(self) -> bool:
        """Whether a restore was begun here, or may have been: only what is certain is a no."""
        if self.wanted_before() == "up" or self._read("processes"):
            return True
        try:
            os.stat(self.paths.restored(self.resource))
        except FileNotFoundError:
            return False
        except OSError:
            return True  # nobody can tell
        return True

    # A maintenance that ended by itself is told once.

    def note_maintenance_over(self, until: float) -> bool:
        """Note that the end at `until` is told now; False where it was told before."""
        if self._read("maintenance_over").get("until") == until:
            return False
        return self._write("maintenance_over", until=until)

    # Who ended whom.

    def note_preemption(self, pid: int, by: str) -> None:
        self._write("preempted", pid=pid, by=by)

    def preempted_by(self) -> str:
        """Which action asked this process to yield; "" where none did."""
        value = self._read("preempted")
        return str(value.get("by", "")) if value.get("pid") == os.getpid() else ""
