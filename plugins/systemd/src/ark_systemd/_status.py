"""The status of a unit: what systemd says, and what lives in its control group."""

from __future__ import annotations

from ark_systemd import _facts
from ark_systemd._group import living
from ark_systemd._show import NoAnswer, ask
from arkcore import Status, StatusReport

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from arkcore import Context, Process

#: The kernel's letters for a process that was stopped by a signal or a debugger.
_STANDS_STILL = ("T", "t")


def report(ctx: Context) -> StatusReport:
    """Ask systemd once and look at the unit's processes."""
    try:
        unit = ask(ctx)
    except NoAnswer as error:
        return StatusReport(Status.UNKNOWN, str(error))
    return judge(unit, living(ctx.options.unit))


def judge(unit: Mapping[str, str], found: Sequence[Process]) -> StatusReport:
    """What the properties of `unit` and its live processes mean together."""
    active, sub = unit["ActiveState"], unit["SubState"]
    status = _facts.status_of(active, sub)
    told = f"{active} ({sub})"
    if status is Status.UNKNOWN:
        return StatusReport(status, f"{told} is no state that is known here")
    if status is Status.RUNNING:
        return _judge_running(unit, told, found)
    if status is Status.STOPPED:
        # A start that waits for other units, or for a stop to end: it will run.
        if unit.get("Job"):
            return StatusReport(Status.STARTING, f"{told}; job {unit['Job']} of systemd waits")
        return StatusReport(status, "; ".join([told, *_why_stopped(unit)]))
    return StatusReport(status, told)


def _judge_running(unit: Mapping[str, str], told: str, found: Sequence[Process]) -> StatusReport:
    if unit.get("FreezerState") in _facts.FROZEN:
        return StatusReport(Status.UNKNOWN, f"{told}, but frozen by systemctl freeze")
    if not found:
        # RemainAfterExit=yes: systemd never looks again.
        return StatusReport(Status.PARTIAL, f"{told}, but nothing lives in its control group")
    still = [each for each in found if each.state in _STANDS_STILL]
    main = unit.get("MainPID", "")
    if len(still) == len(found) or main in [str(each.pid) for each in still]:
        names = ", ".join(map(str, still))
        return StatusReport(Status.UNKNOWN, f"{told}, but stopped by a signal: {names}")
    return StatusReport(Status.RUNNING, told)


def _why_stopped(unit: Mapping[str, str]) -> list[str]:
    found = []
    if unit["LoadState"] != "loaded":
        found.append(f"LoadState={unit['LoadState']}")
    if unit.get("Result", "success") != "success":
        found.append(f"Result={unit['Result']}")
    if unit.get("ConditionResult") == "no" and unit["ActiveState"] == "inactive":
        found.append("ConditionResult=no")
    return found
