"""Fixtures that all tests share."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from fresh import built_wheels
from support import ToyNode

from arkcore.base import trusted


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage while the tests are read, and never again among what stays of them.

    It is a third of what reading them takes, in each of the workers.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The wheels of arkcore and of ark-testing."""
    base = tmp_path_factory.getbasetemp()
    # pytest-xdist gives each worker a directory in the one of the whole run.
    return built_wheels(base.parent if base.name.startswith("popen-") else base)


@pytest.fixture(autouse=True)
def every_directory_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program of ours that a test calls within this process looks at each only once."""
    monkeypatch.setattr(trusted, "_known", None)


@pytest.fixture
def node(tmp_path: Path) -> Iterator[ToyNode]:
    made = ToyNode(tmp_path)
    yield made
    for pid in made.processes():
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
