"""The sessions that a good start has made."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arkcore.memory.files import StateFile


class Sessions:
    """Sessions of a start.

    `leaders`: by the number of a session, when its leader began; 0 where the leader has ended.
    `programs`: the executables that ran in them.
    """

    __slots__ = ("leaders", "programs")

    def __init__(self, leaders: dict[int, int], programs: set[str]) -> None:
        self.leaders = leaders
        self.programs = programs


class RecordedSessions:
    """The sessions of the last good start since this boot."""

    __slots__ = ("_file",)

    def __init__(self, file: StateFile) -> None:
        self._file = file

    def note(self, sessions: Sessions) -> None:
        """Record `sessions` in place of those before."""
        pairs = sorted([session, start] for session, start in sessions.leaders.items())
        self._file.write_of_this_boot(leaders=pairs, programs=sorted(sessions.programs))

    def read(self) -> Sessions:
        """The recorded sessions; empty where none were recorded since this boot."""
        value = self._file.read_of_this_boot()
        try:
            leaders = {int(session): int(start) for session, start in value["leaders"]}
            return Sessions(leaders, {str(program) for program in value["programs"]})
        except (KeyError, TypeError, ValueError, OverflowError):
            return Sessions({}, set())

    def forget(self) -> None:
        """Nothing lives in them: the kernel may give their numbers to other sessions."""
        self._file.forget()
