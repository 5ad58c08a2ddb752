"""What one resource remembers between calls, each thing in a small file of its own."""

from __future__ import annotations

from arkcore.memory.commands import Commands
from arkcore.memory.files import StateFile
from arkcore.memory.intent import Intent, Wanted
from arkcore.memory.recorded_processes import RecordedProcesses
from arkcore.memory.undecided import UndecidedClock
from arkcore.memory.verdict import Blindness, LastVerdict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arkcore.base.paths import Paths
    from arkcore.memory.attempts import Attempts
    from arkcore.memory.forced_stop import ForcedStop
    from arkcore.memory.preemption import Preemption
    from arkcore.memory.recorded_group import RecordedGroup
    from arkcore.memory.recorded_sessions import RecordedSessions
    from arkcore.memory.restored import Restored


class State:
    """The memory of one resource on this node.

    `read_only`: for one who only looks, without the resource's lock; nothing is written.

    What a healthy check has no need of is imported where it is asked for.
    """

    def __init__(self, paths: Paths, resource: str, *, read_only: bool = False) -> None:
        self.paths = paths
        self.resource = resource
        self.read_only = read_only
        self.directory = paths.state(resource)
        self.intent = Intent(self._file("wanted"))
        self.commands = Commands(
            self._file("commands"), self._file("started"), self._was_booted_since_restore
        )
        self.processes = RecordedProcesses(self._file("processes"))
        self.verdict = LastVerdict(self._file("verdict"))
        self.blindness = Blindness(self._file("blind"))

    def _file(self, name: str) -> StateFile:
        return StateFile(f"{self.directory}/{name}.json", read_only=self.read_only)

    def undecided_clock(self, timer: float, gap: float) -> UndecidedClock:
        """The clock that runs while the status is undecided; seconds."""
        return UndecidedClock(self._file("undecided"), timer, gap)

    @property
    def sessions(self) -> RecordedSessions:
        from arkcore.memory.recorded_sessions import RecordedSessions

        return RecordedSessions(self._file("sessions"))

    @property
    def group(self) -> RecordedGroup:
        from arkcore.memory.recorded_group import RecordedGroup

        return RecordedGroup(self._file("group"))

    @property
    def forced_stop(self) -> ForcedStop:
        from arkcore.memory.forced_stop import ForcedStop

        return ForcedStop(self._file("force"))

    @property
    def attempts(self) -> Attempts:
        from arkcore.memory.attempts import Attempts

        return Attempts(self._file("attempts"))

    @property
    def preemption(self) -> Preemption:
        from arkcore.memory.preemption import Preemption

        return Preemption(self._file("preempted"))

    @property
    def restored(self) -> Restored:
        from arkcore.memory.restored import Restored

        return Restored(self.paths.restored(self.resource))

    def ever_restored(self) -> bool:
        """Whether a restore was begun here, or may have been: only what is certain is a no."""
        if self.intent.before is Wanted.UP or self.processes.were_recorded():
            return True
        return self.restored.may_have_begun()

    def _was_booted_since_restore(self) -> bool:
        return self.restored.was_before_boot()
