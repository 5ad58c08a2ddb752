"""Real servers that end with the test, and one node that protects them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from ark_testing import Node, ProgramEnd
from database import Database, home, make_template, options_of

from arkcore.base.call import Action
from arkcore.base.deadline import Deadline
from arkcore.base.paths import Paths
from arkcore.context.context import Context
from arkcore.machine.channel import Sender
from arkcore.memory.state import State
from arkcore.plugin.source import PluginSource
from arkcore.resources.resource import ApplicationFacts, LogSettings, RasSettings, Resource
from arkcore.resources.timers import Timers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any


@pytest.fixture(scope="session")
def template() -> Iterator[Path]:
    with home() as directory:
        yield make_template(directory)


@pytest.fixture
def make_database(template: Path) -> Iterator[Callable[..., Database]]:
    with home() as directory:
        made: list[Database] = []

        def make(name: str = "1", **arguments: Any) -> Database:
            made.append(Database(directory / name, template, **arguments))
            return made[-1]

        yield make
        for database in made:
            database.kill()


@pytest.fixture
def database(make_database: Callable[..., Database]) -> Database:
    return make_database()


class Site:
    """One node under LifeKeeper's driver, with a resource for each database."""

    def __init__(self, directory: Path) -> None:
        self.prefix = directory / "ark"
        self.resources = self.prefix / "etc/ark/resources"
        self.resources.mkdir(parents=True)
        self.node = Node("node1", directory / "lk", str(self.prefix))

    def protect(
        self, database: Database, tag: str = "lkpg", *, timers: str = "", **options: object
    ) -> str:
        lines = [
            f"{key} = {_toml(value)}" for key, value in {**database.options, **options}.items()
        ]
        (self.resources / f"{tag}.toml").write_text(
            f'plugin = "postgresql"\nlogical_host = "{tag}-host"\n[timers]\n'
            f"quickcheck.confirm = 0.2\nlifekeeper.quickcheck_run = 6\n"
            f"force_stop_wait = 0.2\n{timers}\n"
            "[options]\n" + "\n".join(lines) + "\n"
        )
        self.node.create(tag)
        return tag

    def run(self, action: Action, tag: str = "lkpg") -> ProgramEnd:
        end = self.node.call(action, tag)
        if action is Action.RESTORE and end.code == 0:
            self.node.set_state(tag, "ISP")
        return end

    def call(self, action: Action, tag: str = "lkpg") -> int | None:
        return self.run(action, tag).code

    def messages(self, tag: str = "lkpg") -> list[str]:
        """The RAS log's messages of one resource."""
        lines = (self.prefix / "var/log/ark/ras.log").read_text().splitlines()
        return [line.split(" : ", 3)[3] for line in lines if f" : {tag} : " in line]

    def status(self, tag: str = "lkpg") -> str:
        """What `ark status` says of a resource."""
        answer = subprocess.run(
            [Path(sys.executable).parent / "ark", "status", tag, "--json"],
            env={"ARK_PREFIX": str(self.prefix), "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=True,
        )
        [facts] = json.loads(answer.stdout)
        status: str = facts["status"]
        return status


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(each)}" for key, each in value.items()) + "}"
    return json.dumps(value)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


@pytest.fixture
def make_context(tmp_path: Path) -> Iterator[Callable[..., Context]]:
    """Makes the context in which a hook is called for a database."""
    nobody = os.open("/dev/null", os.O_WRONLY)

    def make(seconds: float = 30.0, **values: Any) -> Context:
        name = f"pg-{uuid.uuid4().hex[:12]}"
        resource = Resource(
            name=name,
            logical_host="LHOST",
            plugin=PluginSource("postgresql", "ark_postgresql", "Postgresql", "", "0", ""),
            application=ApplicationFacts(
                force_before_restart=False, runs_as_processes=True, machine_wide=()
            ),
            timers=Timers({}),
            options=values,
            ras=RasSettings(),
            log=LogSettings(),
        )
        state = State(Paths(str(tmp_path / "prefix")), name)
        options = options_of(values)
        return Context(resource, options, state, Sender(nobody), Deadline.after(seconds))

    yield make
    os.close(nobody)
