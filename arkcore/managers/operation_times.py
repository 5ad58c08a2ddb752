"""What an operation's timeout has to be so that the timers can act within it."""

from __future__ import annotations

import math

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arkcore.resources.timers import Timers

#: Of a timeout, so much is ours: at its end Pacemaker kills without a warning.
SHARE = 0.95
#: Seconds between two monitors, where nobody says otherwise.
INTERVAL = 30
#: Beside its timers an action needs these seconds: to load, to end what is late, to answer.
_OWN = 10.0
#: One monitor: two status commands of a product, beside the wait for the same answer again.
_ONE_CHECK = 16.0
#: Where the timers do not ask for more: a status command that hangs is ended, not the monitor.
_USUAL_CHECK = 60.0


def least_timeout(operation: str, timers: Timers) -> int:
    """Whole seconds that `operation` (start, stop or monitor) needs at least."""
    return _whole(_needs(operation, timers))


def usual_timeout(operation: str, timers: Timers) -> int:
    """Whole seconds to set for any operation."""
    if operation == "monitor":
        return max(int(_USUAL_CHECK), least_timeout(operation, timers))
    if operation in _ACTION:
        return least_timeout(operation, timers)
    return 30  # validate-all, reload-agent: to load the plugin and to check


def shortfall(operation: str, timeout: float, timers: Timers) -> str:
    """Why `timeout` is too short for `operation`, and what to set; "" where it is not."""
    least = least_timeout(operation, timers)
    if timeout >= least:
        return ""
    return (
        f"the timeout of {operation}, {timeout:g} s, is too short for {_told(operation, timers)}: "
        f"set at least {least} s"
    )


_ACTION = {"start": "restore", "stop": "remove"}
#: The operations whose timeouts follow from the timers.
OPERATIONS = (*_ACTION, "monitor")


def _needs(operation: str, timers: Timers) -> float:
    if operation == "monitor":
        return timers["quickcheck.confirm"] + _ONE_CHECK
    action = _ACTION[operation]
    return timers[f"{action}.process"] + timers[f"{action}.cleanup"] + _OWN


def _told(operation: str, timers: Timers) -> str:
    if operation == "monitor":
        return f"a check that asks twice, quickcheck_confirm {timers['quickcheck.confirm']:g} apart"
    action = _ACTION[operation]
    process, cleanup = timers[f"{action}.process"], timers[f"{action}.cleanup"]
    return f"{action}_process {process:g} and {action}_cleanup {cleanup:g}"


def _whole(seconds: float) -> int:
    """The timeout of which 95 % are `seconds`, rounded up."""
    return math.ceil(round(seconds / SHARE, 6))
