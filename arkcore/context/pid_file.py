"""Whose process a pid file names. A number alone proves nothing, for the kernel uses it again.

The process is taken for the application where one of these holds:

* It is known: it bears the mark of a start of this resource, was recorded (pid and start time)
  after a start or while the application was RUNNING, or descends from such a process.
* This worker ran the start command, and since then the process has begun and the file was written.
  This compares ticks after boot with ticks after boot, and the file with itself.
* The file lies on a file system of this node alone, and the process began before it was written. A
  process that took over the number of a dead application began after the file was written.
* The file lies elsewhere, the process has the given name, and the file was written within ten
  minutes of its beginning. On a shared disk another node may have written the file, and any old
  process here may have that number: enough to say RUNNING, never enough to end a process.

The last two compare a process's age with a file's time of day, so setting the clock upsets them. It
does not touch the first two: an application that was started by us, or seen RUNNING once, is known
whatever happens to the clock. For one that never was, a process younger than its pid file is a
stranger; but with the given name it may be the application after the clock was set, and the answer
is doubt, not death. A file whose time lies in the future leaves doubt, too. A file that is older
than the boot leaves none where nothing is known of this boot: no process outlives a boot.

Who can put a pid file there decides what the application is. So the file and each directory on its
way must belong to root or to `user`, and the process to `user`, or to root where the whole way is
root's. A file of anybody else's counts for nothing. A hard link in a directory of the user's may
lead to a file of root's: a file with two of them counts only for a process that is known anyway.
"""

from __future__ import annotations

import os
import time

from arkcore.base.choice import Choice
from arkcore.base.status import Status, StatusReport
from arkcore.context.identity import Identity, has_name, is_ourselves
from arkcore.machine import processes
from arkcore.machine.disk import SilentDisk
from arkcore.machine.pid_reading import PidFile, read
from arkcore.machine.way import Untrusted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from arkcore.machine.processes import Process

#: Directories of the system itself: what lies on their file systems never comes from another node.
OF_THIS_NODE = ("/", "/run", "/tmp", "/var")

#: The kernel's own limit, PID_MAX_LIMIT.
_LARGEST_PID = 1 << 22
#: Seconds. Ticks and file times are coarser than clocks; a leap second; a file server's own clock.
_TOLERANCE = 2.0
#: Seconds from a process's beginning to its writing the pid file, where that has to speak for it.
_LONGEST_START = 600.0


class Belief(Choice):
    """What is made of a pid file."""

    #: The process is the application: it runs, and a forced stop may end it.
    OURS = "ours"
    #: It runs, as far as can be told; nothing is ended on that.
    LIKELY = "likely"
    #: It may well be the application, or not.
    DOUBT = "doubt"
    #: The file names no process: empty, garbage, unreadable.
    NOTHING = "nothing"
    #: The application has no such process: no file, or its number is nobody's or a stranger's; or
    #: a file that somebody else can have put there.
    NONE = "none"


class Claim:
    """Which pid file is asked about, and for which resource.

    `name`: that the process must have, "" where any will do. `user`: whose file it is, "" is the
    user of this process. `started`: lists what came of this resource's starts. `shown`: takes the
    processes that the file has shown to be the application's.
    """

    __slots__ = ("name", "path", "resource", "shown", "started", "user")

    def __init__(
        self,
        path: str,
        name: str,
        user: str,
        resource: str,
        started: Callable[[], Sequence[Process]],
        shown: set[Process],
    ) -> None:
        self.path = path
        self.name = name
        self.user = user
        self.resource = resource
        self.started = started
        self.shown = shown


