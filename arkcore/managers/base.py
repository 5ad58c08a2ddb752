"""What every manager's adapter does: read the call, answer with an exit code."""

from __future__ import annotations

import os
import sys

from arkcore.base.call import Action, Call, Caller
from arkcore.base.errors import ConfigurationError
from arkcore.base.status import Outcome, Status, Verdict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import NoReturn

    from arkcore.base.paths import Paths
    from arkcore.resources.timers import Timers
    from arkcore.worker.signals import Signals


class Cluster:
    """A cluster manager as it can be asked at this node."""

    #: Seconds between two checks, as far as is known.
    check_interval: float = 120.0

    def run_limit(self, timers: Timers) -> float:
        """Seconds it gives one check."""
        raise NotImplementedError

    def in_service(self, resource: str) -> bool | None:
        """Whether it holds the resource in service here; None: it cannot be told."""
        raise NotImplementedError

    def command(self, action: Action, resource: str) -> str:
        """Its own command that does what `action`, a restore or a remove, does."""
        raise NotImplementedError


class Manager(Caller):
    """One kind of manager."""

    def parse(self, action: Action, argv: Sequence[str], environment: Mapping[str, str]) -> Call:
        """The call that `argv` (the program's name first) and the environment make.

        `ConfigurationError` where they name no resource.
        """
        raise NotImplementedError

    def exit_code(self, action: Action, verdict: Verdict) -> int:
        """What the manager is to be told."""
        raise NotImplementedError


def perform(call: Call, paths: Paths, signals: Signals) -> Verdict:
    """Do what a manager's call asks: by the healthy path as far as that goes, else by the guard."""
    begun = None
    if call.action is Action.QUICK_CHECK:
        from arkcore.guard.healthy import HealthyCheck

        check = HealthyCheck(call, paths, signals)
        if check.is_well():
            return Verdict(Outcome.WELL, status=Status.RUNNING)
        begun = check.begun
    # Here, so that a healthy check does without.
    from arkcore.guard.guard import Guard

    return Guard(call, paths, signals, begun=begun).perform()


def check_name(kind: str, name: str) -> None:
    """Refuse a name that cannot be a resource's. `ConfigurationError` says what is allowed.

    `kind`: what the manager calls it.
    """
    plain = name.isascii() and all(each.isalnum() or each in "_.-" for each in name)
    if not plain or not 1 <= len(name) <= 200 or name[0] in ".-":
        raise ConfigurationError(
            f"{kind} {name!r}: allowed are 1 to 200 letters, digits and _ . -, "
            f"not beginning with . or -"
        )


def end_process(code: int) -> NoReturn:
    """Exit with `code`, also where what is left in a buffer cannot be written."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:  # None: closed when this process began
                stream.flush()
        except (OSError, ValueError):
            pass
    os._exit(code)
