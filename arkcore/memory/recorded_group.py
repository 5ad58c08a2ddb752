"""The control group that holds what the starts of a resource have made."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arkcore.memory.files import StateFile


class GroupRecord:
    """A control group: its directory, "" for none. `whole`: all that was started lives in it."""

    __slots__ = ("path", "whole")

    def __init__(self, path: str, *, whole: bool) -> None:
        self.path = path
        self.whole = whole


class RecordedGroup:
    """The control group of the starts since this boot."""

    __slots__ = ("_file",)

    def __init__(self, file: StateFile) -> None:
        self._file = file

    def note(self, path: str, *, whole: bool) -> bool:
        """Record the group in `path`; False where it cannot be written."""
        return self._file.write_of_this_boot(path=path, whole=whole)

    def read(self) -> GroupRecord:
        """The recorded group; none where none was recorded since this boot."""
        value = self._file.read_of_this_boot()
        path = value.get("path")
        if not isinstance(path, str) or "/" not in path:
            return GroupRecord("", whole=False)
        return GroupRecord(path, whole=value.get("whole") is True)

    def forget(self) -> None:
        self._file.forget()
