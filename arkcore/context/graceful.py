"""Signals processes of one logical host, in good order: nothing here kills."""

from __future__ import annotations

from arkcore.base.bare_signal import signal
from arkcore.base.errors import PluginError
from arkcore.machine import processes
from arkcore.machine.machine_wide import serves_machine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from arkcore.machine.processes import Process


def send(
    wanted: Iterable[Process], number: int | str, known: Collection[Process], spare: Collection[str]
) -> list[Process]:
    """Send a signal to each of `wanted` that is alive; those that got it.

    `known`: the processes that are the application's. `spare`: names of those that serve the whole
    machine, which are left alone. `PluginError` for any other process, and nothing is signalled.
    """
    which = _number(number)
    meant = list(wanted)
    strangers = [each for each in meant if each not in known]
    if strangers:
        raise PluginError(
            "signal: not known for a process of this logical host: "
            + ", ".join(str(each) for each in strangers)
        )
    reached = []
    for each in meant:
        if not serves_machine(each, spare) and processes.send(each, which):
            processes.send(each, signal.SIGCONT)  # a stopped process does not hear it
            reached.append(each)
    return reached


def _number(number: int | str) -> int:
    found = getattr(signal, f"SIG{number}", 0) if isinstance(number, str) else number
    if found not in signal.valid_signals():
        raise PluginError(f"signal {number!r}: no such signal; allowed: TERM, INT, HUP and others")
    if found in (signal.SIGKILL, signal.SIGSTOP):
        raise PluginError(f"signal {number!r}: use ctx.terminate, which gives time before a kill")
    return int(found)
