"""Fixtures of the unit tests: a node of one's own, processes that end with it, made-up plugins."""

from __future__ import annotations

import os
import random
import signal
import sys
import textwrap
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from support import boot_ticks, living_since, read

from arkcore.base import trusted
from arkcore.base.paths import Paths

#: Whoever is not root and not the user that runs the tests.
SOMEBODY = 65534


@pytest.fixture(autouse=True)
def _no_directory_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program of ours looks at a directory once; the programs of two tests share a process."""
    monkeypatch.setattr(trusted, "_known", None)


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """A node of its own, whose directories nobody else can write."""
    made = Paths(str(tmp_path / "node"))
    os.makedirs(made.resources)
    directory = Path(made.resources)
    while directory != tmp_path:
        directory.chmod(0o755)
        directory = directory.parent
    return made


class Started:
    """The processes of one test: those that hold its word in their arguments or environment.

    A command is told apart from those of other tests by the word, which it takes as a duration to
    sleep; looked for without the engine's own process table.
    """

    def __init__(self) -> None:
        self._made = boot_ticks()
        self.word = f"1000.{random.randrange(10**12):012d}"
        self.mark = f"unit:{self.word}"

    def pids(self) -> list[int]:
        found = []
        for pid in living_since(self._made):
            try:
                held = read(f"/proc/{pid}/cmdline") + read(f"/proc/{pid}/environ")
            except OSError:
                continue
            if self.word.encode() in held:
                found.append(pid)
        return found

    def kill(self) -> None:
        until = time.monotonic() + 5
        while (left := self.pids()) and time.monotonic() < until:
            for pid in left:
                try:
                    os.kill(pid, signal.SIGKILL)
                except OSError:
                    pass
            time.sleep(0.005)


@pytest.fixture
def started() -> Iterator[Started]:
    made = Started()
    yield made
    made.kill()


@pytest.fixture
def wait_for() -> Callable[..., None]:
    def wait(condition: Callable[[], object], within: float = 10.0) -> None:
        until = time.monotonic() + within
        while not condition():
            assert time.monotonic() < until, "what was waited for never came"
            time.sleep(0.005)

    return wait


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Path]]:
    """Install a distribution that is made up: its modules, and its entry points as they stand."""

    def install(
        distribution: str,
        entry_points: str,
        modules: Mapping[str, str] = {},
        metadata: str = "Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
    ) -> Path:
        site = tmp_path / f"site-{distribution}"
        info = site / f"{distribution.replace('-', '_')}-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(metadata.format(name=distribution))
        (info / "entry_points.txt").write_text(f"[arkcore.plugins]\n{entry_points}\n")
        for name, source in modules.items():
            path = site / f"{name.replace('.', '/')}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(source))
        monkeypatch.syspath_prepend(str(site))
        installed.extend(modules)
        return site

    installed: list[str] = []
    yield install
    for name in installed:
        sys.modules.pop(name, None)


@pytest.fixture
def give_away() -> Callable[[str], None]:
    """Make a file somebody else's; only root can."""

    def give(path: str) -> None:
        if os.geteuid() != 0:
            pytest.skip("only root can give a file away")
        os.chown(path, SOMEBODY, SOMEBODY)

    return give


@pytest.fixture
def as_ordinary_user() -> Callable[[Callable[[], None]], None]:
    """Do something in a process that may no more than any user; it must neither raise nor exit."""

    def do(work: Callable[[], None]) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # a test's runner has threads
            child = os.fork()
        if child == 0:
            code = 1
            try:
                if os.geteuid() == 0:
                    os.setgroups([])
                    os.setresgid(SOMEBODY, SOMEBODY, SOMEBODY)
                    os.setresuid(SOMEBODY, SOMEBODY, SOMEBODY)
                work()
                code = 0
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stderr.flush()
                os._exit(code)
        assert os.waitpid(child, 0)[1] == 0

    return do
