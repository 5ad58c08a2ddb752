"""JP1/Base's plugin keeps every promise of a plugin, on the stand-in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ark_lab.testing import HOST, Lab
from ark_testing import Capability, Command, Conformance, Installation, LogicalHost

OTHER = "LVMRH6LKB"
COMMANDS = {
    "start": "jbs_start.cluster",
    "stop": "jbs_stop.cluster",
    "force_stop": "jbs_killall.cluster",
    "status": "jbs_spmd_status",
}


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with Lab(tmp_path_factory.mktemp("jp1")) as lab:
        node = lab.node(product=None)
        shared = {HOST: lab.shared, OTHER: lab.directory / "shared2"}
        node.logical_host(OTHER, shared[OTHER])

        def described(name: str) -> LogicalHost:
            return LogicalHost(
                name,
                options={"root": str(node.root)},
                serves=lambda: node.run("jbs_spmd_status", "-h", name).returncode == 0,
                commands={use: Command(node.path(path)) for use, path in COMMANDS.items()},
                shared=[shared[name]],
                product=[node.root / "opt/jp1base", node.root / "etc/opt/jp1base"],
            )

        yield Installation(
            described(HOST),
            described(OTHER),
            starts_within=10,
            stops_within=3,
            notices_within=3,
        )


class TestJp1Base(Conformance):
    plugin = "jp1-base"
    capabilities = frozenset(Capability)
