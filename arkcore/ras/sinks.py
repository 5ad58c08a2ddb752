"""Every sink but the RAS log: stderr, the journal, JSON lines, the trace. loguru carries messages.

It is loaded when one of them is in use or something is wrong: not by a healthy check.
"""

from __future__ import annotations

import errno
import os

from arkcore.base import trusted
from arkcore.base.errors import ConfigurationError
from arkcore.base.stderr import complain, tell_journal, write
from arkcore.base.text import shown
from arkcore.ras.format import format_line
from arkcore.ras.sink import RasSink

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from arkcore.resources.resource import LogSettings

_RANK = {"debug": 10, "info": 20, "warning": 30, "error": 40, "none": 99}


class Sinks:
    """Where messages go besides the RAS log, as ark.toml says.

    `traces`: hook calls go to stderr too. `ours`: the RAS log's own directory.
    """

    def __init__(self, settings: LogSettings, *, traces: bool = False, ours: str = "") -> None:
        self._settings = settings
        self._traces = traces
        self._ours = ours
        self._trace = self._file(settings.trace, "the trace") if settings.trace else None
        levels = [_RANK[settings.stderr], _RANK[settings.journal]]
        self._least = 0 if settings.json else min(levels)
        self._logger: Any = None

    def tell(self, level: str, resource: str, logical_host: str, message: str) -> None:
        self.prepare(level)
        if self._logger is None or not self._takes(level):
            return
        try:
            bound = self._logger.bind(resource=resource, logical_host=logical_host)
            bound.log(level.upper(), "{}", shown(message))
        except Exception as error:  # a log must never stop an action
            complain(f"cannot log: {type(error).__name__}: {error}")

    def prepare(self, level: str) -> None:
        """Load what a message of `level` needs, while there is time for it."""
        if self._logger is not None or not self._takes(level):
            return
        try:
            self._logger = self._configured()
        except Exception as error:  # as above
            complain(f"cannot log: {type(error).__name__}: {error}")

    def _takes(self, level: str) -> bool:
        return _RANK.get(level, 20) >= self._least

    def trace(self, resource: str, logical_host: str, call: str, at: float) -> None:
        """Tell a hook call. `at`: when it was over, in seconds since the epoch."""
        if self._traces:
            write(f"ark: {resource} : {logical_host} : {shown(call)}\n")
        if self._trace is not None:
            self._trace.write(format_line(resource, logical_host, call, at))

    def _configured(self) -> Any:
        from loguru import logger

        logger.remove()
        shape = "ark: {extra[resource]} : {extra[logical_host]} : {message}"
        # diagnose would print the values of variables: passwords among them.
        plain: dict[str, Any] = {"format": shape, "diagnose": False, "backtrace": False}
        settings = self._settings
        if settings.stderr != "none":
            logger.add(_to_stderr, level=settings.stderr.upper(), colorize=False, **plain)
        if settings.journal != "none":
            logger.add(_to_journal, level=settings.journal.upper(), **plain)
        if settings.json:
            # Not loguru's own file sink: that follows a link, and waits for who reads a FIFO.
            file = self._file(settings.json, "the JSON log")
            logger.add(_to_file(file), level="DEBUG", serialize=True, **plain)
        return logger

    def _file(self, path: str, name: str) -> RasSink:
        # Beside the RAS log, it has the same standing.
        if os.path.dirname(path) == self._ours:
            return RasSink(path, name, self._settings.group)
        return _NamedSink(path, name, self._settings.group)


class _NamedSink(RasSink):
    """A log at a path that ark.toml names: its whole way must be root's, or nothing is written."""

    def __init__(self, path: str, name: str, group: str) -> None:
        super().__init__(path, name, group)
        #: Whether its way was found right. Whoever cannot write it cannot change that.
        self._is_trusted = False

    def _open(self) -> int:
        if not self._is_trusted:
            try:
                refuse_log(self.path)
            except ConfigurationError as error:
                raise OSError(errno.EPERM, str(error)) from None
            self._is_trusted = True
        return super()._open()


def refuse_log(path: str) -> None:
    """`Untrusted` where others than root and the running user can decide what lies at `path`."""
    trusted.refuse_untrusted(os.path.dirname(path), trusted.ours())


def _to_file(file: RasSink) -> Callable[[Any], None]:
    return lambda message: file.write(str(message).encode("utf-8", "backslashreplace"))


def _to_stderr(message: Any) -> None:
    write(str(message))


def _to_journal(message: Any) -> None:
    tell_journal(message.record["level"].name.lower(), str(message).rstrip("\n"))
