"""The other node's RAS log, asked by ssh and read as a log of this machine is."""

from __future__ import annotations

import os
import tempfile
import time

import msgspec

from arkcore.base.text import shown
from arkcore.cli.console import complain
from arkcore.cli.peer import PeerError, check_answers
from arkcore.ras.source import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arkcore.cli.peer import Peer

#: Lines that are asked for; with its JSON, such a line has fewer bytes than an answer's part of it.
_LINES = 3000


class LineAnswer(msgspec.Struct, frozen=True):
    """A line as `ark log --lines --json` prints it."""

    at: str
    resource: str
    logical_host: str
    message: str
    node: str


class PeerLog:
    """The last lines of the other node's log. As a context manager, it holds them in a file."""

    def __init__(self, peer: Peer, resource: str | None, since: float | None) -> None:
        self._peer = peer
        # How long ago, and not when: its time zone may be another.
        age = [] if since is None else ["--since", f"{max(1.0, time.time() - since):.0f}s"]
        self._words = ["log", *([resource] if resource else []), *age]
        self._file = tempfile.NamedTemporaryFile(prefix="ark-log-")  # noqa: SIM115
        #: Why there is none; "" where there is.
        self.problem = ""

    def __enter__(self) -> Source | None:
        """The log; None where the other node does not answer: `problem` says why."""
        try:
            lines = self._peer.facts(
                list[LineAnswer], *self._words, "--lines", str(_LINES), "--json"
            )
        except PeerError as error:
            self.problem = str(error)
            return None
        if len(lines) >= _LINES:
            complain(f"{self._peer.host}: only its last {_LINES} lines were read")
        for line in lines:
            text = f"[{line.at}] : {line.resource} : {line.logical_host} : {line.message}"
            self._file.write(f"{shown(text)}\n".encode())
        self._file.flush()
        node = shown(lines[0].node) if lines else self._peer.host
        check_answers(self._peer, node, os.uname().nodename)
        return Source(self._file.name, node, alone=True)

    def __exit__(self, *_: object) -> None:
        self._file.close()
