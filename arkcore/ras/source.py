"""Where the lines of one node's log come from: the log with its rotated parts, a file, stdin.

Read in blocks, forwards; a plain file can be entered at a time, or near its end. Damage stops
nothing: it is counted, and its first lines are kept to be shown.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from arkcore.ras.clock import Clock
from arkcore.ras.line import parse_line
from arkcore.ras.rotated import beside, open_part

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

#: Bytes that are read at once.
_BLOCK = 1 << 20
#: No line of ours is longer; a longer one came from somewhere else, and is read in pieces.
_LONGEST = 65536
#: Bytes that are read of one packed part, unpacked. logrotate puts a part of ours aside at 10 MB.
_LARGEST = 1 << 30
#: So many lines that are none of the RAS log are kept of a file, each cut to so many bytes.
_KEPT, _KEPT_BYTES = 20, 1000
#: Bytes within which the line of a time is no longer searched for.
_NEAR = 1 << 16
#: Seconds. Lines may be out of order by less, also where the clock is set back for the winter.
_OUT_OF_ORDER = 7200.0


@dataclass
class Damage:
    """What is wrong with one file of the log."""

    path: str
    #: Lines that are none of the RAS log, and the first of them.
    foreign: int = 0
    lines: list[str] = field(default_factory=list)
    #: Why it was not read, or not to its end; "" where it was.
    problem: str = ""

    def note(self, line: bytes) -> None:
        self.foreign += 1
        if len(self.lines) < _KEPT:
            self.lines.append(line[:_KEPT_BYTES].decode("utf-8", "backslashreplace"))

    def told(self) -> list[str]:
        """One line each for what is wrong."""
        found = [f"{self.path}: {self.problem}"] if self.problem else []
        if self.foreign:
            found.append(
                f"{self.path}: {self.foreign} lines are no lines of the RAS log, and are left out"
            )
        return found


@dataclass(frozen=True)
class Part:
    """One file of a log. `first`: the time of its first line; None where it tells none."""

    path: str
    first: float | None
    #: Whether it can be entered anywhere: it is not packed.
    is_plain: bool
    size: int

    @property
    def order(self) -> float:
        return float("inf") if self.first is None else self.first


class Source:
    """One node's log at `path`, with its rotated parts; "-" is standard input, read once.

    `alone`: that file only, also where others lie beside it.
    """

    def __init__(self, path: str, node: str = "", *, alone: bool = False) -> None:
        self.path = path
        self.node = node
        self._alone = alone
        self._damage: dict[str, Damage] = {}
        #: What lies beside the log and is not read.
        self._beside: list[Damage] = []

    @property
    def is_stdin(self) -> bool:
        return self.path == "-"

    @property
    def damage(self) -> list[Damage]:
        """What was wrong with the files that were read so far."""
        return [*(each for each in self._damage.values() if each.told()), *self._beside]

    def damage_of(self, path: str) -> Damage:
        """To be filled by who finds something wrong with a file."""
        return self._damage.setdefault(path, Damage(path))

    def parts(self) -> list[Part]:
        """The files of the log, oldest first, as their first lines tell."""
        if self.is_stdin:
            return [Part("-", None, False, 0)]
        found, others = beside(self.path)
        if self._alone:
            found, others = [self.path], []
        why = f"is not read: no name that logrotate gives to a part of {self.path}"
        self._beside = [Damage(other, problem=why) for other in others]
        return sorted(map(_part, found), key=lambda part: (part.order, part.path == self.path))

    def blocks(self, part: Part, offset: int = 0) -> Iterator[list[bytes]]:
        """The lines of a part, many at once, without their ends; in a plain one from `offset` on.

        The line in whose middle `offset` lies is left out.
        """
        damage = self.damage_of(part.path)
        # What was found before, in another pass, is found again.
        damage.foreign, damage.problem = 0, ""
        damage.lines.clear()
        try:
            file = _stdin() if part.path == "-" else open_part(part.path)
            with file:
                if offset:
                    file.seek(offset - 1)
                    file.readline(_LONGEST)
                largest = float("inf") if part.is_plain or part.path == "-" else _LARGEST
                yield from self._split(file, largest, damage)
        except Exception as error:  # whatever unpacking raises where the file is damaged
            damage.problem = f"cannot be read to its end: {error}"

    def _split(self, file: BinaryIO, largest: float, damage: Damage) -> Iterator[list[bytes]]:
        rest, size = b"", 0
        read: Callable[[int], bytes] = getattr(file, "read1", file.read)
        while block := read(_BLOCK):
            size += len(block)
            block = rest + block
            if b"\r" in block:
                # A log that has been elsewhere may have CR and LF.
                block = block.replace(b"\r\n", b"\n")
            *lines, rest = block.split(b"\n")
            while len(rest) > _LONGEST:
                lines.append(rest[:_LONGEST])
                rest = rest[_LONGEST:]
            yield lines
            if size > largest:
                damage.problem = f"is larger than {largest} bytes; the rest is not read"
                return
        if rest:
            yield [rest.rstrip(b"\r")]

    def offset_of(self, part: Part, at: float) -> int:
        """Where in a plain part to begin so that no line of `at` or later is left out."""
        at -= _OUT_OF_ORDER
        low, high = 0, part.size
        try:
            with open_part(part.path) as file:
                while high - low > _NEAR:
                    middle = (low + high) // 2
                    found = _first_time(file, middle)
                    if found is None or found >= at:
                        high = middle
                    else:
                        low = middle
        except Exception:  # reading it will tell
            return 0
        return low


def _part(path: str) -> Part:
    try:
        with open_part(path) as file:
            first = _first_time(file, 0)
            is_plain = hasattr(file, "fileno") and _is_plain(file)
            size = os.fstat(file.fileno()).st_size if is_plain else 0
            return Part(path, first, is_plain, size)
    except Exception:  # reading it will tell
        return Part(path, None, False, 0)


def _is_plain(file: BinaryIO) -> bool:
    try:
        file.fileno()
    except OSError:
        return False
    return True


def _first_time(file: BinaryIO, offset: int) -> float | None:
    """The time of the first line after `offset` that tells one; None where none is near."""
    clock = Clock()
    if offset:
        file.seek(offset)
        file.readline(_LONGEST)
    for _ in range(200):
        data = file.readline(_LONGEST)
        if not data:
            return None
        line = parse_line(data.decode("utf-8", "backslashreplace"))
        at = clock.of(line.at) if line is not None else None
        if at is not None:
            return at
    return None


def _stdin() -> BinaryIO:
    return open(0, "rb", closefd=False)
