"""What each node's executor did, from Pacemaker's own log: which operation, from when to when."""

from __future__ import annotations

import re
import time
from datetime import datetime

_TIME = r"(?P<at>\w{3} \d\d \d\d:\d\d:\d\d\.\d+) \S+ pacemaker-execd\s.*?"
_BEGAN = re.compile(
    _TIME + r"executing - rsc:(?P<resource>\S+) action:(?P<action>\S+) call_id:(?P<call>\d+)"
)
_ENDED = re.compile(
    _TIME + r"\t?info: (?P<resource>\S+) (?P<action>\S+) \(call (?P<call>\d+)(, PID \d+)?\) "
    r"(exited with status (?P<code>\d+)|(?P<other>could not|timed out|was|did not).*)"
)
_CUT_SHORT = re.compile(
    _TIME + r"Terminating in-flight op (?P<resource>\S+)_monitor_\d+\[\d+\] early"
)


class Operation:
    """One start or stop that a node performed. Times are CLOCK_MONOTONIC, exact to 5 ms."""

    __slots__ = ("action", "began", "code", "ended", "node", "resource")

    def __init__(self, node: str, resource: str, action: str, began: float) -> None:
        self.node = node
        self.resource = resource
        self.action = action
        self.began = began
        #: None while it is at work, or where its node died meanwhile.
        self.ended: float | None = None
        #: The agent's exit code; None where it did not come to its own end.
        self.code: int | None = None

    @property
    def seconds(self) -> float:
        return (self.ended or self.began) - self.began

    def __repr__(self) -> str:
        return f"{self.action} {self.resource} on {self.node}: {self.code}, {self.seconds:.2f} s"


def operations(node: str, log: str, since: float = 0.0) -> list[Operation]:
    """The starts and stops in the text of a node's pacemaker.log that began after `since`."""
    found: list[Operation] = []
    at_work: dict[tuple[str, str, str], Operation] = {}
    offset = time.time() - time.monotonic()
    for line in log.splitlines():
        if "pacemaker-execd" not in line:
            continue
        if match := _BEGAN.match(line):
            if match["action"] not in ("start", "stop"):
                continue
            moment = _moment(match["at"]) - offset
            operation = Operation(node, match["resource"], match["action"], moment)
            at_work[match["resource"], match["action"], match["call"]] = operation
            found.append(operation)
        elif match := _ENDED.match(line):
            key = (match["resource"], match["action"], match["call"])
            if key in at_work:
                operation = at_work.pop(key)
                operation.ended = _moment(match["at"]) - offset
                operation.code = int(match["code"]) if match["code"] else None
    return [operation for operation in found if operation.began >= since]


def monitors_cut_short(log: str) -> list[str]:
    """The resources whose monitor was at work when they were to be stopped, once for each time.

    Pacemaker kills such a monitor.
    """
    lines = (line for line in log.splitlines() if "in-flight" in line)
    return [match["resource"] for line in lines if (match := _CUT_SHORT.match(line))]


def _moment(text: str) -> float:
    """Seconds since the epoch; the log leaves out the year."""
    year = datetime.now().year
    return datetime.strptime(f"{year} {text}", "%Y %b %d %H:%M:%S.%f").timestamp()
