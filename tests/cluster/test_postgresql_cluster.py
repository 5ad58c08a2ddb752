"""PostgreSQL fails over on a real cluster, and no acknowledged row is lost by it."""

from __future__ import annotations

import pytest
from database_cluster import DatabaseCluster, run


@pytest.mark.cluster
@pytest.mark.timeout(300)
def test_no_acknowledged_row_is_lost_by_a_crash_a_power_cut_and_a_switch() -> None:
    faults = ["all its processes killed", "power cut", "switched over"]
    assert set(faults) < set(DatabaseCluster.FAULTS)
    result, silences = run(faults)
    assert set(silences) == set(faults)
    assert result.acknowledged > 100
    assert result.lost == []
    assert result.invented == []
