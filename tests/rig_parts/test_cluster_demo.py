"""How the demo of the cluster ends."""

from __future__ import annotations

import pytest
from rigs.jp1_cluster.demo import Story, main
from rigs.jp1_cluster.world import World


class Interrupted(Story):
    """^C while the cluster is built."""

    def build(self) -> World:
        raise KeyboardInterrupt


def test_an_interrupt_ends_in_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    assert main(Interrupted()) == 130
    assert capsys.readouterr().err.strip() == (
        "cluster demo: interrupted; the cluster is cleared away"
    )
