"""Processes that look like an application's and are none: whoever goes by names hits them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path


class Decoys:
    """One idle process for each name and command line, none of which is any logical host's."""

    def __init__(
        self,
        started: dict[str, subprocess.Popen[bytes]],
        reading: Sequence[subprocess.Popen[bytes]],
    ) -> None:
        self._started = started
        self._reading = reading

    @property
    def pids(self) -> set[int]:
        return {process.pid for process in self._started.values()}

    @property
    def readers(self) -> set[int]:
        """Those that have the command lines, as the arguments of a shell."""
        return {process.pid for process in self._reading}

    def dead(self) -> list[str]:
        """The names of those that have been ended meanwhile."""
        return [name for name, process in self._started.items() if process.poll() is not None]


@contextmanager
def decoys(names: Iterable[str], lines: Iterable[list[bytes]] = ()) -> Iterator[Decoys]:
    """Decoys until the end of the `with`: copies of sleep with these names, shells with `lines`."""
    with tempfile.TemporaryDirectory(prefix="conformance-decoys-") as place:
        started: dict[str, subprocess.Popen[bytes]] = {}
        reading: list[subprocess.Popen[bytes]] = []
        try:
            for line in lines:
                reading.append(_idle(["/bin/sh", "-c", "sleep 3600; :", "conformance", *line]))
            for name in sorted(set(names)):
                program = Path(place) / name.replace("/", "_")
                shutil.copy(os.path.realpath("/bin/sleep"), program)
                started[name] = _idle([program, "3600"])
            yield Decoys(started, reading)
        finally:
            for process in [*started.values(), *reading]:
                # Each leads a session and a group of its own: a shell has its child in it.
                try:
                    os.killpg(process.pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass  # ended by the plugin: that is told by a check
                process.wait()


def _idle(argv: Sequence[str | bytes | Path]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={},
        cwd="/",
        start_new_session=True,
    )
