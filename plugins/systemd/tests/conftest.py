"""A real systemd for each worker of the test run, and a real context."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

import pytest
from ark_systemd import Options
from own_systemd import PROGRAM, Manager, missing, own_manager

from arkcore.base.deadline import Deadline
from arkcore.base.paths import Paths
from arkcore.context.context import Context
from arkcore.machine.channel import Sender
from arkcore.memory.state import State
from arkcore.plugin.application import make_options
from arkcore.plugin.source import PluginSource
from arkcore.resources.resource import ApplicationFacts, LogSettings, RasSettings, Resource
from arkcore.resources.timers import Timers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(scope="session")
def manager() -> Iterator[Manager]:
    if missing():
        pytest.skip(missing())
    assert os.path.exists(PROGRAM), "no systemd is here; `make test` installs it"
    with own_manager() as made:
        yield made


@pytest.fixture
def make_context(tmp_path: Path) -> Iterator[Callable[..., Context]]:
    """Makes the context in which a hook is called for a unit."""
    nobody = os.open("/dev/null", os.O_WRONLY)

    def make(unit: str, systemctl: object, seconds: float = 30.0) -> Context:
        name = f"unit-{uuid.uuid4().hex[:12]}"
        values: dict[str, object] = {"unit": unit, "systemctl": str(systemctl)}
        resource = Resource(
            name=name,
            logical_host="LHOST",
            plugin=PluginSource("systemd", "ark_systemd", "Systemd", "", "0", ""),
            application=ApplicationFacts(
                force_before_restart=False, runs_as_processes=False, machine_wide=()
            ),
            timers=Timers({}),
            options=values,
            ras=RasSettings(),
            log=LogSettings(),
        )
        state = State(Paths(str(tmp_path / "prefix")), name)
        options = make_options(Options, values)
        return Context(resource, options, state, Sender(nobody), Deadline.after(seconds))

    yield make
    os.close(nobody)
