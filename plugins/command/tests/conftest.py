"""A real context over a temporary directory, and real processes that end with the test."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import uuid
from pathlib import Path

import pytest
from ark_command import Options

from arkcore import processes
from arkcore.base.deadline import Deadline
from arkcore.base.paths import Paths
from arkcore.context.context import Context
from arkcore.machine import offspring
from arkcore.machine.channel import Sender
from arkcore.memory.state import State
from arkcore.plugin.application import make_options
from arkcore.plugin.source import PluginSource
from arkcore.resources.resource import ApplicationFacts, LogSettings, RasSettings, Resource
from arkcore.resources.timers import Timers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any


@pytest.fixture
def make_context(tmp_path: Path) -> Iterator[Callable[..., Context]]:
    """Makes the context of a resource that no other test has: marks are seen machine-wide."""
    name = f"app-{uuid.uuid4().hex[:12]}"
    nobody = os.open("/dev/null", os.O_WRONLY)

    def make(seconds: float = 10.0, **values: Any) -> Context:
        values = {"start": ["/bin/true"], "stop": ["/bin/true"], **values}
        resource = Resource(
            name=name,
            logical_host="LHOST",
            plugin=PluginSource("command", "ark_command", "Command", "ark-command", "0", ""),
            application=ApplicationFacts(
                force_before_restart=False, runs_as_processes=False, machine_wide=()
            ),
            timers=Timers({}),
            options=values,
            ras=RasSettings(),
            log=LogSettings(),
        )
        options = make_options(Options, values)
        options.check()
        state = State(Paths(str(tmp_path / "prefix")), name)
        return Context(resource, options, state, Sender(nobody), Deadline.after(seconds))

    yield make
    os.close(nobody)
    for process in offspring.marked(lambda mark: mark.startswith(f"{name}:")):
        processes.send(process, signal.SIGKILL)


@pytest.fixture
def marked() -> Callable[[Context], dict[str, str]]:
    """The environment that a process has from a start of the context's resource."""

    def environment(ctx: Context) -> dict[str, str]:
        ctx._state.commands.note(f"{ctx.resource}:00", "start")
        return {"ARK_ACTION": f"{ctx.resource}:00", "ARK_PREFIX": ctx._state.paths.prefix}

    return environment


@pytest.fixture
def live() -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts a process that lives until the test ends; /proc shows all of it by then."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*argv: str, **environment: str) -> subprocess.Popen[bytes]:
        argv = argv or ("/bin/sleep", "300")
        child = subprocess.Popen(argv, env=environment, start_new_session=True)
        started.append(child)
        # A new program's environment shows in /proc a moment after its start is reported.
        wanted = {f"{name}={value}".encode() for name, value in environment.items()}
        while child.poll() is None:
            shown = processes.arguments(child.pid) == [os.fsencode(word) for word in argv]
            if shown and wanted <= set(processes.environment(child.pid)):
                break
        return child

    yield start
    for child in started:
        for process in processes.descendants({child.pid}):
            processes.send(process, signal.SIGKILL)
        child.kill()
        child.wait()


@pytest.fixture
def passable() -> Iterator[Path]:
    """A directory that every user may pass; its whole way is root's, and root alone writes it."""
    path = Path(tempfile.mkdtemp(prefix="ark-test-", dir="/run"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def script(tmp_path: Path) -> Callable[[str, str], str]:
    """Writes an executable shell script and returns its path."""

    def write(name: str, body: str) -> str:
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)
        return str(path)

    return write
