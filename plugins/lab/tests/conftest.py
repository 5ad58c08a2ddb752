"""Nodes to test with; each test proves at its end that it left no process behind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from ark_lab import StandIn
from ark_lab.testing import HOST, Lab


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """
    Nodes of this test alone; at its end, none of their processes is left.
    """
    with Lab(tmp_path) as lab:
        yield lab


@pytest.fixture
def node(lab: Lab) -> StandIn:
    """
    A Manager's node, nothing started.
    """
    return lab.node()


@pytest.fixture
def base(node: StandIn) -> StandIn:
    """
    A Manager's node on which JP1/Base runs.
    """
    assert node.run("jbs_start.cluster", HOST).returncode == 0
    return node


@pytest.fixture
def ajs(base: StandIn) -> StandIn:
    """
    A Manager's node on which JP1/Base and JP1/AJS3 run.
    """
    assert base.run("jajs_start.cluster", HOST).returncode == 0
    return base
