"""The black box: what a late command or plugin was doing, recorded before it is ended.

Reading /proc of a stuck process can block for ever, so an expendable child does it, within a
second.
"""

from __future__ import annotations

import os
import time

from arkcore.base.text import shown
from arkcore.machine import processes
from arkcore.machine.child import Child
from arkcore.machine.readers import let_read, let_read_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from arkcore.machine.processes import Process
    from arkcore.machine.python_stack import PythonStack

#: Seconds the recording may take.
TIME = 1.0
#: The most bytes of one black box, so many of them for the place in Python.
SIZE = 256 * 1024
_PYTHON_SIZE = 32 * 1024
#: A box that comes this many seconds after the last one begins another incident.
_GAP = 3600.0
#: So many boxes from the beginning of an incident are evidence.
_FIRST = 5
_DAY = 86400.0
#: The paragraph by which a box is known to belong to a script that failed.
_FAILED_SCRIPT = "The script that wrote it failed"
#: Bytes at the end of a box in which it is looked for, and the most characters of its text.
_FAILED_SIZE, _FAILED_ROOM = 8192, 1000

_OPEN_FILES = 40
#: Characters of the last output that are kept.
_OUTPUT = 8192


class Keeping:
    """How long the black boxes of one resource are kept.

    `number`: the most that are no evidence; the oldest go. `days`: the age at which those go; 0
    for any age. `incident_days`: the age up to which evidence is kept, at most `number` boxes
    more. Evidence are the first boxes of an incident, and those of a script that failed.
    """

    __slots__ = ("days", "incident_days", "number")

    def __init__(self, number: int = 20, days: float = 0, incident_days: float = 7) -> None:
        self.number = number
        self.days = days
        self.incident_days = incident_days


def record(
    directory: str,
    resource: str,
    headline: str,
    find: Callable[[], Sequence[Process]],
    *,
    output: bytes = b"",
    within: float = TIME,
    hide: Callable[[str], str] = str,
    group: str = "",
    keeping: Keeping | None = None,
) -> str:
    """Write a black box for the processes that `find` finds; its path, "" where there is none.

    `find` is asked in the expendable child. `output`: the last that a command wrote. Never raises:
    whoever asks has yet to end what is late. `hide` takes secrets out of a text; `group`: who may
    read it; `keeping`: which boxes stay when this one comes.
    """
    stamp = time.strftime("%Y%m%d-%H%M%S")
    path = f"{directory}/{resource}-{stamp}-{os.getpid()}-{time.monotonic_ns() % 10**6:06d}.txt"

    def write() -> None:
        # It may be stuck for ever: it must hold no lock, nor anything else of ours, nor the stderr
        # that a manager reads to its end.
        os.closerange(0, os.sysconf("SC_OPEN_MAX"))
        for _ in range(3):
            os.open("/dev/null", os.O_RDWR)
        os.makedirs(directory, 0o750, exist_ok=True)
        # Before one more is written: afterwards the disk may be full.
        _make_room(directory, resource, keeping or Keeping())
        _write(path, directory, headline, find(), output, hide, group)

    try:
        child = Child.fork(write)
    except OSError:
        return ""  # no process is free
    child.end(max(0.05, within), dying=0.0)  # not awaited: it may be stuck as well
    return path if _holds_something(path) else ""


def record_worker(
    directory: str,
    resource: str,
    pid: int,
    stack: PythonStack,
    within: float,
    group: str = "",
    keeping: Keeping | None = None,
) -> str:
    """Write a black box for the worker `pid`, which hangs in its plugin; as :func:`record`."""

    def find() -> list[Process]:
        seen = processes.table()
        below = processes.descendants({pid}, seen)
        return [seen[pid], *sorted(below, key=lambda each: each.pid)]

    headline = f"{resource}: late: the plugin's process"
    path = record(directory, resource, headline, find, within=within, group=group, keeping=keeping)
    if path:
        # Asked last: it disturbs what it asks.
        _add(path, "Where the plugin is, in Python", stack.ask(pid))
    return path


def _holds_something(path: str) -> bool:
    """Whether it does: what was written until the disk was full, or the time up, tells as well."""
    try:
        if os.stat(path).st_size:
            return True
        os.unlink(path)
    except OSError:
        pass
    return False


def _add(path: str, title: str, text: str) -> None:
    """Add a paragraph to a black box; nothing where it cannot be."""
    text = f"\n{title}\n{_indented(text or 'not told')}"
    data = text.encode("utf-8", "backslashreplace")[:_PYTHON_SIZE]
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            os.write(descriptor, data)
        finally:
            os.close(descriptor)
    except OSError:
        pass


