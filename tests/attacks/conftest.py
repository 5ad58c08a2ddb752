"""The accounts that attack, the node that is attacked, and programs of the attackers in C."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from _pytest.terminal import TerminalReporter
from attacks.people import Person
from attacks.victim import Victim

from arkcore.machine.descent import become_subreaper

_HERE = Path(__file__).parent
_LEFT_OUT = pytest.StashKey[int]()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without root nobody can be somebody else: the tests are left out, and that is told."""
    if os.geteuid() == 0:
        return
    ours = [item for item in items if _needs_root(item)]
    config.stash[_LEFT_OUT] = len(ours)
    items[:] = [item for item in items if item not in ours]
    config.hook.pytest_deselected(items=ours)


def _needs_root(item: pytest.Item) -> bool:
    return _HERE in item.path.parents and not item.path.name.startswith("test_fuzz")


def pytest_terminal_summary(
    terminalreporter: TerminalReporter, exitstatus: int, config: pytest.Config
) -> None:
    if os.geteuid() != 0:
        terminalreporter.write_line("The attacks need root and are LEFT OUT; as root: make attacks")


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The attackers' C programs, compiled once for each worker, where everybody can run them."""
    made = tmp_path_factory.mktemp("programs")
    for source in sorted((_HERE / "programs").glob("*.c")):
        subprocess.run(
            ["cc", "-O2", "-pthread", "-o", made / source.stem, source], check=True, timeout=60
        )
    return made


@pytest.fixture
def stranger() -> Iterator[Person]:
    """Anybody on the node."""
    made = Person("ark-stranger")
    yield made
    made.end()


@pytest.fixture
def app() -> Iterator[Person]:
    """The user whom `options.user` names."""
    made = Person("ark-app")
    yield made
    made.end()


@pytest.fixture
def victim() -> Iterator[Victim]:
    """A node whose product runs as root."""
    become_subreaper()
    made = Victim()
    yield made
    made.close()


@pytest.fixture
def app_victim(app: Person) -> Iterator[Victim]:
    """A node whose product runs as the user of the application."""
    become_subreaper()
    made = Victim(app.uid, app.gid)
    yield made
    made.close()


@pytest.fixture
def tool(programs: Path, request: pytest.FixtureRequest):  # type: ignore[no-untyped-def]
    """Copies one of the attackers' programs to where everybody can run it."""

    def place(name: str, victim: Victim, called: str = "") -> Path:
        path = victim.top / "tools" / (called or name)
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            path.write_bytes((programs / name).read_bytes())
            path.chmod(0o755)
        return path

    return place
