"""The kit begins nothing where what it is given is in service on the node."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conformance.installed import install
from support import PROGRAMS

from arkcore.machine import processes

#: A test class as an author writes it, of what is in service.
TESTS = """
import pytest
from ark_testing import Conformance, Installation, LogicalHost

@pytest.fixture(scope="module")
def installation():
    return Installation(LogicalHost({name!r}, options={options!r}))

class TestRight(Conformance):
    plugin = "right"
"""


class Service:
    """A resource of the right plugin, in service on a node of its own."""

    def __init__(self, directory: Path) -> None:
        self.prefix = directory / "node"
        resources = self.prefix / "etc/ark/resources"
        resources.mkdir(parents=True)
        given = install(directory / "product").hosts[0]
        options = "".join(f"{key} = {json.dumps(value)}\n" for key, value in given.options.items())
        text = f'plugin = "right"\nlogical_host = "{given.name}"\n[options]\n{options}'
        (resources / "service.toml").write_text(text)
        self.tests = directory / "test_right.py"
        self.tests.write_text(TESTS.format(name=given.name, options=given.options))
        assert self.run("restore") == 0

    def run(self, action: str) -> int:
        environment = {**os.environ, "ARK_PREFIX": str(self.prefix)}
        words = [str(PROGRAMS / f"ark-{action}"), "-t", "service", "-i", "id"]
        return subprocess.run(words, env=environment, stderr=subprocess.DEVNULL).returncode

    def kit(self, **environment: str) -> subprocess.CompletedProcess[str]:
        words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", self.tests.name]
        inherited = {key: text for key, text in os.environ.items() if key != "ARK_PREFIX"}
        return subprocess.run(
            words,
            cwd=self.tests.parent,
            env={**inherited, **environment},
            capture_output=True,
            text=True,
            timeout=120,
        )

    def recorded(self) -> object:
        return json.loads((self.prefix / "run/ark/resources/service/processes.json").read_text())


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    made = Service(tmp_path)
    yield made
    assert made.run("remove") == 0
    # No remove ends what is machine-wide.
    for pid in processes.pids():
        if processes.executable(pid).startswith(f"{tmp_path}/"):
            os.kill(pid, signal.SIGKILL)


def is_refused(service: Service, why: str, **environment: str) -> None:
    before = service.recorded()
    end = service.kit(**environment)
    assert end.returncode == 1
    told = [line for line in end.stdout.splitlines() if line.startswith("logical host RIGHT1: ")]
    assert len(told) == 1
    assert why in told[0]
    assert " passed" not in end.stdout
    assert service.run("quickcheck") == 0
    assert service.recorded() == before


def test_the_logical_host_of_a_resource_of_this_node_is_refused(service: Service) -> None:
    is_refused(service, "resource service of this node", ARK_PREFIX=str(service.prefix))


def test_a_logical_host_of_which_processes_live_is_refused(service: Service) -> None:
    is_refused(service, "its plugin lists")
