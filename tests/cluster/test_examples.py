"""What `ark pacemaker example` prints is accepted by crm and by Pacemaker's own check."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from arkcore.managers.operation_times import least_timeout
from arkcore.resources.timers import Timers

pytestmark = pytest.mark.cluster

ARK = Path(sys.executable).parent / "ark"


class Configuration:
    """A cluster's configuration in a file of its own; no cluster is there."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.file = directory / "cib.xml"
        self.file.write_text(self.run("cibadmin", "--empty"))

    def run(self, *words: str | Path) -> str:
        """What a command prints; it fails where that does."""
        path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
        environment = {"PATH": path, "HOME": str(self.directory), "LANG": "C.UTF-8"}
        if self.file.exists():
            environment["CIB_file"] = str(self.file)
        done = subprocess.run(
            words, env=environment, capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def load(self, *words: str) -> ElementTree.Element:
        """Have crm load an example, and Pacemaker check it; the configuration that came of it."""
        example = self.directory / "example.crm"
        example.write_text(self.run(ARK, "pacemaker", "example", *words))
        # Forced: neither the agents nor the nodes are on the machine of this test.
        self.run("crm", "-F", "configure", "load", "update", example)
        # The fencing that Pacemaker misses is the reader's, as the example's first lines say.
        self.run("crm_attribute", "--name", "stonith-enabled", "--update", "false")
        self.run("crm_verify", "--xml-file", self.file)
        return ElementTree.parse(self.file).getroot()

    def moves(self, resource: str, *words: str) -> str:
        """The node that Pacemaker would run `resource` on after that, as it then is."""
        simulate = ("crm_simulate", "--simulate", "--quorum", "true", "--output-as=xml")
        files = ("--xml-file", self.file, "--save-output", self.file)
        root = ElementTree.fromstring(self.run(*simulate, *files, *words))
        [after] = root.findall(f"revised_cluster_status//resource[@id='{resource}']/node")
        return after.get("name", "")


@pytest.fixture
def configuration(tmp_path: Path) -> Configuration:
    return Configuration(tmp_path)


def test_a_jp1_server_is_accepted(configuration: Configuration) -> None:
    root = configuration.load()
    [group] = root.iter("group")
    members = [primitive.get("type") for primitive in group]
    assert members == ["IPaddr2", "Filesystem", "jp1-base", "jp1-ajs3-manager"]
    for primitive in group:
        if primitive.get("provider") == "ark":
            timeouts = {op.get("name"): op.get("timeout") for op in primitive.iter("op")}
            assert timeouts["start"] == f"{least_timeout('start', Timers({}))}s"
            assert timeouts["stop"] == f"{least_timeout('stop', Timers({}))}s"


def test_mutual_standby_is_accepted(configuration: Configuration) -> None:
    root = configuration.load("--mutual")
    assert [group.get("id") for group in root.iter("group")] == ["LHOST1", "LHOST2"]
    [apart] = root.iter("rsc_colocation")
    assert apart.get("score") == "-50"
    homes = {each.get("rsc"): each.get("node") for each in root.iter("rsc_location")}
    assert homes == {"LHOST1": "node1", "LHOST2": "node2"}


@pytest.mark.parametrize("plugin", ["jp1-base", "jp1-ajs3-manager", "jp1-ajs3-agent", "command"])
def test_one_resource_of_each_plugin_is_accepted(configuration: Configuration, plugin: str) -> None:
    root = configuration.load(plugin)
    [primitive] = root.iter("primitive")
    assert primitive.get("type") == plugin
    given = {each.get("name"): each.get("value") for each in primitive.iter("nvpair")}
    assert given["logical_host"] == "LHOST1"
    assert given["migration-threshold"] == "4"  # three restarts in place, as by a recover


@pytest.mark.parametrize(
    ("words", "resource"), [(("command",), "command"), ((), "LHOST1_ajs3")], ids=["one", "group"]
)
def test_it_is_at_home_first_and_stays_where_it_has_moved(
    configuration: Configuration, words: tuple[str, ...], resource: str
) -> None:
    configuration.load(*words)
    both = ("--node-up", "node1", "--node-up", "node2")
    assert configuration.moves(resource, *both) == "node1"
    assert configuration.moves(resource, "--node-down", "node1") == "node2"
    assert configuration.moves(resource, "--node-up", "node1") == "node2"


def test_it_is_restarted_in_place_three_times_and_then_moved(configuration: Configuration) -> None:
    configuration.load("command")
    configuration.moves("command", "--node-up", "node1", "--node-up", "node2")
    failure = ("--op-inject", "command_monitor_30000@node1=7")
    places = [configuration.moves("command", *failure) for _ in range(4)]
    assert places == ["node1", "node1", "node1", "node2"]
