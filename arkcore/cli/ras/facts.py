"""A run as facts, for `--json`."""

from __future__ import annotations

from arkcore.cli.console import iso
from arkcore.ras.records import Checks, Remark, ScriptTaken, Used

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from arkcore.ras.records import Run


def facts_of(run: Run) -> dict[str, Any]:
    """The facts of one run. Times are ISO 8601, durations are seconds."""
    facts: dict[str, Any] = {
        "node": run.node,
        "resource": run.resource,
        "logical_host": run.logical_host,
        "began": iso(run.began),
        "ended": iso(run.ends),
    }
    if isinstance(run, Remark):
        return {"kind": "remark", **facts, "message": run.message}
    if isinstance(run, Checks):
        times = [{"seconds": each, "count": run.times[each]} for each in sorted(run.times)]
        return {"kind": "checks", **facts, "count": run.count, "times": times}
    return {"kind": "script", **facts, **_script(run)}


def _script(script: ScriptTaken) -> dict[str, Any]:
    outcome = script.outcome
    return {
        "action": script.action.word,
        "seconds": script.seconds,
        "outcome": outcome.name.lower() if outcome is not None else None,
        "ended_as": script.ended or None,
        "at_work": script.at_work,
        "has_start": script.started,
        "reason": script.reason,
        **_used(script.used),
        "near_miss": script.is_near,
        "in_maintenance": script.in_maintenance,
        "black_boxes": script.black_boxes,
        "notes": script.notes,
        "steps": [
            {
                "step": step.step.value[0],
                "began": iso(step.began),
                "seconds": step.seconds,
                "well": step.well if step.ended else None,
                "forced": step.forced,
                "reason": step.reason,
                **_used(step.used),
                "commands": [each.line for each in step.commands],
                "notes": step.notes,
            }
            for step in script.steps
        ],
        "lines": script.lines,
        "more_lines": script.more_lines,
    }


def _used(used: Used) -> dict[str, Any]:
    share = used.share
    return {
        "timer": used.timer if share is not None else None,
        "timer_seconds": used.limit if share is not None else None,
        "timer_share": round(share, 4) if share is not None else None,
    }