class Sighting:
    """What a pid file says: a belief, what it rests on in one line, and the process that was seen.

    `counts`: nobody but those who may can have put the file there.
    """

    __slots__ = ("_claim", "belief", "counts", "detail", "process")

    def __init__(
        self,
        claim: Claim,
        belief: Belief,
        detail: str,
        process: Process | None = None,
        *,
        counts: bool = True,
    ) -> None:
        self._claim = claim
        self.belief = belief
        self.detail = detail
        self.process = process
        self.counts = counts
        if belief is Belief.OURS and process is not None:
            claim.shown.add(process)

    @property
    def report(self) -> StatusReport:
        """How the application is, by the file alone.

        STOPPED while other processes of the resource live is made PARTIAL by the engine.
        """
        if self.belief is Belief.NOTHING:
            # Perhaps being written this moment. Where nothing of ours lives, that settles it: a
            # node that lost its power leaves such files, which must not keep a failover waiting.
            known = self._claim.started()
            return StatusReport(Status.UNKNOWN if known else Status.STOPPED, self.detail)
        if self.belief is Belief.DOUBT:
            remedy = f"where it is not the application, delete {self._claim.path}"
            return StatusReport(Status.UNKNOWN, f"{self.detail}; {remedy}")
        runs = self.belief in (Belief.OURS, Belief.LIKELY)
        return StatusReport(Status.RUNNING if runs else Status.STOPPED, self.detail)

    @property
    def processes(self) -> list[Process]:
        """The application's processes: that of the file with its descendants, and the started."""
        found = {*self._claim.started(), *self.processes_of_the_file}
        return sorted(found, key=lambda process: process.pid)

    @property
    def processes_of_the_file(self) -> set[Process]:
        """The process of the file with its descendants; none where it is not the application's.

        Reads the whole process table: not for a status.
        """
        if self.belief is not Belief.OURS or self.process is None:
            return set()
        found = with_descendants(self.process)
        self._claim.shown.update(found)
        return found

    @property
    def stranger(self) -> str:
        """Why a stop command that reads the file could stop a stranger; "" where none could.

        The file names a live process that is not known for the application's, or it does not count:
        then it may name any process by the time the command reads it.
        """
        foreign = self.belief in (Belief.DOUBT, Belief.NONE) and self.process is not None
        return self.detail if foreign or not self.counts else ""


class Birth:
    """The moment before a start command is run, and the pid file as it was then.

    Where the file cannot be read, it vouches for no process: which file is new cannot be told.
    """

    __slots__ = ("_before", "_is_known", "_ticks")

    def __init__(self, path: str, user: str) -> None:
        self._ticks = _ticks_now()
        self._before: tuple[int, ...] | None = None
        self._is_known = True
        try:
            self._before = read(path, user, _users_of(user), ()).identity
        except (FileNotFoundError, NotADirectoryError, Untrusted):
            pass  # it becomes one that counts only by being written anew, or given away
        except (OSError, SilentDisk):
            self._is_known = False

    def gave(self, process: Process, file: PidFile) -> bool:
        """Whether both the process and this writing of the file came after it."""
        new = process.start >= self._ticks and file.identity != self._before
        return new and self._is_known


def examine(claim: Claim, birth: Birth | None, of_this_node: Sequence[str]) -> Sighting:
    """What the pid file says. Never raises for what the file holds.

    `of_this_node`: directories whose file systems no other node ever writes to.
    """
    path, name, user = claim.path, claim.name, claim.user
    users = _users_of(user)
    try:
        file = read(path, user, users, of_this_node)
    except (FileNotFoundError, NotADirectoryError):
        return Sighting(claim, Belief.NONE, f"there is no {path}")
    except Untrusted as error:
        why = f"{path} does not count: {error}; allowed: {_allowed(claim)}"
        return Sighting(claim, Belief.NONE, why, counts=False)
    except SilentDisk as error:
        return Sighting(claim, Belief.NOTHING, f"{path} cannot be read: {error}")
    except OSError as error:
        whose = f" as {user}" if user else ""
        return Sighting(claim, Belief.NOTHING, f"{path} cannot be read{whose}: {error.strerror}")
    if file.line is None:
        return Sighting(claim, Belief.DOUBT, f"{path} is no regular file")
    pid = _pid_in(file.line)
    if pid is None:
        # What it holds is not told: by a hard link it may be a file of root's.
        return Sighting(
            claim, Belief.NOTHING, f"{path} holds no process id; its size: {file.size} bytes"
        )
    process = processes.look(pid)
    if file.links > 1 and (process is None or process not in claim.started()):
        why = f"{path} does not count: it has {file.links} hard links; allowed: 1"
        return Sighting(claim, Belief.NONE, why, counts=False)
    if process is None:
        return Sighting(claim, Belief.NONE, f"{path} names process {pid}, which does not live")
    identity = Identity(pid)
    objection = _objection(identity, file, users)
    stranger = _why_a_stranger(process, identity, name, knows_user=not objection)
    if stranger:
        return Sighting(claim, Belief.NONE, f"{path} names {process}, {stranger}", process)
    belief, why = _judge(claim, process, objection, file, birth)
    return Sighting(claim, belief, f"{path} names {process}{why}", process)


def _users_of(user: str) -> set[int]:
    """The user ids that may own a pid file besides root: the running user's and that of `user`."""
    users = {os.geteuid()}
    if user:
        import pwd

        try:
            users.add(pwd.getpwnam(user).pw_uid)
        except KeyError:
            pass  # running a command as that user will tell
    return users


