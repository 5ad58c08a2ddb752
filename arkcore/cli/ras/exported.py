"""Lines of a RAS log for the other node: with their moments, and what this node's clock says."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

import msgspec

from arkcore.base.text import json_shown, shown
from arkcore.cli.peer import PeerError, check_answers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from arkcore.cli.peer import Peer
    from arkcore.ras.line import RasLine

FORMAT = 1
#: Seconds for the other node to read its log.
_WITHIN = 20.0
#: Seconds since the epoch that a calendar can show.
_LATEST = 1e11


class ExportedLine(msgspec.Struct, frozen=True):
    """A line. `moment`: when it was written, in whole seconds since the epoch."""

    moment: float
    resource: str
    logical_host: str
    message: str
    text: str


class LogAnswer(msgspec.Struct, frozen=True):
    """The lines of a node, oldest first. `taken_at`: its clock, seconds since the epoch."""

    format: int
    node: str
    taken_at: float
    lines: list[ExportedLine]


@dataclass(frozen=True)
class LogThere:
    """The other node's answer, and how far its clock is ahead of this one's.

    `ahead`: seconds, negative where it is behind; 0 where the two clocks cannot be told apart.
    `within`: the true value is at most so many seconds away from `ahead`.
    """

    node: str
    lines: Sequence[ExportedLine]
    ahead: float
    within: float


def export_of(lines: Sequence[RasLine]) -> str:
    found = [
        ExportedLine(each.moment, each.resource, each.logical_host, each.message, each.text)
        for each in lines
    ]
    # The clock last: so the least time passes until the reader has it.
    answer = LogAnswer(FORMAT, os.uname().nodename, time.time(), found)
    return json_shown(msgspec.json.encode(answer).decode())


def ask_log(peer: Peer, seconds: float) -> LogThere:
    """What the other node has logged in the last `seconds`. `PeerError`: it does not answer."""
    words = ("log", "--export", "--since", f"{max(1.0, seconds):.0f}s")
    asked = time.time()
    answer = peer.facts(LogAnswer, *words, within=_WITHIN)
    answered = time.time()
    if answer.format != FORMAT:
        raise PeerError(
            f"{peer.host}: its ark answers in format {answer.format}, and this one reads {FORMAT}; "
            f"install the same version on both nodes"
        )
    moments = [answer.taken_at, *(line.moment for line in answer.lines)]
    if not all(0 <= moment < _LATEST for moment in moments):  # not NaN either
        raise PeerError(f"{peer.host}: a time in the answer of its ark is none of a calendar")
    check_answers(peer, answer.node, os.uname().nodename)
    ahead, within = _ahead(asked, answer.taken_at, answered)
    return LogThere(shown(answer.node), answer.lines, ahead, within)


def _ahead(asked: float, there: float, answered: float) -> tuple[float, float]:
    """How far a clock is ahead that said `there` at some time between two moments, and within."""
    within = max(0.0, answered - asked) / 2
    if asked <= there <= answered:
        return 0.0, within
    return there - (asked + answered) / 2, within
