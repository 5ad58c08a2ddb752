"""Finds the files of a directory that is ours, and reads them within bounds.

Others may write beneath it: an application's user owns its output. So no link is followed, nothing
but a regular file is opened, and no more is read than the file had when it was opened.
"""

from __future__ import annotations

import errno
import os
import stat
from collections import deque
from dataclasses import dataclass

from arkcore.ras.rotated import Unreadable, packing_of, unpacked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

#: So deep are directories looked into, and so many files are found in one.
_DEPTH, _MOST = 3, 2000
#: Bytes that are read of one file, unpacked, to find the lines of a period or its end.
_LARGEST = 1 << 28
#: Bytes of a line; what is longer is read in pieces.
_LONGEST = 1 << 16
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC

__all__ = ["Content", "Found", "Unreadable", "content_of", "files_in"]


@dataclass(frozen=True)
class Found:
    """A file beneath `directory`, as `name` tells; `problem`: why it is not read, else ""."""

    directory: str
    name: str
    size: int = 0
    modified: float = 0.0
    problem: str = ""

    @property
    def path(self) -> str:
        return f"{self.directory}/{self.name}" if self.name else self.directory


@dataclass(frozen=True)
class Content:
    """What was read of a file. `note`: what is missing of it."""

    data: bytes
    note: str = ""


def files_in(
    directory: str, wanted: Callable[[str], bool] = lambda _: True, depth: int = _DEPTH
) -> Iterator[Found]:
    """The files beneath `directory` whose names are `wanted`, sorted by name.

    `depth`: so many directories deep.

    What cannot be looked at is one of them, with its problem. A directory that is not there has
    none.
    """
    try:
        top = _open_top(directory)
    except FileNotFoundError:
        return
    except OSError as error:
        yield Found(directory, "", problem=_told(error))
        return
    try:
        number = 0
        for found in _beneath(top, directory, "", depth):
            if not wanted(found.name):
                continue
            number += 1
            if number > _MOST:
                problem = f"it holds more than {_MOST} files; the rest is left out"
                yield Found(directory, "", problem=problem)
                return
            yield found
    finally:
        os.close(top)


def content_of(found: Found, limit: int, wanted: Callable[[bytes], bool] | None = None) -> Content:
    """The file, or the end of it that has at most `limit` bytes; it begins with a whole line.

    `wanted`: whether a line is taken. `Unreadable` says why it cannot be read.
    """
    try:
        file, size = _opened(found)
    except OSError as error:
        raise Unreadable(_told(error)) from error
    try:
        with file:
            if wanted is None and not packing_of(found.name):
                return _end_of(file, size, limit)
            with unpacked(found.name, file) as plain:
                begin = 0
                if plain is file and size > _LARGEST:
                    begin = size - _LARGEST
                    file.seek(begin)
                most = size - begin if plain is file else _LARGEST
                return _lines_of(plain, most, limit, wanted, is_cut=begin > 0)
    except Unreadable:
        raise
    except Exception as error:  # whatever unpacking raises where the file is damaged
        told = _told(error) if isinstance(error, OSError) else str(error)
        raise Unreadable(f"cannot be read to its end: {told}") from error


def _open_top(directory: str) -> int:
    """A descriptor of the directory. A link to it counts where root or the running user laid it."""
    if os.path.islink(directory) and os.lstat(directory).st_uid not in (0, os.geteuid()):
        raise OSError(0, "a link that another user has laid")
    return os.open(directory, _DIRECTORY)


def _beneath(top: int, directory: str, above: str, depth: int) -> Iterator[Found]:
    for each in sorted(os.listdir(top)):
        name = f"{above}{each}"
        try:
            status = os.stat(each, dir_fd=top, follow_symlinks=False)
            if not stat.S_ISDIR(status.st_mode):
                problem = _problem(status)
                if not problem and not os.access(each, os.R_OK, dir_fd=top, effective_ids=True):
                    problem = os.strerror(errno.EACCES)
                yield Found(directory, name, status.st_size, status.st_mtime, problem)
                continue
            if not depth:
                yield Found(directory, name, problem="a directory too deep; it is not looked into")
                continue
            inner = os.open(each, _DIRECTORY | os.O_NOFOLLOW, dir_fd=top)
        except FileNotFoundError:
            continue  # it has gone meanwhile
        except OSError as error:
            yield Found(directory, name, problem=_told(error))
            continue
        try:
            yield from _beneath(inner, directory, f"{name}/", depth - 1)
        finally:
            os.close(inner)


