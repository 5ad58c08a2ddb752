"""Reads the RAS log as the model does: every line's form, and each start's end."""

from __future__ import annotations

import os
import re
from pathlib import Path

_STAMP = r"\[\d{4}/\d\d/\d\d \d\d:\d\d:\d\d\]"
_LINE = re.compile(rf"{_STAMP} : (?P<resource>[\w.-]+) : (?P<host>[\w.-]+) : (?P<message>\S.*)")
#: A line of ours within a line: two that ran together. What the product wrote begins with "| ".
_ANOTHER = re.compile(rf"{_STAMP} : (?!forged)[\w.-]+ : ")
_SCRIPT = re.compile(r"(Restore|Remove|QuickCheck|Recover) (start|completed|failed|aborted)\.(.*)")
_LONGEST = 1000


class Entry:
    """One line of the log, of one script's pair or between."""

    __slots__ = ("message", "reason", "resource", "script", "what")

    def __init__(self, resource: str, message: str) -> None:
        self.resource = resource
        self.message = message
        match = _SCRIPT.fullmatch(message)
        #: Of a script's own lines: its name, what the line says of it, and why.
        self.script = match[1].lower() if match else ""
        self.what = match[2] if match else ""
        self.reason = match[3].strip() if match else ""

    @property
    def ends(self) -> bool:
        return self.what in ("completed", "failed")

    @property
    def skipped(self) -> bool:
        return self.reason.startswith("Skipped:")

    @property
    def undecided(self) -> bool:
        return self.reason.startswith("Undecided:")


class RasReading:
    """Follows one log, wherever it is moved to meanwhile."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._open: dict[tuple[str, str], int] = {}
        self._descriptor = -1
        self._rest = b""
        self.lines = 0

    def news(self, problems: list[str]) -> list[Entry]:
        """What was written since the last call; what is wrong with it goes to `problems`."""
        data = self._rest + self._unread()
        *lines, self._rest = data.split(b"\n")
        found = []
        for line in lines:
            self.lines += 1
            entry = self._entry(line, problems)
            if entry is not None:
                found.append(entry)
        return found

    def _unread(self) -> bytes:
        data = self._read_on()
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return data  # there is none, for now
        if self._descriptor >= 0:
            if os.path.samestat(os.fstat(self._descriptor), os.fstat(descriptor)):
                os.close(descriptor)
                return data
            data += self._read_on()  # the last words before it was moved
            os.close(self._descriptor)
        self._descriptor = descriptor
        return data + self._read_on()

    def _read_on(self) -> bytes:
        data = b""
        while self._descriptor >= 0 and (more := os.read(self._descriptor, 1 << 20)):
            data += more
        return data

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _entry(self, line: bytes, problems: list[str]) -> Entry | None:
        if len(line) + 1 > _LONGEST:
            problems.append(f"a line of {len(line) + 1} bytes: {line[:80]!r}…")
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError:
            problems.append(f"no UTF-8: {line!r}")
            return None
        match = _LINE.fullmatch(text)
        if match is None or not text.isprintable():
            problems.append(f"malformed: {line!r}")
            return None
        message = match["message"]
        if not message.startswith("| ") and _ANOTHER.search(message):
            problems.append(f"merged: {line!r}")
        return Entry(match["resource"], message)

    # Pairs.

    def count(self, entries: list[Entry], *, killed: bool, problems: list[str]) -> None:
        """Keep account of the scripts that are open. `killed`: an end may be missing, or doubled:
        one that was killed between its end line and its exit is told as aborted too.
        """
        for entry in entries:
            key = (entry.resource, entry.script)
            if entry.what == "start":
                self._open[key] = self._open.get(key, 0) + 1
            elif entry.what and self._open.get(key, 0) > 0:
                self._open[key] -= 1
            elif entry.ends:
                problems.append(f"an end without a start: {entry.message}")
            elif entry.what == "aborted" and not killed:
                problems.append(f"nothing was killed: {entry.message}")

    def unpaired(self) -> list[str]:
        return [f"{script} of {name}" for (name, script), open_ in self._open.items() if open_]

    def forget(self) -> None:
        """Begin anew: for a while nothing could be written."""
        self._open.clear()
