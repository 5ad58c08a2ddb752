"""Processes that look like an application's and are none: whoever goes by looks hits them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from ark_testing.host import Host
from arkcore.machine import processes

#: What the engine puts into the environment of a start, and no shell of a person's has.
_OURS = (f"{processes.MARK}=".encode(), b"ARK_PREFIX=")
#: A name and words as another program may have them: `stat` is cut wrongly at the first `) `, and
#: they are in no encoding.
_ODD_NAME, _ODD_WORD = "a) S 1 (b", b"\xff\xa4 odd"


class Decoys:
    """One idle process for each name and command line, none of which is any logical host's."""

    def __init__(self) -> None:
        self._named: dict[str, subprocess.Popen[bytes]] = {}
        self._reading: list[subprocess.Popen[bytes]] = []
        #: By what they have in common with the application.
        self._bystanders: dict[str, subprocess.Popen[bytes]] = {}

    def begin(self, host: Host, place: Path, lines: Sequence[list[bytes]]) -> None:
        living = host.living()
        for line in lines:
            self._reading.append(_idle(["/bin/sh", "-c", "sleep 3600; :", "conformance", *line]))
        for name in sorted({each.name for each in living}):
            self._named[name] = _idle([_copy(place, name.replace("/", "_")), "3600"])
        if lines:
            self._read(place, _environment_of(living))
        for directory in (*host.given.shared, *host.given.product):
            if directory.is_dir():
                what = f"the directory {directory}, as a shell of an operator may have it"
                self._bystanders[what] = _idle([_copy(place, "here"), "3600"], at=directory)

    def _read(self, place: Path, environment: dict[bytes, bytes]) -> None:
        """Begin those that whoever reads about processes meets."""
        odd = _copy(place, _ODD_NAME)
        self._bystanders["an odd name"] = _idle([_ODD_WORD, "3600"], odd, {b"ODD": _ODD_WORD})
        if environment:
            what = "its environment, as a shell of an operator may have it"
            self._bystanders[what] = _idle([_copy(place, "profiled"), "3600"], None, environment)

    @property
    def pids(self) -> set[int]:
        return {process.pid for process in self._named.values()}

    @property
    def readers(self) -> set[int]:
        """Those that have the command lines, as the arguments of a shell."""
        return {process.pid for process in self._reading}

    def bystander(self, pid: int) -> str:
        """What the process has in common with the application; "" where it is none of these."""
        return next((what for what, each in self._bystanders.items() if each.pid == pid), "")

    def dead(self) -> list[str]:
        """The names of those that have been ended meanwhile, or what they had of it."""
        every = {
            **self._named,
            **{f"a process with {what}": each for what, each in self._bystanders.items()},
        }
        return [name for name, process in every.items() if process.poll() is not None]

    def end(self) -> None:
        for process in (*self._named.values(), *self._reading, *self._bystanders.values()):
            # Each leads a session and a group of its own: a shell has its child in it.
            with suppress(ProcessLookupError):  # ended already, as `dead` has told
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextmanager
def decoys(host: Host, lines: Sequence[list[bytes]] = ()) -> Iterator[Decoys]:
    """Decoys of what lives of `host`, until the end of the `with`.

    Copies of sleep that have its names or its directories. With `lines`, for whoever reads about
    processes: shells that have these as arguments, a copy that has its environment, and one that
    has an odd name.
    """
    with tempfile.TemporaryDirectory(prefix="conformance-decoys-") as place:
        made = Decoys()
        try:
            made.begin(host, Path(place), lines)
            yield made
        finally:
            made.end()


def _copy(place: Path, name: str) -> Path:
    program = place / name
    if not program.exists():
        shutil.copy(os.path.realpath("/bin/sleep"), program)
    return program


def _environment_of(living: Sequence[processes.Process]) -> dict[bytes, bytes]:
    """The environment of the first that shows one, without what the engine has put there."""
    for each in living:
        entries = [
            entry for entry in processes.environment(each.pid) if not entry.startswith(_OURS)
        ]
        if entries:
            return dict(entry.partition(b"=")[::2] for entry in entries if b"=" in entry)
    return {}


def _idle(
    argv: Sequence[str | bytes | Path],
    program: Path | None = None,
    environment: dict[bytes, bytes] | None = None,
    at: Path = Path("/"),
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        argv,
        executable=program,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment or {},
        cwd=at,
        start_new_session=True,
    )