def _problem(status: os.stat_result) -> str:
    mode = status.st_mode
    if stat.S_ISLNK(mode):
        return "a link; no link is followed"
    if not stat.S_ISREG(mode):
        kinds = {stat.S_IFIFO: "a FIFO", stat.S_IFSOCK: "a socket"}
        return f"{kinds.get(stat.S_IFMT(mode), 'a device')}; no regular file"
    if status.st_nlink > 1:
        return f"a file with {status.st_nlink} names; it may be that of another directory"
    return ""


def _opened(found: Found) -> tuple[BinaryIO, int]:
    """The file, and how large it is. `OSError` where it is no longer what was found."""
    *directories, last = found.name.split("/")
    here = _open_top(found.directory)
    try:
        for each in directories:
            inner = os.open(each, _DIRECTORY | os.O_NOFOLLOW, dir_fd=here)
            os.close(here)
            here = inner
        # Looked at before it is opened: opening a device may do something.
        before = os.stat(last, dir_fd=here, follow_symlinks=False)
        problem = _problem(before)
        if problem:
            raise OSError(0, problem)
        descriptor = os.open(last, _FILE, dir_fd=here)
    finally:
        os.close(here)
    now = os.fstat(descriptor)
    if (now.st_dev, now.st_ino) != (before.st_dev, before.st_ino) or _problem(now):
        os.close(descriptor)
        raise OSError(0, "another file has taken its place")
    return open(descriptor, "rb"), now.st_size


def _end_of(file: BinaryIO, size: int, limit: int) -> Content:
    begin = max(0, size - limit)
    file.seek(begin)
    data = file.read(size - begin)
    if not begin:
        return Content(data)
    # Not within a line: the rest of a secret that begins before the cut is no known text.
    _, newline, data = data.partition(b"\n")
    if not newline:
        return Content(b"", f"left out: no line ends within its last {limit} bytes")
    return Content(data, f"cut: the last {len(data)} of {size} bytes")


def _lines_of(
    file: BinaryIO, most: int, limit: int, wanted: Callable[[bytes], bool] | None, *, is_cut: bool
) -> Content:
    """The last lines of at most `most` bytes that are wanted, and have at most `limit` bytes."""
    kept: deque[bytes] = deque()
    held = read = outside = too_long = 0
    if is_cut:
        read += len(_line(file)[0])
    while read < most:
        line, is_whole = _line(file)
        if not line:
            break
        read += len(line)
        if not is_whole:
            too_long += 1
            continue
        if wanted is not None and not wanted(line):
            outside += 1
            continue
        kept.append(line)
        held += len(line)
        while held > limit:
            held -= len(kept.popleft())
            is_cut = True
    notes = []
    if outside:
        notes.append(f"{outside} lines outside the period are left out")
    if is_cut:
        notes.append(f"cut: the last {held} bytes")
    if too_long:
        notes.append(f"{too_long} lines of more than {_LONGEST} bytes are left out")
    if read >= _LARGEST:
        notes.append(f"cut: nothing after {_LARGEST} bytes is read")
    return Content(b"".join(kept), "; ".join(notes))


def _line(file: BinaryIO) -> tuple[bytes, bool]:
    """The next line, and whether it is whole; of a longer one its end alone."""
    line = file.readline(_LONGEST)
    is_whole = True
    while len(line) == _LONGEST and not line.endswith(b"\n"):
        # A part of it may begin within a secret.
        is_whole = False
        line = file.readline(_LONGEST) or b"\n"
    return line, is_whole


def _told(error: OSError) -> str:
    return error.strerror or str(error)
