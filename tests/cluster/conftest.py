"""One cluster for all scenarios, and what must hold after each of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
from _pytest.terminal import TerminalReporter
from rigs.cluster import Node
from rigs.jp1_cluster import Figures, Service, World


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--figures", help="write the table of times into the pages of this directory")


FIGURES = pytest.StashKey[Figures]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[FIGURES] = Figures()


def pytest_terminal_summary(
    terminalreporter: TerminalReporter, exitstatus: int, config: pytest.Config
) -> None:
    made = config.stash[FIGURES]
    if made.rows:
        terminalreporter.section("from each fault to service again at the client")
        terminalreporter.write(made.table("en"))
    directory = config.getoption("--figures", None)
    if directory and (reason := made.unfit(exitstatus)):
        terminalreporter.write_line(f"{directory} keeps the times that it has: {reason}")
    elif directory:
        made.write_into(directory)


@pytest.fixture(scope="session")
def figures(request: pytest.FixtureRequest) -> Figures:
    return request.config.stash[FIGURES]


@pytest.fixture(scope="session")
def cluster_world() -> Iterator[World]:
    assert os.geteuid() == 0, "the cluster tests need root; `make cluster-test` says so"
    with World() as made:
        yield made


@pytest.fixture
def world(cluster_world: World) -> World:
    """The cluster as at the beginning: both nodes up, everything at home, no faults."""
    cluster_world.settle()
    return cluster_world


@pytest.fixture
def recovered(world: World, figures: Figures) -> Callable[..., None]:
    """Waits for the end of a fault; then all that must hold holds, and its times are kept."""

    def wait(name: str, fault: float, on: Node | None, service: Service | None = None) -> None:
        service = service or world.service
        back = world.wait_recovered(service, fault, on)
        world.cluster.wait_idle()
        assert world.proof.problems() == []
        figures.add(name, service, fault, back)

    return wait