def _allowed(claim: Claim) -> str:
    return f"root and {claim.user}" if claim.user else "root, or the user in `user`"


def with_descendants(process: Process) -> set[Process]:
    """The process and all that came of it, this one and what called it left out."""
    found = {process, *processes.descendants({process.pid})}
    return {each for each in found if each.pid not in (os.getpid(), os.getppid())}


def _why_a_stranger(process: Process, identity: Identity, name: str, *, knows_user: bool) -> str:
    """What shows for certain that this process is not the application; "" where nothing does.

    The arguments of a process are read only where its user is one of those that may have one here:
    whoever has taken over a number can keep their reader waiting.
    """
    if identity.leader != process.pid:
        # Threads take their numbers from the same row; a signal would hit their whole process.
        return f"which is a thread of process {identity.leader}"
    if is_ourselves(process.pid):
        return "which is this check itself"
    if name and not has_name(process, name, by_arguments=knows_user):
        return f"which is not {name}"
    if not processes.executable(process.pid) and not (
        knows_user and processes.arguments(process.pid)
    ):
        return "which runs no program"
    return ""


def _judge(
    claim: Claim,
    process: Process,
    objection: str,
    file: PidFile,
    birth: Birth | None,
) -> tuple[Belief, str]:
    is_born = birth is not None and birth.gave(process, file)
    if is_born:
        belief, why = Belief.OURS, ""
    else:
        belief, why = _judge_by_time(claim, process, file)
    if belief is not Belief.NONE and objection:
        # Where root alone wrote the number, the application may have changed its user.
        by_root = file.owners == {0} and belief in (Belief.OURS, Belief.LIKELY)
        belief, why = (Belief.DOUBT if by_root else Belief.NONE), objection
    elif belief in (Belief.OURS, Belief.LIKELY) and not is_born:
        mark = processes.mark_of(process.pid)
        if mark and not mark.startswith(f"{claim.resource}:"):
            belief, why = Belief.DOUBT, f", which resource {mark.rpartition(':')[0]} started"
    # Looked for last, for it reads the whole process table.
    if belief is not Belief.OURS:
        known = claim.started()
        if process in known:
            return Belief.OURS, ""
        if belief is Belief.DOUBT and not known and _is_older_than_the_boot(file):
            return Belief.NONE, ", but the file is older than the boot, and the process younger"
    return belief, why


def _is_older_than_the_boot(file: PidFile) -> bool:
    """Whether the file was written before this boot, and so before any process began."""
    boot = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    return file.written < boot - _TOLERANCE


def _judge_by_time(claim: Claim, process: Process, file: PidFile) -> tuple[Belief, str]:
    name = claim.name
    now = time.time()
    begun = now - time.clock_gettime(time.CLOCK_BOOTTIME) + process.start / _ticks_per_second()
    if begun > file.written + _TOLERANCE:
        later = f", which began {begun - file.written:.0f} s after the file was written"
        if not name:
            return Belief.NONE, later
        return Belief.DOUBT, f"{later}: the number was used again, or the clock was set"
    if not file.is_local and not name:
        return Belief.NONE, ", but another node may have written it; process_name would help"
    if file.written > now + _TOLERANCE:
        return Belief.DOUBT, "; the file's time lies in the future: the clock was set back"
    if file.is_local:
        return Belief.OURS, ""
    if file.written - begun > _LONGEST_START:
        return Belief.DOUBT, ", which is much older: another node may have written it"
    return Belief.LIKELY, " (as its name and age say)"


def _objection(identity: Identity, file: PidFile, users: set[int]) -> str:
    """Why this file must not speak for this process; "" where it may.

    Whoever can write a pid file could have any process called the application, and ended. So a file
    that another user than root has a hand in may only name that user's processes.
    """
    allowed = file.owners - {0} or {0, *users}
    if identity.users and identity.users <= allowed:
        return ""
    whose = ", ".join(map(str, sorted(identity.users))) or "nobody any more"
    named = ", ".join(map(str, sorted(allowed)))
    return f", which is a process of user id {whose}; allowed: {named}"


def _pid_in(line: bytes) -> int | None:
    if not line.isdigit() or len(line) > 7:
        return None
    pid = int(line)
    return pid if 1 < pid <= _LARGEST_PID else None


def _ticks_per_second() -> int:
    return os.sysconf("SC_CLK_TCK")


def _ticks_now() -> int:
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) * _ticks_per_second() // 10**9
