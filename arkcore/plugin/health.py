"""A command that tells a healthy application, as its plugin names it for the healthy path."""

from __future__ import annotations

from arkcore.machine.spawn import words_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any


class HealthCommand:
    """A command whose return code 0, in time, says that the application is well.

    `argv`: an absolute path and its arguments. `timeout`: seconds; None is as long as a check may
    take. `env`: added to the clean environment; None takes a variable away. `node_lock`: the name
    of the lock that :meth:`Context.node_lock` takes for it, "" for none.
    """

    __slots__ = ("argv", "env", "node_lock", "timeout")

    def __init__(
        self,
        argv: Sequence[str],
        *,
        timeout: float | None = None,
        env: Mapping[str, str | None] | None = None,
        node_lock: str = "",
    ) -> None:
        self.argv = words_of("HealthCommand", argv)
        self.timeout = timeout
        self.env = dict(env or {})
        self.node_lock = node_lock

    def to_list(self) -> list[Any]:
        """As plain values, for the record."""
        return [self.argv, self.timeout, self.env, self.node_lock]
