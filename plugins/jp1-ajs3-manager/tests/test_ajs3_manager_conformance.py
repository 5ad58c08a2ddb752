"""The plugin of JP1/AJS3 - Manager keeps every promise of a plugin, on the stand-in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ark_lab import Product
from ark_lab.testing import HOST, Lab
from ark_testing import Capability, Command, Conformance, Installation, LogicalHost

OTHER = "LVMRH6LKB"
COMMANDS = {
    "start": "jajs_start.cluster",
    "stop": "jajs_stop.cluster",
    "force_stop": "jajs_killall.cluster",
    "status": "jajs_spmd_status",
}


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Both logical hosts, whose JP1/Base runs already."""
    with Lab(tmp_path_factory.mktemp("jp1")) as lab:
        node = lab.node(product=Product.MANAGER)
        shared = {HOST: lab.shared, OTHER: lab.directory / "shared2"}
        node.logical_host(OTHER, shared[OTHER])
        for host in shared:
            assert node.run("jbs_start.cluster", host).returncode == 0

        def described(name: str) -> LogicalHost:
            return LogicalHost(
                name,
                options={"root": str(node.root)},
                serves=lambda: node.run("jajs_spmd_status", "-h", name).returncode == 0,
                commands={use: Command(node.path(path)) for use, path in COMMANDS.items()},
                shared=[shared[name] / "jp1ajs2"],
                product=[node.root / "opt/jp1ajs2", node.root / "etc/opt/jp1ajs2"],
            )

        yield Installation(
            described(HOST),
            described(OTHER),
            starts_within=10,
            stops_within=3,
            notices_within=3,
        )


class TestAjs3Manager(Conformance):
    plugin = "jp1-ajs3-manager"
    capabilities = frozenset(Capability)
