"""Control groups of version 2, as plain files: which there are, who is in one, and ending it whole.

A process that is in a group stays in it, whatever becomes of its parent, session, environment or
pid namespace; only root can take it out. Everything here is file operations of the kernel's
(Documentation/admin-guide/cgroup-v2.rst), each of which may fail with `OSError`.
"""

from __future__ import annotations

import errno
import os

#: Where our groups lie below the mount point, unless a resource names another parent.
PARENT = "ark"
#: Beneath it: what belongs to the machine, and was found in the group of a resource.
MACHINE = "machine"
#: How the name of each group of a resource begins.
_BEGINNING = "ark-"
#: Bytes of a resource's name in that of its group; the random part tells groups apart.
_LONGEST = 80
_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")
#: How many random digits its name ends in.
_DIGITS = 16
_HEX = frozenset("0123456789abcdef")
#: Bytes of a file of the kernel's that are read at once, and at most: all processes that it can
#: number (PID_MAX_LIMIT) fill half of that.
_AT_ONCE, _LARGEST = 1 << 16, 1 << 26


class Mount:
    """Where version 2 is mounted, and which of its groups is mounted there ("/" for the first)."""

    __slots__ = ("point", "root")

    def __init__(self, point: str, root: str) -> None:
        self.point = point
        self.root = root.rstrip("/")

    def directory(self, path: str) -> str:
        """The directory of the group that the kernel calls `path`; "" where it is not mounted."""
        if not f"{path.rstrip('/')}/".startswith(f"{self.root}/") or ".." in path.split("/"):
            return ""
        return f"{self.point}{path[len(self.root) :]}".rstrip("/")


def mounts(mountinfo: str = "/proc/self/mountinfo") -> list[Mount]:
    """Where version 2 is mounted so that it can be written; `OSError` where that cannot be read."""
    found = []
    for line in _text(mountinfo).splitlines():
        left, _, right = line.partition(" - ")
        fields, kind = left.split(" "), right.split(" ")
        if kind[0] != "cgroup2" or len(fields) < 6 or len(kind) < 3:
            continue
        if "ro" not in (*fields[5].split(","), *kind[2].split(",")):
            found.append(Mount(_plain(fields[4]), _plain(fields[3])))
    return found


def _plain(path: str) -> str:
    # The kernel writes space, tab, newline and backslash as octal (proc(5)).
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        path = path.replace(code, character)
    return path


def own_path() -> str:
    """What the kernel calls the group that this process is in; "" where there is no version 2."""
    for line in _text("/proc/self/cgroup").splitlines():
        if line.startswith("0::"):
            return line[3:]
    return ""


def slice_path(name: str) -> str:
    """Where systemd keeps the slice `name`: a-b.slice lies in a.slice."""
    parts = name.removesuffix(".slice").split("-")
    return "/".join("-".join(parts[: number + 1]) + ".slice" for number in range(len(parts)))


def name_of(resource: str) -> str:
    """A new name for a group of `resource`, which no other resource, prefix or node ever has."""
    plain = "".join(
        chr(byte) if chr(byte) in _PLAIN else f"-{byte:02x}" for byte in os.fsencode(resource)
    )
    return f"{_BEGINNING}{plain[:_LONGEST]}-{os.urandom(_DIGITS // 2).hex()}"


def is_of_a_resource(path: str) -> bool:
    """Whether a group of some resource holds the group that the kernel calls `path`."""
    return any(_is_name_of_ours(part) for part in path.split("/"))


def _is_name_of_ours(name: str) -> bool:
    digits = name.rpartition("-")[2]
    return name.startswith(_BEGINNING) and len(digits) == _DIGITS and _HEX.issuperset(digits)


class Group:
    """One group, by its directory."""

    __slots__ = ("path",)

    def __init__(self, path: str) -> None:
        self.path = path

    def make(self) -> None:
        """Make its directory, and those above it that are missing."""
        try:
            os.mkdir(self.path, 0o755)
        except FileExistsError:
            pass
        except FileNotFoundError:
            os.makedirs(self.path, 0o755, exist_ok=True)

    def take(self, pid: int) -> None:
        """Move `pid`, with all its threads, into it; 0 is this process."""
        self._write("cgroup.procs", str(pid))

    @property
    def populated(self) -> bool:
        """Whether something lives in it or below it. A group that is not there is empty."""
        try:
            events = _text(f"{self.path}/cgroup.events")
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError as error:
            if error.errno == errno.ENODEV:  # removed after it was opened
                return False
            raise
        return _event(events, "populated") != "0"

    def pids(self) -> set[int]:
        """The processes in it and below it, as far as this pid namespace knows them."""
        found: set[int] = set()
        for directory in self._directories():
            try:
                words = _text(f"{directory}/cgroup.procs").split()
            except OSError:
                continue  # gone meanwhile; or threaded, and then the group above tells
            found.update(int(word) for word in words)
        return found - {0}

    def kill(self) -> bool:
        """Have the kernel kill all that is in it, forks at work included; False where it cannot.

        It can since Linux 5.14. A killed process may take a moment to be gone.
        """
        return self._tell("cgroup.kill", "1")

    def freeze(self, frozen: bool) -> bool:
        """Have all that is in it stand still, or go on; False where the kernel cannot (before 5.2).

        What is frozen can still be killed.
        """
        return self._tell("cgroup.freeze", "1" if frozen else "0")

    @property
    def frozen(self) -> bool:
        try:
            return _event(_text(f"{self.path}/cgroup.events"), "frozen") == "1"
        except OSError:
            return False

    def remove(self) -> bool:
        """Remove it, where nothing lives in it; whether it is gone then."""
        for directory in reversed(self._directories()):
            try:
                os.rmdir(directory)
            except OSError:
                pass  # something lives there
        return not os.path.isdir(self.path)

    def _directories(self) -> list[str]:
        """Its own and those below it, for a product may make groups itself; outer ones first."""
        found = [self.path]
        for directory in found:  # grows meanwhile
            try:
                with os.scandir(directory) as entries:
                    found += [each.path for each in entries if each.is_dir(follow_symlinks=False)]
            except OSError:
                continue
        return found

    def _tell(self, name: str, text: str) -> bool:
        try:
            self._write(name, text)
        except OSError:
            return False
        return True

    def _write(self, name: str, text: str) -> None:
        descriptor = os.open(f"{self.path}/{name}", os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(descriptor, text.encode())
        finally:
            os.close(descriptor)


def _event(events: str, name: str) -> str:
    """The value of `name` in the text of `cgroup.events`; "" where it has none."""
    words = events.split()
    return words[words.index(name) + 1] if name in words[::2] else ""


def _text(path: str) -> str:
    """A file of the kernel's, whole. `OSError` where it has more than 64 MiB."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        parts = [os.read(descriptor, _AT_ONCE)]
        size = len(parts[0])
        while parts[-1]:
            if size > _LARGEST:
                raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), path)
            parts.append(os.read(descriptor, _AT_ONCE))
            size += len(parts[-1])
        return os.fsdecode(b"".join(parts))
    finally:
        os.close(descriptor)


def remove_empty(parent: str) -> None:
    """Remove the groups beneath `parent` in which nothing lives: their resources are gone."""
    try:
        names = os.listdir(parent)
    except OSError:
        return
    for name in names:
        if _is_name_of_ours(name):
            try:
                os.rmdir(f"{parent}/{name}")
            except OSError:
                continue  # in use
