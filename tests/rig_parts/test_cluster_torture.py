"""What a run of random faults has found is counted by what it means."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from rigs.cluster import Problem
from rigs.jp1_cluster.torture import Torture


def test_two_nodes_at_once_are_counted_apart_from_all_else() -> None:
    world: Any = SimpleNamespace(
        cluster=SimpleNamespace(power_switch=SimpleNamespace(fenced=["n1"]))
    )
    torture = Torture(world, 1)
    torture.downtimes.append(2.0)
    two = Problem("/srv/lh1 is mounted on ['n1', 'n2']", double=True)
    torture.keep("3 standby", [Problem("a DOUBLE that is none"), two])
    torture.stuck.append("4 standby: stuck")
    assert torture.table(1).splitlines()[-3:] == [
        "double-active     1",
        "stuck             1",
        "other violations  1",
    ]
    assert torture.problems == [
        f"3 standby: {two}",
        "4 standby: stuck",
        "3 standby: a DOUBLE that is none",
    ]
