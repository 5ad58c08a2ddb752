"""The process table: who lives, who descends from whom, and who bears our mark.

A pid alone names nobody, for the kernel uses it again: a process is its pid and its start time, and
both are compared right before each signal. Zombies are dead.
"""

from __future__ import annotations

import errno
import os
import time

from arkcore.base.bare_signal import signal

#: What plugins may use; the rest is the engine's own.
__all__ = [
    "Process",
    "arguments",
    "children",
    "descendants",
    "environment",
    "executable",
    "in_our_namespace",
    "look",
    "mark_of",
    "pids",
    "send",
    "still_lives",
    "table",
    "users",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator


#: The variable in the environment of every command of ours: `<resource>:<hex>`.
MARK = "ARK_ACTION"

DEAD_STATES = ("Z", "X", "x")
#: PF_KTHREAD of linux/sched.h: the kernel sets it, and clears it where a program is executed.
_KERNEL_THREAD = 0x00200000
#: Nothing is known of a process that could not be looked at for these: it may well be alive.
_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)
#: How often the table is read anew for processes that came while it was being looked through.
_ROUNDS = 40
#: Bytes asked for at first, for most files hold less; then more and more.
_FEW = 1 << 12
#: A process may declare any part of its memory to be its arguments or its environment. So many
#: bytes of them are read, and no more.
_LARGEST = 1 << 17


class Process:
    """One live process as it was seen."""

    __slots__ = ("is_kernel_thread", "name", "pgrp", "pid", "ppid", "session", "start", "state")

    def __init__(
        self,
        pid: int,
        start: int,
        ppid: int,
        pgrp: int,
        session: int,
        state: str,
        name: str,
        is_kernel_thread: bool = False,
    ) -> None:
        self.pid = pid
        #: Clock ticks after boot.
        self.start = start
        self.ppid = ppid
        self.pgrp = pgrp
        self.session = session
        #: The kernel's letter: R S D T …
        self.state = state
        #: The kernel's short name, at most 15 bytes.
        self.name = name
        #: A thread of the kernel's own: it runs no program, and nobody can start one.
        self.is_kernel_thread = is_kernel_thread

    def __repr__(self) -> str:
        return f"Process({self})"

    def __str__(self) -> str:
        return f"{self.pid} {self.name} ({self.state})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Process) and (self.pid, self.start) == (other.pid, other.start)

    def __hash__(self) -> int:
        return hash((self.pid, self.start))


def look(pid: int) -> Process | None:
    """The process `pid` as it is now; None where none lives.

    `OSError` where the machine has no means left to look: then nobody knows.
    """
    text = _read(f"/proc/{pid}/stat")
    # The name stands in parentheses and may hold anything, parentheses too: the last one ends it.
    opening, closing = text.find(b"("), text.rfind(b")")
    fields = text[closing + 2 :].split()
    try:
        state = fields[0].decode("ascii", "replace")
        process = Process(
            pid,
            int(fields[19]),
            int(fields[1]),
            int(fields[2]),
            int(fields[3]),
            state,
            text[opening + 1 : closing].decode("utf-8", "backslashreplace"),
            int(fields[6]) & _KERNEL_THREAD != 0,
        )
    except (IndexError, ValueError):
        return None
    if state not in DEAD_STATES:
        return process
    # A leader that has ended while its other threads go on looks like a zombie, and is none.
    return process if _living_tasks(pid) else None


def own_beginning() -> float:
    """When this process was made, in CLOCK_MONOTONIC seconds: its interpreter's start is included.

    Exact to the kernel's tick (10 ms), and never late by it. Now, where nothing tells.
    """
    now = time.monotonic()
    try:
        own = look(os.getpid())
    except OSError:
        own = None
    if own is None:
        return now
    age = time.clock_gettime(time.CLOCK_BOOTTIME) - own.start / os.sysconf("SC_CLK_TCK")
    return now - max(0.0, age)


