"""The processes of a logical host, as they were when it was last RUNNING."""

from __future__ import annotations

from arkcore.memory.files import boottime

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from arkcore.machine.processes import Process
    from arkcore.memory.files import StateFile

#: At most so many users of recorded processes are kept.
_USERS = 64
#: Seconds for which the recorded processes stand for all, without a look at the process table.
LATELY = 600.0


class RecordedProcesses:
    """The recorded processes by pid and start time, and their users, since this boot."""

    __slots__ = ("_file",)

    def __init__(self, file: StateFile) -> None:
        self._file = file

    def note(
        self,
        processes: Iterable[Process],
        users_of: Callable[[int], Iterable[int]] = lambda _: (),
    ) -> None:
        """Record `processes`, and the users (`users_of` a pid) of those that are new."""
        named = {(process.pid, process.start): process.name for process in processes}
        pairs = sorted([pid, start] for pid, start in named)
        before = self._file.read_of_this_boot()
        now = boottime()
        # Written anew in good time: each of the cheap checks would else wait for the next look.
        is_fresh = _is_within(before.get("looked"), now, LATELY / 2)
        if before.get("processes") == pairs and "users" in before and is_fresh:
            return
        known = self.known() if "users" in before else set()
        users = self.users()
        for pid, start in pairs:
            if (pid, start) not in known:
                users.update(users_of(pid))
        names = [named[pid, start] for pid, start in pairs]
        self._file.write_of_this_boot(
            processes=pairs, users=sorted(users)[:_USERS], looked=now, names=names
        )

    def known(self) -> set[tuple[int, int]]:
        """Pid and start time of each recorded process."""
        try:
            pairs = self._file.read_of_this_boot()["processes"]
            return {(int(pid), int(start)) for pid, start in pairs}
        except (KeyError, TypeError, ValueError, OverflowError):
            return set()

    def gone(self) -> list[tuple[int, str]]:
        """Pid and name of each recorded process that has ended, while none of its name lives."""
        from arkcore.machine.processes import look

        named = self._named()
        alive = {}
        for pid, start in named:
            try:
                seen = look(pid)
            except OSError:
                return []  # nobody knows
            if seen is not None and seen.start == start and seen.state not in "ZX":
                alive[pid, start] = named[pid, start]
        living = {*alive.values()}
        return [(pid, name) for (pid, _), name in named.items() if name not in living]

    def _named(self) -> dict[tuple[int, int], str]:
        """The name of each recorded process; empty where they were recorded without."""
        try:
            value = self._file.read_of_this_boot()
            pairs, names = value["processes"], value["names"]
            if len(pairs) != len(names):
                return {}
            return {
                (int(pid), int(start)): str(name)
                for (pid, start), name in zip(pairs, names, strict=True)
            }
        except (KeyError, TypeError, ValueError, OverflowError):
            return {}

    def users(self) -> set[int]:
        """The users that recorded processes had when they were recorded."""
        try:
            return {int(user) for user in self._file.read_of_this_boot()["users"]}
        except (KeyError, TypeError, ValueError, OverflowError):
            return set()

    def were_looked_at_lately(self) -> bool:
        """Whether they are what a look at the process table has shown within `LATELY`."""
        return _is_within(self._file.read_of_this_boot().get("looked"), boottime(), LATELY)

    def were_recorded(self) -> bool:
        """Whether a record was ever written here, also before this boot."""
        return bool(self._file.read())


def _is_within(moment: object, now: float, seconds: float) -> bool:
    return isinstance(moment, int | float) and 0 <= now - moment <= seconds
