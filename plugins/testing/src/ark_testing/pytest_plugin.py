"""The fixtures of ark-testing, which pytest finds by its entry point `ark_testing`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ark_testing.installation import LogicalHost
    from ark_testing.subject import Subject
    from ark_testing.trial import Trial

#: The run's own stderr, which a test's is not: that is captured.
_STDERR = pytest.StashKey[int]()
#: What is told at the end of the run.
_REMARKS = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    """Keep the run's stderr, for what is told while a test runs."""
    config.stash[_STDERR] = os.dup(2)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Give it back."""
    if _STDERR in config.stash:
        os.close(config.stash[_STDERR])
        del config.stash[_STDERR]


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Tell what is no test's own."""
    for text in config.stash.get(_REMARKS, []):
        terminalreporter.write_line(text)


def remark(config: pytest.Config, text: str) -> None:
    """Have a line told at the end of the run."""
    config.stash.setdefault(_REMARKS, []).append(text)


def tell_now(config: pytest.Config) -> Callable[[str], None]:
    """What tells a line on the run's stderr, also while a test runs."""

    def tell(text: str) -> None:
        try:
            os.write(config.stash[_STDERR], f"\n{text}\n".encode())
        except OSError:
            pass  # nobody listens: the check goes on

    return tell


@contextmanager
def watched(name: str, subject: Subject, config: pytest.Config) -> Iterator[None]:
    """Have it told on the run's stderr that the check `name` lasts long, until the end."""
    from ark_testing.pulse import Pulse

    subject.on_wait(Pulse(name, tell_now(config)))
    yield
    subject.on_wait(lambda: None)


@pytest.fixture
def ark_trial(tmp_path: Path) -> Iterator[Callable[..., Trial]]:
    """Make a `Trial`: `ark_trial("exampled", LogicalHost("HOST1", options={...}))`.

    A plugin that is installed, with one logical host, on a node of this test's own. What its
    hooks start is ended with the test.
    """
    # Not before it is needed: pytest loads this module in every run of its environment.
    from ark_testing.trial import Trial

    with ExitStack() as ends:

        def make(
            plugin: str, host: LogicalHost, *, files: Mapping[str, str] | None = None
        ) -> Trial:
            trial = Trial(plugin, host, tmp_path / "trials", files=files)
            ends.callback(trial.close)
            return trial

        yield make
