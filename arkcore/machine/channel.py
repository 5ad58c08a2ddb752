"""What a worker tells its guard while it works: one small JSON list a line, over a pipe.

The guard alone writes the RAS log, so lines keep their order, and a step whose worker dies is
closed by somebody who is still alive.
"""

from __future__ import annotations

import os
import time

from arkcore.base import quickjson as json
from arkcore.base.choice import Choice
from arkcore.base.status import Fault, Outcome, Status, Verdict
from arkcore.base.text import elided, masked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_LONGEST_TEXT = 4000
#: Bytes of a line that are kept while its end has not come. A longer line is no event of ours.
_LONGEST_LINE = 1 << 19
#: No clock shows a later moment, and not every one can be written as a date.
_END_OF_TIME = 1e11


class Step(Choice):
    """The steps that stand in the RAS log as pairs: value, begin, good end, bad end."""

    STATUS = ("status", "Status checking.", "Status check completed.", "Status check failed.")
    START = ("start", "Starting.", "Start completed.", "Start failed.")
    STOP = ("stop", "Stopping.", "Stop completed.", "Stop failed.")
    FORCE = ("force", "Force stopping.", "Stop completed.", "Force stop failed.")

    @property
    def began(self) -> str:
        return self.value[1]

    @property
    def completed(self) -> str:
        return self.value[2]

    @property
    def failed(self) -> str:
        return self.value[3]


class Event:
    """One thing told: its kind, its texts, and when it was so (seconds since the epoch)."""

    __slots__ = ("at", "kind", "texts")

    #: A step begins (step), ends well (step, text), ends badly (step, reason).
    BEGAN, COMPLETED, FAILED = "began", "completed", "failed"
    #: A command that starts, stops or forces: its command line.
    COMMAND = "command"
    #: A remark (level, text).
    REMARK = "remark"
    #: What is being done now (text), for a person who watches; not in the RAS log.
    NOW = "now"
    #: As NOW, of a command that is late; a warning is going to follow.
    LATE = "late"
    #: The part is over (outcome, reason, status, fault).
    REPORT = "report"
    #: A hook call (text), where these are told.
    TRACE = "trace"
    #: A resource that was validated (as JSON, in pieces).
    RESOURCE = "resource"

    def __init__(self, kind: str, texts: tuple[str, ...], at: float) -> None:
        self.kind = kind
        self.texts = texts
        self.at = at


#: The events whose last text is told to people. A step that begins has its own name alone.
_TOLD = (
    Event.COMMAND,
    Event.COMPLETED,
    Event.FAILED,
    Event.LATE,
    Event.NOW,
    Event.REMARK,
    Event.TRACE,
)


class Sender:
    """The worker's end."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        #: The texts that nothing tells: values of secret options.
        self.hidden: tuple[str, ...] = ()

    def masked(self, text: str) -> str:
        """`text` without the values of secret options."""
        return masked(text, self.hidden)

    def send(self, kind: str, *texts: str, at: float | None = None) -> None:
        if self.hidden and texts and kind in _TOLD:
            # The last is what is told; those before it are words of ours.
            texts = (*texts[:-1], self.masked(texts[-1]))
        cut = [elided(text, _LONGEST_TEXT) for text in texts]
        line = json.dumps([kind, time.time() if at is None else at, *cut]) + "\n"
        data = line.encode("ascii")
        try:
            while data:
                data = data[os.write(self.descriptor, data) :]
        except OSError:
            os._exit(1)  # nobody listens: the guard is gone

    def hand_over(self, kind: str, text: str) -> None:
        """Tell a text whole: in so many events of `kind` that none of them is cut."""
        for start in range(0, len(text), _LONGEST_TEXT):
            self.send(kind, text[start : start + _LONGEST_TEXT])

    def report(self, verdict: Verdict) -> None:
        """Tell how the part came out."""
        outcome, reason, *rest = texts_of(verdict)
        self.send(Event.REPORT, outcome, self.masked(reason), *rest)


class Log:
    """The small protocol plugins and engine log through.

    Warnings and errors stand in the RAS log; the rest does with `ras.detail = "full"`.
    """

    __slots__ = ("_sender",)

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    def debug(self, text: str) -> None:
        self._sender.send(Event.REMARK, "debug", text)

    def info(self, text: str) -> None:
        self._sender.send(Event.REMARK, "info", text)

    def warning(self, text: str) -> None:
        self._sender.send(Event.REMARK, "warning", text)

    def error(self, text: str) -> None:
        self._sender.send(Event.REMARK, "error", text)


class Receiver:
    """The guard's end. What is no event (a plugin wrote there) is dropped."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._rest = b""
        self.at_end = False
        os.set_blocking(descriptor, False)

    def events(self) -> Iterator[Event]:
        """What has been told since the last call; never waits."""
        while not self.at_end:
            try:
                data = os.read(self.descriptor, 65536)
            except BlockingIOError:
                return
            if not data:
                self.at_end = True
            *lines, self._rest = (self._rest + data).split(b"\n")
            self._rest = self._rest[-_LONGEST_LINE:]
            for line in lines:
                event = _event(line)
                if event is not None:
                    yield event

    def close(self) -> None:
        os.close(self.descriptor)


def _event(line: bytes) -> Event | None:
    try:
        kind, at, *texts = json.loads(line)
        if not 0 <= at < _END_OF_TIME:
            return None
        return Event(str(kind), tuple(str(text) for text in texts), float(at))
    except (ValueError, TypeError, RecursionError):
        return None


def texts_of(verdict: Verdict) -> tuple[str, str, str, str]:
    """A verdict as it is told between two processes."""
    status = verdict.status.name if verdict.status else ""
    return verdict.outcome.name, verdict.reason, status, verdict.fault.name


def verdict_of(texts: Sequence[str]) -> Verdict | None:
    """The verdict that `texts` tell; None where they tell none."""
    try:
        outcome, reason, status, fault = texts
        seen = Status[status] if status else None
        return Verdict(Outcome[outcome], reason, seen, fault=Fault[fault])
    except (ValueError, KeyError):
        return None
