"""Processes that look like an application's and are none: whoever goes by names hits them."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path


class Decoys:
    """One idle process for each name, none of which is any logical host's."""

    def __init__(self, started: dict[str, subprocess.Popen[bytes]]) -> None:
        self._started = started

    @property
    def pids(self) -> set[int]:
        return {process.pid for process in self._started.values()}

    def dead(self) -> list[str]:
        """The names of those that have been ended meanwhile."""
        return [name for name, process in self._started.items() if process.poll() is not None]


@contextmanager
def decoys(names: Iterable[str]) -> Iterator[Decoys]:
    """Decoys with these names until the end of the `with`: copies of sleep that bear them."""
    with tempfile.TemporaryDirectory(prefix="conformance-decoys-") as place:
        started: dict[str, subprocess.Popen[bytes]] = {}
        try:
            for name in sorted(set(names)):
                program = Path(place) / name.replace("/", "_")
                shutil.copy(os.path.realpath("/bin/sleep"), program)
                started[name] = subprocess.Popen(
                    [program, "3600"],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    env={},
                    cwd="/",
                    start_new_session=True,
                )
            yield Decoys(started)
        finally:
            for process in started.values():
                process.kill()
                process.wait()
