"""Reads a disk's own record of writers, and says whether two ever wrote at once."""

from __future__ import annotations

from rigs.cluster.problem import Problem


class Signature:
    """One line of the record. `time` is CLOCK_MONOTONIC, the same for all nodes."""

    __slots__ = ("event", "name", "node", "number", "time", "writer")

    def __init__(self, line: str) -> None:
        moment, node, boot, pid, name, number, event = line.split("\t")
        self.time = float(moment)
        self.node = node
        self.name = name
        #: Which process of which boot of which node.
        self.writer = (node, boot, pid)
        self.number = int(number)
        #: "begin", "write", "end", or "DOUBLE": another one still had the disk's lock.
        self.event = event


def signatures(record: str) -> list[Signature]:
    """The record's lines; a last one that is not whole is left out."""
    whole = record[: record.rfind("\n") + 1]
    return [Signature(line) for line in whole.splitlines()]


def never_two(record: str) -> list[Problem]:
    """What speaks against "never two at once"; empty where nothing does.

    Lines are appended in the order in which they were written. So the lines of one writer must
    stand together: one that signs again after another has begun wrote at the same time. A writer
    whose lines are not numbered through has lost some, and the record proves nothing; nor does an
    empty one.
    """
    signed = signatures(record)
    problems = [] if signed else [Problem("the record is empty, and proves nothing")]
    over: set[tuple[str, str, str]] = set()
    last: Signature | None = None
    for signature in signed:
        who = f"{signature.name} on {signature.node}"
        if signature.event == "DOUBLE":
            text = f"{who} began while the lock was held, at {signature.time:.3f}"
            problems.append(Problem(text, double=True))
        if last is None or signature.writer != last.writer:
            expected = 0
            if last is not None:
                over.add(last.writer)
            if signature.writer in over:
                text = f"{who} wrote again after another had begun: {signature.time:.3f}"
                problems.append(Problem(text, double=True))
                expected = signature.number
        else:
            expected = last.number + 1
        if signature.number != expected:
            text = f"{who}: line {expected} is missing before {signature.number}"
            problems.append(Problem(text))
        last = signature
    return problems
