"""Two nodes' clocks: what is added to the times of a node so that cause comes before effect."""

from __future__ import annotations

import click

from arkcore.base.call import Action
from arkcore.base.errors import ConfigurationError
from arkcore.ras.records import Checks, ScriptTaken

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from arkcore.ras.records import Run

#: Seconds. Clocks that are further apart are not put right by what was logged.
_MOST = 3600.0


def given_offsets(given: Sequence[str]) -> dict[str, float]:
    """What `--offset NODE=SECONDS` says, by node."""
    found = {}
    for each in given:
        node, _, seconds = each.rpartition("=")
        try:
            found[node] = float(seconds)
        except ValueError:
            node = ""
        if not node or not -1e9 < found.get(node, 1e9) < 1e9:
            raise click.BadParameter(f"--offset {each}: give NODE=SECONDS, for instance node2=-1.5")
    return found


def refuse_unknown(offsets: Mapping[str, float], nodes: Sequence[str]) -> None:
    """`ConfigurationError` where an offset is given for a node whose log is not read."""
    unknown = set(offsets) - set(nodes)
    if unknown:
        raise ConfigurationError(f"--offset {min(unknown)}: no log of this node is read")


def found_offsets(runs: Sequence[Run]) -> dict[str, float]:
    """Seconds by node, 0 for the first: a start on a node follows the stop on the other.

    Only what must be so is put right: where the start comes later, nothing is known of the clocks.
    """
    scripts = [run for run in runs if isinstance(run, ScriptTaken) and run.acted and run.is_paired]
    nodes = sorted({script.node for script in scripts})
    found = dict.fromkeys(nodes, 0.0)
    for node in nodes[1:]:
        for there in (each for each in scripts if each.node == node):
            for here in (each for each in scripts if each.node == nodes[0]):
                found[node] = _put_right(found[node], here, there)
    return found


def _put_right(offset: float, here: ScriptTaken, there: ScriptTaken) -> float:
    if here.resource != there.resource:
        return offset
    if here.action is Action.REMOVE and there.action is Action.RESTORE:
        late = here.ends - (there.began + offset)
        overlaps = here.began < there.ends + offset
        return offset + late if overlaps and 0 < late < _MOST else offset
    if there.action is Action.REMOVE and here.action is Action.RESTORE:
        late = there.ends + offset - here.began
        overlaps = there.began + offset < here.ends
        return offset - late if overlaps and 0 < late < _MOST else offset
    return offset


def shift(runs: Sequence[Run], offsets: Mapping[str, float]) -> None:
    """Add its node's offset to each run's times."""
    for run in runs:
        seconds = offsets.get(run.node, 0.0)
        if not seconds:
            continue
        run.began += seconds
        if isinstance(run, Checks):
            run.ends += seconds
        if not isinstance(run, ScriptTaken):
            continue
        if run.failed_at is not None:
            run.failed_at += seconds
        for step in run.steps:
            step.began += seconds
            for command in step.commands:
                command.at += seconds
