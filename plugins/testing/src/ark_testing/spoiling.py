"""Makes a product misbehave for a while: its commands, its disk, its files. All is put back."""

from __future__ import annotations

import os
import shlex
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from enum import Enum
from pathlib import Path

from ark_testing.installation import Command


class Fault(Enum):
    """What a command can do instead of its work; the value is what a shell is told."""

    #: Does nothing for ever, deaf to every signal that can be ignored.
    HANGS = "trap '' HUP INT QUIT TERM; while :; do sleep 3600; done"
    #: Does nothing and returns 1, with a word on stderr.
    REFUSES = "echo 'refused, by the conformance kit' >&2; exit 1"
    #: Cannot even begin, as if a library of it were missing; what it says is in no encoding that
    #: one would expect.
    BREAKS = "printf '\\377\\244 cannot begin, by the conformance kit\\n' >&2; exit 127"
    #: Is ended by a signal, as the kernel does where memory is short.
    DIES = "kill -KILL $$"


@contextmanager
def spoilt(command: Command, fault: Fault) -> Iterator[None]:
    """Have a command misbehave until the end of the `with`; with other words it is the real one."""
    real = command.path
    directory = Path(tempfile.mkdtemp(prefix=".conformance-", dir=real.parent))
    # Under its own name: what tells processes apart may go by it.
    kept = directory / real.name
    real.rename(kept)
    try:
        fresh = directory / "instead"
        fresh.write_text(_script(command, fault, kept))
        fresh.chmod(0o755)
        os.chmod(directory, 0o755)
        fresh.rename(real)
        yield
    finally:
        kept.rename(real)
        directory.rmdir()


def _script(command: Command, fault: Fault, kept: Path) -> str:
    lines = ["#!/bin/sh", "# put here by the conformance kit, for a moment"]
    for word in command.words:
        quoted = shlex.quote(f" {word} ")
        lines.append(f'case " $* " in *{quoted}*) ;; *) exec {shlex.quote(str(kept))} "$@" ;; esac')
    return "\n".join([*lines, fault.value, ""])


@contextmanager
def away(places: Sequence[Path]) -> Iterator[None]:
    """Take directories or files away until the end of the `with`, as an unmounted disk is."""
    with ExitStack() as back:
        for place in places:
            hidden = place.with_name(f".conformance-away-{place.name}")
            place.rename(hidden)
            back.callback(hidden.rename, place)
            # What was put in its place meanwhile must not keep it from coming back.
            back.callback(_clear, place)
        yield


def _clear(place: Path) -> None:
    import shutil

    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)
