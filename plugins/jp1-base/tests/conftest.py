"""A context that runs nothing, for the command lines; a real one on a stand-in, for the rest."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from ark_jp1_base.plugin import Jp1Base, Jp1BaseOptions
from ark_lab.testing import HOST, Lab

from arkcore import Process
from arkcore.base.deadline import Deadline
from arkcore.base.paths import Paths
from arkcore.context.context import Context
from arkcore.machine.channel import Sender
from arkcore.machine.command import CommandResult
from arkcore.memory.state import State
from arkcore.plugin.application import make_options
from arkcore.plugin.source import PluginSource
from arkcore.resources.resource import ApplicationFacts, LogSettings, RasSettings, Resource
from arkcore.resources.timers import Timers


class Ran:
    """A command as the context was asked to run it."""

    def __init__(
        self, argv: Sequence[str], timeout: float | None, env: Mapping[str, str], encoding: str
    ) -> None:
        self.argv = list(argv)
        self.timeout = timeout
        self.env = dict(env)
        self.encoding = encoding


class _Lock:
    def __init__(self, taken: bool) -> None:
        self._taken = taken

    def __enter__(self) -> bool:
        return self._taken

    def __exit__(self, *_: object) -> None:
        pass


class FakeContext:
    """Notes what it is asked to run, and answers as it was told to, by the command's name."""

    def __init__(self, options: Any, logical_host: str = "LHOST") -> None:
        self.options = options
        self.logical_host = logical_host
        self.ran: list[Ran] = []
        self.ends: dict[str, dict[str, Any]] = {}
        self.names: list[str] = []
        self.strays: list[str] = []
        self.lock_free = True
        self.locks: list[str] = []
        self.deadline = Deadline.after(60)
        #: Seconds it was asked to wait, and what happens meanwhile.
        self.waited: list[float] = []
        self.while_waiting: Callable[[], object] = bool
        self.searches: list[tuple[Sequence[str], Sequence[str], Sequence[str]]] = []

    def run(
        self,
        argv: Sequence[str],
        *,
        timeout: float | None = None,
        env: Mapping[str, str] | None = None,
        encoding: str | None = None,
    ) -> CommandResult:
        self.ran.append(Ran(argv, timeout, env or {}, encoding or ""))
        end = {"returncode": 0, **self.ends.get(os.path.basename(argv[0]), {})}
        return CommandResult(argv, encoding=encoding or "utf-8", **end)

    def wait_until(self, predicate: Callable[[], bool], *, within: float) -> bool:
        self.waited.append(within)
        self.while_waiting()
        return predicate()

    def node_lock(self, name: str, *, within: float | None = None) -> _Lock:
        self.locks.append(name)
        return _Lock(self.lock_free)

    def find_processes(
        self,
        beneath: Sequence[str],
        *,
        variables: Sequence[str],
        commands: Sequence[str],
        parts: Sequence[str],
        apart: Sequence[str],
    ) -> list[Process]:
        self.searches.append((beneath, variables, commands))
        return _processes(self.names)

    def unattributed_processes(
        self,
        beneath: Sequence[str],
        *,
        variables: Sequence[str],
        commands: Sequence[str],
        parts: Sequence[str],
    ) -> list[Process]:
        return _processes(self.strays)


def _processes(names: Sequence[str]) -> list[Process]:
    return [Process(pid, 1, 1, pid, pid, "S", name) for pid, name in enumerate(names, 1000)]


MakeFake = Callable[..., Any]


@pytest.fixture
def fake() -> MakeFake:
    """Makes a fake context with JP1/Base's options, or those of `model`."""

    def make(model: type = Jp1BaseOptions, **values: object) -> Any:
        return FakeContext(make_options(model, values))

    return make


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with Lab(tmp_path) as lab:
        yield lab


MakeContext = Callable[..., Context]


@pytest.fixture
def on_node(tmp_path: Path) -> Iterator[MakeContext]:
    """Makes a real context for JP1/Base of one logical host on the stand-in beneath `root`."""
    descriptors = []

    def make(root: Path, host: str = HOST, within: float = 20.0, **values: object) -> Context:
        application = Jp1Base().ark_application()
        resource = Resource(
            name=f"base_{host}",
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
            make_options(Jp1BaseOptions, {"root": str(root), **values}),
            State(Paths(f"{tmp_path}/ark"), resource.name),
            Sender(descriptor),
            Deadline.after(within),
        )

    yield make
    for descriptor in descriptors:
        os.close(descriptor)
