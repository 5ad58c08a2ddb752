"""One line of the RAS log: its fields, and what they tell."""

from __future__ import annotations

import re

_LINE = re.compile(
    r"\[(?P<at>\d{4}/\d\d/\d\d \d\d:\d\d:\d\d)\] : "
    r"(?P<resource>.*?) : (?P<host>.*?) : (?P<message>.*)"
)
#: As `arkcore.machine.blackbox` names them.
_BLACK_BOX = re.compile(r"black box (?P<path>/\S+/blackbox/[\w.-]+-\d{8}-\d{6}-\d+-\d{6}\.txt)")
#: What begins so was written by the product, which may say anything.
_PRODUCT = "| "


class RasLine:
    """One line: its fields, and the text as it stands in the log."""

    __slots__ = ("at", "logical_host", "message", "moment", "node", "resource", "text")

    def __init__(self, at: str, resource: str, logical_host: str, message: str, text: str) -> None:
        #: Local time, "YYYY/MM/DD hh:mm:ss".
        self.at = at
        self.resource = resource
        self.logical_host = logical_host
        self.message = message
        self.text = text
        #: The node whose log it is from, and when it was written, as its reader knows them.
        self.node = ""
        self.moment = 0.0

    @property
    def went_badly(self) -> bool:
        """Whether a script or step ended badly here, or was aborted."""
        return bool(re.match(r"[A-Z]\w+( \w+)? (failed|aborted)\.", self.message))

    @property
    def black_box(self) -> str:
        """The path of the black box that the line names; "" where it names none."""
        return black_box_in(self.message)


def parse_line(text: str) -> RasLine | None:
    """The fields of a line; None where it is no line of the RAS log.

    How the line ends is no part of it: a log that has been elsewhere may have CR and LF.
    """
    text = text.rstrip("\r\n")
    found = _LINE.fullmatch(text)
    if found is None:
        return None
    return RasLine(found["at"], found["resource"], found["host"], found["message"], text)


def black_box_in(message: str) -> str:
    """The path of the black box that a message names; "" where it names none."""
    if "black box" not in message or message.startswith(_PRODUCT):
        return ""
    found = _BLACK_BOX.search(message)
    return found["path"] if found else ""
