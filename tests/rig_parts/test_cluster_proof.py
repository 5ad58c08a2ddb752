"""The proof of the cluster fails on what is wrong, and where there is nothing to prove it by."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from rigs.cluster import ClusterError, Operation
from rigs.jp1_cluster import Proof
from rigs.jp1_cluster.service import LAYERS

from arkcore import Process

STAMP = "[2026/01/02 03:04:05] : lh1-base : LHOST : "
RUNNING = ("jbs_spmd", "jajs_spmd", "nginx", "nginx", "nginx", "python")


class Machine:
    """As much of a node as the proof looks at."""

    def __init__(self, name: str, directory: Path) -> None:
        self.name = name
        self.alive = True
        self.deaths: list[float] = []
        self.after_death: list[Callable[[], None]] = []
        self.mounts: set[str] = set()
        self.running: list[Process] = []
        self._log = directory / f"{name}.log"

    def file(self, _: str) -> Path:
        return self._log

    def mounted(self, directory: str) -> bool:
        return directory in self.mounts

    def processes(self) -> list[Process]:
        return self.running

    def run(self, *names: str) -> None:
        for name in names:
            pid = len(self.running) + 1
            self.running.append(Process(pid, 1, 1, 1, 1, "S", name))

    def monitor(self) -> None:
        with self._log.open("a") as log:
            log.write(f"{STAMP}QuickCheck start.\n{STAMP}QuickCheck completed.\n")


class Cluster:
    """Two nodes and a service that runs well on n1; each test lets one thing be wrong."""

    name, mount = "lh1", "/srv/lh1"
    resources = tuple(f"lh1-{layer}" for layer in LAYERS)

    def __init__(self, directory: Path) -> None:
        self.n1, self.n2 = Machine("n1", directory), Machine("n2", directory)
        self.nodes = {"n1": self.n1, "n2": self.n2}
        self.n1.mounts.add(self.mount)
        self.n1.run(*RUNNING)
        self.n1.monitor()
        self.marks = {process.pid: "lh1-base:1" for process in self.n1.running}
        #: Names of what no service knows for its own.
        self.strangers: set[str] = set()
        self.started = [
            Operation("n1", resource, "start", float(at))
            for at, resource in enumerate(self.resources)
        ]
        self.signed = ""
        self.signs = True
        self.jp1 = {"JP1/Base": "1.5\tn1\t7\tstart\tbase\tLHOST\n"}

    def operations(self) -> list[Operation]:
        return self.started

    def monitors_cut_short(self, _: Machine) -> list[str]:
        return []

    # The service.

    def processes(self, node: Machine) -> list[Process]:
        return [each for each in node.running if each.name not in self.strangers]

    def record(self) -> str:
        if self.signs:
            number = self.signed.count("\n")
            self.signed += f"{time.monotonic():.6f}\tn1\tboot\t7\tlh1-web\t{number}\twrite\n"
        return self.signed

    def jp1_records(self) -> dict[str, str]:
        return self.jp1


@pytest.fixture
def cluster(tmp_path: Path) -> Cluster:
    return Cluster(tmp_path)


@pytest.fixture
def look(cluster: Any) -> Iterator[Callable[[], list[tuple[str, bool]]]]:
    """What the proof finds, and whether that means two nodes at once."""
    proof = Proof(cluster, [cluster], mark_of=lambda pid: cluster.marks.get(pid, ""), patience=0.0)

    def found() -> list[tuple[str, bool]]:
        return [(problem.text, problem.double) for problem in proof.problems()]

    yield found
    proof.close()


def test_a_service_on_one_node_is_well(cluster: Cluster, look: Any) -> None:
    assert look() == []
    cluster.n1.monitor()
    assert look() == []


def test_a_disk_that_two_nodes_have_mounted(cluster: Cluster, look: Any) -> None:
    cluster.n2.mounts.add("/srv/lh1")
    cluster.n2.run(*RUNNING)
    cluster.n2.monitor()
    assert look() == [("/srv/lh1 is mounted on ['n1', 'n2']", True)]


def test_processes_on_a_node_without_the_disk(cluster: Cluster, look: Any) -> None:
    cluster.n2.run("nginx")
    assert look() == [("lh1 on n2, without its disk: ['nginx']", True)]


def test_a_disk_that_is_mounted_nowhere(cluster: Cluster, look: Any) -> None:
    cluster.n1.mounts.clear()
    cluster.n1.running.clear()
    assert ("/srv/lh1 is mounted on []", False) in look()


def test_what_is_not_there_as_often_as_it_must_be(cluster: Cluster, look: Any) -> None:
    cluster.n1.run("nginx")
    assert look() == [("nginx on n1: 4 and not 3", False)]


def test_what_is_left_of_a_command_of_ours(cluster: Cluster, look: Any) -> None:
    cluster.n2.run("sleep", "hntr2mon", "foreign")
    cluster.strangers = {"sleep", "hntr2mon", "foreign"}
    own, machine_wide, foreign = (100, 101, 102)
    for process, pid in zip(cluster.n2.running, (own, machine_wide, foreign), strict=True):
        process.pid = pid
    cluster.marks |= {own: "lh1-web:1", machine_wide: "lh1-base:1", foreign: "lh2-web:1"}
    assert look() == [("orphan on n2: 100 sleep (S), of lh1-web:1", False)]


def test_what_is_left_cannot_be_told_where_nothing_has_a_mark(cluster: Cluster, look: Any) -> None:
    cluster.marks.clear()
    assert look() == [("no process of lh1 on n1 has its mark", False)]


def test_the_disk_s_record_of_two_writers(cluster: Cluster, look: Any) -> None:
    cluster.signed = "1.500000\tn2\tboot\t7\tlh1-web\t0\tDOUBLE\n"
    cluster.signs = False
    assert look() == [
        ("lh1: lh1-web on n2 began while the lock was held, at 1.500", True),
        ("lh1: not within 0 s: n1 signs the record", False),
    ]


def test_a_record_that_is_empty_or_is_not_added_to_proves_nothing(
    cluster: Cluster, look: Any
) -> None:
    cluster.signs = False
    silent = ("lh1: not within 0 s: n1 signs the record", False)
    assert look() == [("lh1: the record is empty, and proves nothing", False), silent]
    cluster.n1.monitor()
    cluster.signed = "1.500000\tn1\tboot\t7\tlh1-web\t0\tbegin\n"
    assert look() == [silent]


def test_a_record_that_cannot_be_read_proves_nothing(
    cluster: Cluster, look: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> str:
        raise ClusterError("cat: no such file")

    monkeypatch.setattr(cluster, "record", refuse)
    monkeypatch.setattr(cluster, "jp1_records", refuse)
    assert look() == [
        ("lh1: the record is empty, and proves nothing", False),
        ("lh1: cat: no such file", False),
        ("lh1: cat: no such file", False),
    ]


def test_jp1_s_own_record_of_a_start_while_another_node_ran_it(cluster: Cluster, look: Any) -> None:
    line = "2.5\tn2\t8\tDOUBLE\tbase\tLHOST"
    cluster.jp1["JP1/Base"] += f"{line}\n"
    assert look() == [(f"lh1: JP1/Base: {line}".replace("\t", " "), True)]


@pytest.mark.parametrize(
    ("record", "told"), [("", "nowhere"), ("1.5\tn2\t7\tstart\tbase\tLHOST\n", "on n2")]
)
def test_jp1_s_own_record_must_tell_of_what_runs(
    cluster: Cluster, look: Any, record: str, told: str
) -> None:
    cluster.jp1["JP1/Base"] = record
    assert look() == [(f"lh1: JP1/Base: runs on n1, was started {told}", False)]


def test_starts_on_two_nodes(cluster: Cluster, look: Any) -> None:
    cluster.started.insert(0, Operation("n2", "lh1-ip", "start", 0.0))
    cluster.n2.deaths.append(0.5)
    assert look() == [("lh1: start lh1-ip on n1: None, 0.00 s: while it is up on ['n2']", True)]


def test_a_node_s_own_log_of_the_service_that_it_runs(cluster: Cluster, look: Any) -> None:
    assert look() == []
    assert look() == [
        ("RAS log of n1: nothing is told of a service that is monitored", False),
    ]
