"""The module `signal` as C has it: the same functions, and plain numbers for signals.

Python's own `signal` makes enumerations of them, and importing it takes 2.5 ms with `enum` and
what that needs: a tenth of a healthy quickCheck.
"""

from __future__ import annotations

__all__ = ["name_of", "signal"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
else:
    import _signal as signal


def name_of(number: int) -> str:
    """The name of a signal, for instance SIGTERM; its number in words where it has none."""
    from signal import Signals

    try:
        return Signals(number).name
    except ValueError:
        return f"signal {number}"