def _living_tasks(pid: int) -> list[str]:
    """The directories in /proc of the threads of `pid` that outlive its first one.

    Threads that follow one another faster than they can be looked at live too: then it is those
    that were there a moment ago.
    """
    fleeting: list[str] = []
    first = f"/proc/{pid}/task/{pid}"
    for _ in range(_ROUNDS):
        try:
            # The links of the directory tell the number of threads: most have no second one.
            if os.stat(f"/proc/{pid}/task").st_nlink <= 3:
                return []
            threads = os.listdir(f"/proc/{pid}/task")
        except OSError as error:
            _refuse_to_guess(error)
            return []
        paths = [f"/proc/{pid}/task/{thread}" for thread in threads]
        states = {path: _read(f"{path}/stat").rpartition(b") ")[2][:1].decode() for path in paths}
        if states.pop(first, "") not in DEAD_STATES:
            return []
        living = [path for path, state in states.items() if state and state not in DEAD_STATES]
        fleeting = [path for path, state in states.items() if not state]
        # The list ends at a thread that ends meanwhile, and lacks those that the links tell of.
        if living or (states and not fleeting):
            return living
    return fleeting or [first]


def _refuse_to_guess(error: OSError) -> None:
    if error.errno in _EXHAUSTED:
        raise error


def pids() -> Iterator[int]:
    """Every pid in /proc, to be looked at as it comes.

    What has come meanwhile follows: a process that goes on by way of its children is never seen by
    one who has read the whole table before the first look.
    """
    told: set[int] = set()
    for _ in range(_ROUNDS):
        fresh = {int(name) for name in os.listdir("/proc") if name.isdigit()} - told
        if not fresh:
            return
        # The newest first: they are the ones that may be gone in a moment.
        yield from sorted(fresh, reverse=True)
        told |= fresh


def newest() -> int:
    """The last pid that was given to a process or thread; 0 where the kernel does not tell."""
    try:
        return int(_read("/proc/loadavg").split()[-1])
    except (IndexError, ValueError):
        return 0


def table() -> dict[int, Process]:
    """Every live process."""
    seen = {}
    for pid in pids():
        process = look(pid)
        if process is not None:
            seen[pid] = process
    return seen


def executable(pid: int) -> str:
    """The path of the file `pid` runs, "" where it cannot be told (a kernel thread, another's)."""
    try:
        path = os.readlink(f"/proc/{pid}/exe")
    except OSError as error:
        _refuse_to_guess(error)
        path = os.fsdecode(_of_a_task(pid, _executable_at))
    return path.removesuffix(" (deleted)")


def _executable_at(task: str) -> bytes:
    try:
        return os.readlink(os.fsencode(f"{task}/exe"))
    except OSError as error:
        _refuse_to_guess(error)
        return b""


def _of_a_task(pid: int, find: Callable[[str], bytes]) -> bytes:
    """What `find` finds at a thread that outlives the first one of `pid`; b"" where none does."""
    for _ in range(_ROUNDS):
        tasks = _living_tasks(pid)
        if not tasks:
            break
        for task in tasks:
            found = find(task)
            if found:
                return found
    return b""


def arguments(pid: int) -> list[bytes]:
    """The arguments of `pid`, [] where they cannot be told."""
    return _nul_separated(pid, "cmdline")


def environment(pid: int) -> list[bytes]:
    """The environment `pid` was started with, [] where it cannot be told."""
    return _nul_separated(pid, "environ")


def in_our_namespace(pid: int) -> bool:
    """Whether `pid` shares our pid namespace: what a container runs is another machine's.

    Where that cannot be told, it counts as ours.
    """
    return _shares_our(pid, "pid")


def runs_file(pid: int, path: str) -> bool:
    """Whether the file that `pid` runs is the one that we see at `path`, the name it shows.

    Another mount namespace may have any file at that path: there device and inode decide. In our
    own, the kernel has answered with the path, and no disk is asked.
    """
    if _shares_our(pid, "mnt"):
        return True
    try:
        run, seen = os.stat(f"/proc/{pid}/exe"), os.stat(path)
    except OSError as error:
        _refuse_to_guess(error)
        return False
    return (run.st_dev, run.st_ino) == (seen.st_dev, seen.st_ino)


