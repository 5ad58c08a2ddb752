"""The marks in the environments of processes that show what started them."""

from __future__ import annotations

import os

from arkcore.machine import processes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable


class Marks:
    """The marks that show a process for one that a start of this resource has made.

    `known`: those that were written down; None where that memory is lost: then any of this
    resource's is one, but for `others`, which commands of another kind bear.
    """

    def __init__(
        self, resource: str, prefix: str, known: Collection[str] | None, others: Iterable[str]
    ) -> None:
        self.are_known = known is not None
        self._begin = f"{processes.MARK}={resource}:".encode()
        self._known = frozenset(entry_of(mark) for mark in known or ())
        self._others = frozenset(map(entry_of, others))
        self._prefix = [b"ARK_PREFIX=" + os.fsencode(prefix)] if prefix else []

    def are_in(self, environment: list[bytes]) -> bool:
        """Whether it came of a start of this resource, and of this installation's.

        Another prefix on the same machine is another node, whatever its resources are called.
        """
        if self.are_known:
            found = not self._known.isdisjoint(environment)
        else:
            ours = {entry for entry in environment if entry.startswith(self._begin)}
            found = bool(ours) and ours.isdisjoint(self._others)
        if not found:
            return False
        return [each for each in environment if each.startswith(b"ARK_PREFIX=")] == self._prefix


def entry_of(mark: str) -> bytes:
    """The entry of an environment that holds this mark."""
    return f"{processes.MARK}={mark}".encode()
