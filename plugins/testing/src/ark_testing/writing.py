"""What a hook's own Python writes, makes and removes, told by Python's audit events.

What a command of the product's does is not seen: that is the product's.
"""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import Any

#: The events that change the file system, and which of their arguments are paths.
_EVENTS = {
    "open": (0,),
    "os.mkdir": (0,),
    "os.rmdir": (0,),
    "os.remove": (0,),
    "os.rename": (0, 1),
    "os.symlink": (1,),
    "os.link": (1,),
    "os.truncate": (0,),
    "os.chmod": (0,),
    "os.chown": (0,),
    "os.utime": (0,),
}
#: Where this argument of an event is the descriptor of the directory that a path begins at.
_DIRECTORY = {"os.mkdir": 2, "os.rmdir": 1, "os.remove": 1, "os.symlink": 2}
#: They do nothing to a directory that is there: `tempfile` opens the one that it makes a file in.
_OF_NO_DIRECTORY = ("open", "os.mkdir")
#: Where Python keeps what it compiles: a first import writes there.
_COMPILED = "__pycache__"
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


class Writing:
    """Between :meth:`begin` and :meth:`end`, notes which files are written, made and removed."""

    def __init__(self) -> None:
        self._at_work = False
        #: Each path that an event named, and whether it was there before.
        self._seen: dict[str, bool] = {}
        #: Files of a name that anybody could have taken before, in directories of everybody's.
        self.foretold: list[str] = []
        #: Each path that was to be made, written or removed, whatever came of it.
        self.tried: list[str] = []
        sys.addaudithook(self._hear)

    def begin(self) -> None:
        self._seen, self.foretold, self.tried = {}, [], []
        self._at_work = True

    def end(self) -> list[str]:
        """ "made PATH", "wrote PATH", "removed PATH"; nothing of what came and went."""
        self._at_work = False
        found = []
        for path, before in self._seen.items():
            after = os.path.lexists(path)
            if before or after:
                what = "wrote" if before and after else "made" if after else "removed"
                found.append(f"{what} {path}")
        return found

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self._at_work or event not in _EVENTS:
            return
        if event == "open" and not (isinstance(arguments[2], int) and arguments[2] & _WRITES):
            return
        for number in _EVENTS[event]:
            path = _absolute(arguments[number], arguments[_DIRECTORY.get(event, 0)])
            if not path or _COMPILED in Path(path).parts:
                continue
            self.tried.append(path)
            if not (event in _OF_NO_DIRECTORY and os.path.isdir(path)):
                self._seen.setdefault(path, os.path.lexists(path))
                if event == "open" and _can_be_foretold(path, arguments[2]):
                    self.foretold.append(path)


def _can_be_foretold(path: str, flags: int) -> bool:
    """Whether another user could have laid a link there; `tempfile` asks for a new file."""
    if flags & (os.O_EXCL | os.O_NOFOLLOW):
        return False
    try:
        return bool(os.stat(os.path.dirname(path)).st_mode & stat.S_IWOTH)
    except OSError:
        return False


def _absolute(path: object, directory: object) -> str:
    """A path of an event's; "" where it is a descriptor, or nobody can tell."""
    if not isinstance(path, str | bytes | os.PathLike):
        return ""
    try:
        begins = os.getcwd()
        if isinstance(directory, int) and directory >= 0:
            begins = os.readlink(f"/proc/self/fd/{directory}")
        return os.path.normpath(os.path.join(begins, os.fsdecode(path)))
    except OSError:
        return ""