def _shares_our(pid: int, namespace: str) -> bool:
    try:
        theirs = os.readlink(f"/proc/{pid}/ns/{namespace}")
        return theirs == os.readlink(f"/proc/self/ns/{namespace}")
    except OSError:
        return True


def owner(pid: int) -> int:
    """The effective user id of `pid`, for one system call; -1 where none lives."""
    try:
        return os.stat(f"/proc/{pid}").st_uid
    except OSError as error:
        _refuse_to_guess(error)
        return -1


def users(pid: int) -> set[int]:
    """The real and the effective user id of `pid`; empty where none lives."""
    for line in _read(f"/proc/{pid}/status").split(b"\n"):
        if line.startswith(b"Uid:"):
            return {int(word) for word in line.split()[1:3]}
    return set()


def _nul_separated(pid: int, name: str) -> list[bytes]:
    text = _read(f"/proc/{pid}/{name}")
    if not text:
        text = _of_a_task(pid, lambda task: _read(f"{task}/{name}"))
    if len(text) >= _LARGEST:
        text = text.rpartition(b"\0")[0]  # the last entry may have been cut off
    return text.removesuffix(b"\0").split(b"\0") if text else []


def _read(path: str) -> bytes:
    """A file of /proc, up to its first 128 KiB; b"" where it cannot be read.

    A table of processes is hundreds of such files: read with nothing between them and the kernel.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        _refuse_to_guess(error)
        return b""
    try:
        size = _FEW
        text = os.read(descriptor, size)
        # Only the end of such a file makes a read fall short.
        while len(text) >= size and size < _LARGEST:
            text += os.read(descriptor, size)
            size *= 2
        return text
    except OSError as error:
        _refuse_to_guess(error)
        return b""
    finally:
        os.close(descriptor)


def mark_of(pid: int) -> str:
    """Our mark in the environment of `pid`, without the variable's name; "" where it has none."""
    prefix = f"{MARK}=".encode()
    for entry in environment(pid):
        if entry.startswith(prefix):
            return entry[len(prefix) :].decode("utf-8", "backslashreplace")
    return ""


def children(pid: int) -> set[int] | None:
    """The pids of the children of a process of one thread; None where the kernel does not tell."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children", "rb", buffering=0) as file:
            return {int(child) for child in file.read(65536).split()}
    except (OSError, ValueError):
        return None


def descendants(roots: Collection[int], seen: dict[int, Process] | None = None) -> set[Process]:
    """The live processes that descend from one of `roots`, these not among them."""
    seen = table() if seen is None else seen
    children: dict[int, list[Process]] = {}
    for process in seen.values():
        children.setdefault(process.ppid, []).append(process)
    found: set[Process] = set()
    open_ends = list(roots)
    while open_ends:
        for child in children.get(open_ends.pop(), ()):
            if child not in found:
                found.add(child)
                open_ends.append(child.pid)
    return found


def still_lives(process: Process) -> bool:
    """Whether this very process, not another with its pid, is alive."""
    now = look(process.pid)
    return now is not None and now.start == process.start


def send(process: Process, number: int) -> bool:
    """Signal this very process. False where it is gone already or may not be signalled."""
    try:
        descriptor = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return False
    except OSError:
        descriptor = -1  # an old kernel: compare, then signal at once
    try:
        if not still_lives(process):
            return False
        if descriptor >= 0:
            signal.pidfd_send_signal(descriptor, number)
        else:
            os.kill(process.pid, number)
        return True
    except OSError:
        return False
    finally:
        if descriptor >= 0:
            os.close(descriptor)


def is_alive(pid: int, start: int) -> bool:
    """Whether the process `pid` that began at `start` lives."""
    process = look(pid)
    return process is not None and process.start == start
