"""The fixtures of ark-testing, which pytest finds by its entry point `ark_testing`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ark_testing.installation import LogicalHost
    from ark_testing.trial import Trial


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
