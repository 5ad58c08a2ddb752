"""A real context for JP1/AJS3 - Manager on a stand-in whose JP1/Base runs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ark_jp1_ajs3_manager import Ajs3Manager
from ark_lab import Product, StandIn
from ark_lab.testing import HOST, Lab

from arkcore.base.deadline import Deadline
from arkcore.base.paths import Paths
from arkcore.context.context import Context
from arkcore.machine.channel import Sender
from arkcore.memory.state import State
from arkcore.plugin.application import make_options
from arkcore.plugin.source import PluginSource
from arkcore.resources.resource import ApplicationFacts, LogSettings, RasSettings, Resource
from arkcore.resources.timers import Timers

OTHER = "LVMRH6LKB"
MakeContext = Callable[..., Context]


@pytest.fixture
def node(tmp_path: Path) -> Iterator[StandIn]:
    """Two logical hosts are defined, and JP1/Base of both is running."""
    with Lab(tmp_path) as lab:
        node = lab.node(product=Product.MANAGER)
        node.logical_host(OTHER, lab.shared)
        for host in (HOST, OTHER):
            assert node.run("jbs_start.cluster", host).returncode == 0
        yield node


@pytest.fixture
def on_node(tmp_path: Path) -> Iterator[MakeContext]:
    """Makes a real context for one logical host on the stand-in beneath `root`."""
    descriptors = []

    def make(root: Path, host: str = HOST, **values: object) -> Context:
        application = Ajs3Manager().ark_application()
        resource = Resource(
            name=f"ajs_{host}",
            logical_host=host,
            plugin=PluginSource(application.name, "", "", "", "", ""),
            application=ApplicationFacts(
                force_before_restart=application.force_before_restart,
                runs_as_processes=application.runs_as_processes,
                machine_wide=application.machine_wide,
            ),
            timers=Timers({}),
            options=values,
            ras=RasSettings(),
            log=LogSettings(),
        )
        descriptor = os.open("/dev/null", os.O_WRONLY)
        descriptors.append(descriptor)
        return Context(
            resource,
            make_options(application.options, {"root": str(root), **values}),
            State(Paths(f"{tmp_path}/ark"), resource.name),
            Sender(descriptor),
            Deadline.after(20),
        )

    yield make
    for descriptor in descriptors:
        os.close(descriptor)
