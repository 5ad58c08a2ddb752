"""The product that the plugins protect, installed in a directory for a test."""

from __future__ import annotations

import itertools
import os
import secrets
import shutil
from pathlib import Path

from ark_testing import Command, Installation, LogicalHost

_SOURCE = Path(__file__).parent / "product"
#: The product's programs, and of what each is a copy. What other applications may bear the names
#: of, tests that run beside this one do not: their names end with a token of this installation.
_PROGRAMS = {"rightd": "/bin/sh", "worker": "/bin/sleep", "pause": "/bin/sleep", "echo": "/bin/cat"}


def install(home: Path) -> Installation:
    """The product beneath `home`, with two logical hosts; further ones stand in it, too."""
    numbers = itertools.count(1)

    def another() -> Installation:
        number = next(numbers)
        made = _installed(home / f"another{number}", 2 * number)
        for host, first in zip(made.hosts, installation.hosts, strict=True):
            host.options = {**first.options, **host.options}
        return made

    installation = _installed(home, 0)
    installation.another = another
    return installation


def _installed(home: Path, before: int) -> Installation:
    """The product beneath `home`, with two logical hosts; so many have numbers already."""
    binaries = home / "bin"
    binaries.mkdir(parents=True)
    token = secrets.token_hex(3)
    (home / "token").write_text(f"{token}\n")
    for name in ("ctl", "rightd.sh"):
        shutil.copy(_SOURCE / name, binaries / name)
        (binaries / name).chmod(0o755)
    for name, model in _PROGRAMS.items():
        shutil.copy(os.path.realpath(model), binaries / f"{name}-{token}")
    shutil.copy(os.path.realpath("/bin/sleep"), binaries / "right-shared")
    return Installation(
        _logical_host(home, f"RIGHT{before + 1}"),
        _logical_host(home, f"RIGHT{before + 2}"),
        starts_within=5,
        stops_within=1.5,
        notices_within=1,
        comes_and_goes={f"pause-{token}"},
    )


def _logical_host(home: Path, name: str) -> LogicalHost:
    data = home / "shared" / name
    data.mkdir(parents=True)
    control = home / "bin/ctl"

    def serves() -> bool:
        """Whether it is ready; what is not there raises, as a refused connection does."""
        return (data / "ready").stat().st_size == 0

    return LogicalHost(
        name,
        options={"root": str(home), "data": str(data)},
        serves=serves,
        commands={word: Command(control, word) for word in ("start", "stop", "status")},
        shared=[data],
        product=[home / "bin"],
    )
