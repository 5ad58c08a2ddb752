"""The period in Chrome's trace event format, which Perfetto and chrome://tracing open."""

from __future__ import annotations

from arkcore.cli.ras.tree import outcome_of, step_name
from arkcore.ras.records import Checks, Remark, ScriptTaken

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from arkcore.cli.report.history import History


def trace_of(history: History) -> dict[str, Any]:
    """A process for each node, a thread for each resource; times in microseconds."""
    events: list[dict[str, Any]] = []
    nodes = sorted({lane.node for lane in history.lanes})
    for number, node in enumerate(nodes, 1):
        events.append(_named("process_name", number, 0, node or "node"))
    for thread, lane in enumerate(history.lanes, 1):
        place = {"pid": nodes.index(lane.node) + 1, "tid": thread}
        events.append(_named("thread_name", place["pid"], thread, lane.resource))
        for run in lane.runs:
            if isinstance(run, Remark):
                events.append(
                    {"ph": "i", "s": "t", "name": run.message, "ts": _us(run.began), **place}
                )
            elif isinstance(run, Checks):
                name = f"{run.count} QuickChecks"
                events.append(_span(name, run.began, run.ends, place, {"slowest": run.slowest}))
            else:
                events += _script(run, place)
    for number, over in enumerate(history.failovers):
        ends = (("s", over.source, over.left), ("f", over.target, over.came))
        for phase, node, at in ends:
            thread = next(
                position
                for position, lane in enumerate(history.lanes, 1)
                if (lane.node, lane.resource) == (node, over.resource)
            )
            flow = {"ph": phase, "name": "failover", "cat": "failover", "id": number, "bp": "e"}
            events.append({**flow, "ts": _us(at), "pid": nodes.index(node) + 1, "tid": thread})
    return {"traceEvents": events, "displayTimeUnit": "ms"}


def _script(script: ScriptTaken, place: dict[str, int]) -> list[dict[str, Any]]:
    facts = {"outcome": outcome_of(script), "reason": script.reason, "lines": script.lines}
    found = [_span(script.action.script, script.began, script.ends, place, facts)]
    for step in script.steps:
        told = {"commands": [each.line for each in step.commands], "notes": step.notes}
        found.append(_span(step_name(step.step), step.began, step.ends, place, told))
    return found


def _span(
    name: str, began: float, ends: float, place: dict[str, int], facts: dict[str, Any]
) -> dict[str, Any]:
    length = max(0, _us(ends) - _us(began))
    return {"ph": "X", "name": name, "ts": _us(began), "dur": length, "args": facts, **place}


def _named(kind: str, process: int, thread: int, name: str) -> dict[str, Any]:
    return {"ph": "M", "name": kind, "pid": process, "tid": thread, "args": {"name": name}}


def _us(at: float) -> int:
    return round(at * 1e6)
