"""A maintenance window and a row of actions: of a logical host, of a hierarchy, in order, whole."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support import ToyNode

from arkcore.base.paths import Paths
from arkcore.memory.maintenance import Maintenance

Ark = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def hierarchy(node: ToyNode) -> ToyNode:
    """toy1 of LHOST1; above it toy0 and, on top, toy2, both of LHOST2 and LHOST3."""
    for name, host, below in (("toy0", "LHOST2", "toy1"), ("toy2", "LHOST3", "toy0")):
        home = node.prefix / name
        home.mkdir()
        (home / "daemon").write_bytes((node.home / "daemon").read_bytes())
        (home / "daemon").chmod(0o755)
        node.configure(name, host, home=home, text=f'requires = ["{below}"]')
    return node


def told(node: ToyNode, message: str) -> list[str]:
    """The resources whose RAS lines begin with a message, in the order of the log."""
    return [line.split(" : ")[1] for line in node.ras_lines if f" : {message}" in line]


class TestMaintenance:
    def test_a_hierarchy_begins_in_starting_order_and_ends_in_stopping_order(
        self, hierarchy: ToyNode, ark_here: Ark
    ) -> None:
        assert ark_here("maintenance", "begin", "toy0", "--hierarchy").returncode == 0
        assert told(hierarchy, "Maintenance begins") == ["toy1", "toy0", "toy2"]
        assert ark_here("maintenance", "end", "toy2", "toy1", "toy0").returncode == 0
        assert told(hierarchy, "Maintenance ends") == ["toy2", "toy0", "toy1"]

    def test_a_logical_host_stands_for_its_resources(self, hierarchy: ToyNode, ark: Ark) -> None:
        words = ["--until", "2099-12-24 06:00", "--reason", "JP1 パッチ"]
        done = ark("maintenance", "begin", "LHOST2", *words)
        assert (done.returncode, done.stderr) == (0, "")
        assert hierarchy.ras == [
            "Maintenance begins, until 2099/12/24 06:00: failures are not acted upon. "
            "Reason: JP1 パッチ"
        ]
        assert "toy0: in maintenance since" in ark("maintenance").stdout
        assert "(JP1 パッチ)" in ark("status").stdout

    def test_where_one_cannot_begin_none_has_begun(self, hierarchy: ToyNode, ark_here: Ark) -> None:
        paths = Paths(str(hierarchy.prefix))
        until = time.time() + 3600
        Maintenance(paths, "toy1").begin(until, "before")
        Path(paths.maintenance("toy2")).mkdir()
        done = ark_here("maintenance", "begin", "toy1", "--hierarchy", "--reason", "now")
        assert done.returncode == 1
        assert "NOT begun, of none" in done.stderr
        was = Maintenance(paths, "toy1").current()
        assert was is not None
        assert (was.until, was.reason) == (until, "before")
        assert not Maintenance(paths, "toy0").active()

    @pytest.mark.parametrize(
        "words",
        [
            ("begin",),
            ("toy1", "sideways"),
            ("toy1", "on", "toy2"),
            ("end", "toy1", "--reason", "x"),
            ("begin", "toy1", "--reason", "a\nb"),
            ("begin", "toy1", "--until", "@1x"),
            ("--hierarchy",),
        ],
    )
    def test_wrong_usage_begins_nothing(
        self, node: ToyNode, ark_here: Ark, words: tuple[str, ...]
    ) -> None:
        assert ark_here("maintenance", *words).returncode == 2
        assert node.ras == []

    def test_a_name_of_both_kinds_is_refused(self, node: ToyNode, ark_here: Ark) -> None:
        node.configure("toy2", "toy1")
        done = ark_here("maintenance", "begin", "toy1")
        assert done.returncode == 1
        assert "a resource and a logical host bear this name" in done.stderr


class TestRun:
    def test_a_hierarchy_is_restored_and_removed_in_order(
        self, hierarchy: ToyNode, ark: Ark
    ) -> None:
        assert ark("run", "restore", "toy1", "--hierarchy").returncode == 0
        assert told(hierarchy, "Restore completed") == ["toy1", "toy0", "toy2"]
        done = ark("run", "remove", "toy0", "toy1")
        assert done.returncode == 1
        assert "stop both, in order: ark run remove toy0 toy1 toy2; --force" in done.stderr
        assert told(hierarchy, "Remove start") == []
        assert ark("run", "remove", "toy0", "toy1", "toy2").returncode == 0
        assert told(hierarchy, "Remove completed") == ["toy2", "toy0", "toy1"]

    def test_the_first_that_fails_ends_the_row(self, hierarchy: ToyNode, ark: Ark) -> None:
        hierarchy.hooks("def ark_start(ctx, default): raise OSError('no licence')")
        done = ark("run", "restore", "toy1", "toy0")
        assert done.returncode == 1
        assert "toy1: restore did not end well; not done: toy0" in done.stderr
        assert told(hierarchy, "Restore start") == ["toy1"]

    def test_a_recover_is_for_one_resource(self, hierarchy: ToyNode, ark_here: Ark) -> None:
        assert ark_here("run", "recover", "toy1", "toy0").returncode == 2
