"""Reads a disk's own record of writers, and says whether two ever wrote at once."""

from __future__ import annotations


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


def never_two(record: str) -> list[str]:
    """What speaks against "never two at once"; empty where nothing does.

    Lines are appended in the order in which they were written. So the lines of one writer must
    stand together: one that signs again after another has begun wrote at the same time. A writer
    whose lines are not numbered through has lost some, and the record proves nothing.
    """
    problems = []
    over: set[tuple[str, str, str]] = set()
    last: Signature | None = None
    for signature in signatures(record):
        who = f"{signature.name} on {signature.node}"
        if signature.event == "DOUBLE":
            problems.append(f"{who} began while the lock was held, at {signature.time:.3f}")
        if last is None or signature.writer != last.writer:
            expected = 0
            if last is not None:
                over.add(last.writer)
            if signature.writer in over:
                problems.append(f"{who} wrote again after another had begun: {signature.time:.3f}")
                expected = signature.number
        else:
            expected = last.number + 1
        if signature.number != expected:
            problems.append(f"{who}: line {expected} is missing before {signature.number}")
        last = signature
    return problems


def writers_since(record: str, moment: float) -> list[str]:
    """The nodes that have written since `moment`, in their order, each run of lines once."""
    nodes: list[str] = []
    last: tuple[str, str, str] | None = None
    for signature in signatures(record):
        if signature.time >= moment and signature.writer != last:
            nodes.append(signature.node)
            last = signature.writer
    return nodes