def _write(
    path: str,
    directory: str,
    headline: str,
    tree: Sequence[Process],
    output: bytes,
    hide: Callable[[str], str],
    group: str,
) -> None:
    # Appended: what is added meanwhile is not written over.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o640)
    let_read(descriptor, group)
    let_read_in(directory, group)
    room = SIZE - _PYTHON_SIZE

    def put(text: str) -> None:
        # Written piece by piece: what is known when the time is up is on disk.
        nonlocal room
        data = hide(text).encode("utf-8", "backslashreplace")[:room]
        room -= len(data)
        os.write(descriptor, data)

    put(f"{shown(headline)}\n{time.strftime('%Y/%m/%d %H:%M:%S')}  load {_text('/proc/loadavg')}\n")
    put(f"\nProcess tree ({len(tree)}): pid, parent, state, wait channel, arguments\n")
    for process in tree:
        channel = _text(f"/proc/{process.pid}/wchan") or "-"
        line = b" ".join(processes.arguments(process.pid)).decode("utf-8", "backslashreplace")
        line = shown(line or process.name)
        put(f"  {process.pid} {process.ppid} {process.state} {channel} {line}\n")
    put(f"\nLast output ({len(output)} bytes)\n")
    # Hidden before it is cut: the end of a secret that begins before the cut is no known text.
    for text in hide(output.decode("utf-8", "backslashreplace"))[-_OUTPUT:].splitlines():
        put(f"  | {shown(text)}\n")
    for process in tree:
        file = shown(processes.executable(process.pid) or "-")
        put(f"\nProcess {shown(str(process))}\n  file {file}\n")
        stack = _text(f"/proc/{process.pid}/stack")
        put("  kernel stack\n" + _indented(stack or "not readable"))
        put("  open files\n" + _indented("\n".join(_open_files(process.pid)) or "not readable"))
    os.close(descriptor)


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="backslashreplace") as file:
            return file.read(16384).strip()
    except OSError:
        return ""


def _indented(text: str) -> str:
    return "".join(f"    {shown(line)}\n" for line in text.splitlines())


def _open_files(pid: int) -> list[str]:
    try:
        names = sorted(os.listdir(f"/proc/{pid}/fd"), key=int)
    except OSError:
        return []
    lines = []
    for name in names[:_OPEN_FILES]:
        try:
            lines.append(f"{name} {os.readlink(f'/proc/{pid}/fd/{name}')}")
        except OSError:
            continue
    if len(names) > _OPEN_FILES:
        lines.append(f"and {len(names) - _OPEN_FILES} more")
    return lines


def note_failure(directory: str, resource: str, since: float, told: str) -> None:
    """Write into the boxes of a script that failed what became of it; they are evidence then.

    `since`: when the script began, in seconds since the epoch. `told`: its last line.
    """
    for name in boxes(directory, resource):
        if _written_at(name) >= int(since):
            _add(f"{directory}/{name}", _FAILED_SCRIPT, shown(told)[:_FAILED_ROOM])


def _make_room(directory: str, resource: str, keeping: Keeping) -> None:
    """Let go what need not be kept any longer, so that one more has its place."""
    for name in _superfluous(directory, boxes(directory, resource), keeping, time.time()):
        try:
            os.unlink(f"{directory}/{name}")
        except OSError:
            continue  # another has done it


def _superfluous(
    directory: str, names: Sequence[str], keeping: Keeping, now: float
) -> Sequence[str]:
    """Those of `names`, which are sorted, that go before one more is written."""
    young = now - keeping.incident_days * _DAY
    first: list[str] = []
    others: list[str] = []
    last, counted = 0.0, 0
    for name in names:
        at = _written_at(name)
        counted = counted + 1 if at - last <= _GAP else 1
        last = at
        (first if counted <= _FIRST and at >= young else others).append(name)
    aged = now - keeping.days * _DAY if keeping.days else 0.0
    if len(others) < keeping.number and all(_written_at(name) >= aged for name in others):
        return first[: -keeping.number]
    failed = [
        name
        for name in others
        if _written_at(name) >= young and _is_of_a_failed_script(f"{directory}/{name}")
    ]
    evidence, rest = sorted([*first, *failed]), [each for each in others if each not in failed]
    old = [name for name in rest if _written_at(name) < aged]
    return [*evidence[: -keeping.number], *rest[: max(len(old), len(rest) - keeping.number + 1)]]


def _written_at(name: str) -> float:
    """When the box of this name was begun, in seconds since the epoch; 0 where it tells none."""
    try:
        _, date, clock, _, _ = name.rsplit("-", 4)
        day = int(date[:4]), int(date[4:6]), int(date[6:])
        return time.mktime((*day, int(clock[:2]), int(clock[2:4]), int(clock[4:]), 0, 0, -1))
    except (ValueError, OverflowError):
        return 0.0


def _is_of_a_failed_script(path: str) -> bool:
    try:
        # A FIFO or a device is no box of ours, and nobody waits for it.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            size = os.fstat(descriptor).st_size
            end = os.pread(descriptor, _FAILED_SIZE, max(0, size - _FAILED_SIZE))
        finally:
            os.close(descriptor)
    except OSError:
        return False
    return f"\n{_FAILED_SCRIPT}\n".encode() in end


def boxes(directory: str, resource: str) -> list[str]:
    """The names of the resource's black boxes, oldest first."""
    try:
        names = os.listdir(directory)
    except OSError:
        return []
    # "<resource>-<date>-<time>-<pid>-<serial>.txt", and a resource's name may hold "-" itself.
    return sorted(name for name in names if name.rsplit("-", 4)[0] == resource)
