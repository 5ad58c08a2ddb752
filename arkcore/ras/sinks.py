"""Every sink but the RAS log: stderr, the journal, JSON lines. loguru carries them.

It is loaded when one of them is in use or something is wrong: not by a healthy check.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from arkcore.resource import LogSettings

_RANK = {"debug": 10, "info": 20, "warning": 30, "error": 40, "none": 99}


class Sinks:
    """Where messages go besides the RAS log, as ark.toml says."""

    def __init__(self, settings: LogSettings) -> None:
        self._settings = settings
        levels = [_RANK[settings.stderr], _RANK[settings.journal]]
        self._least = 0 if settings.json else min(levels)
        self._logger: Any = None

    def tell(self, level: str, resource: str, logical_host: str, message: str) -> None:
        if _RANK.get(level, 20) < self._least:
            return
        try:
            if self._logger is None:
                self._logger = self._configured()
            bound = self._logger.bind(resource=resource, logical_host=logical_host)
            bound.log(level.upper(), "{}", message)
        except Exception as error:  # a log must never stop an action
            print(f"ark: cannot log: {type(error).__name__}: {error}", file=sys.stderr)

    def _configured(self) -> Any:
        from loguru import logger

        logger.remove()
        shape = "ark: {extra[resource]} : {extra[logical_host]} : {message}"
        # diagnose would print the values of variables: passwords among them.
        plain: dict[str, Any] = {"format": shape, "diagnose": False, "backtrace": False}
        if self._settings.stderr != "none":
            level = self._settings.stderr.upper()
            logger.add(sys.stderr, level=level, colorize=False, **plain)
        if self._settings.journal != "none":
            from logging.handlers import SysLogHandler

            handler = SysLogHandler("/dev/log", SysLogHandler.LOG_LOCAL6)
            logger.add(handler, level=self._settings.journal.upper(), **plain)
        if self._settings.json:
            logger.add(
                self._settings.json,
                level="DEBUG",
                serialize=True,
                diagnose=False,
                backtrace=False,
            )
        return logger
