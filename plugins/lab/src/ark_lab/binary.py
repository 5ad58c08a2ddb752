"""Compiles the stand-in, once for each version of its source."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from ark_lab.errors import LabError

SOURCE: Final = Path(__file__).with_name("jp1_standin.c")
_FLAGS: Final = ("-std=gnu11", "-O1", "-Wall", "-Wextra")


def default_cache() -> Path:
    """
    ``$XDG_CACHE_HOME/ark-lab``, else ``~/.cache/ark-lab``.
    """
    configured = os.environ.get("XDG_CACHE_HOME")
    return (Path(configured) if configured else Path.home() / ".cache") / "ark-lab"


def standin_binary(cache: Path | None = None, *, compiler: str = "cc") -> Path:
    """
    The compiled stand-in in `cache` (default: `default_cache`), compiled now if it is not there.

    Several processes may ask at once: each compiles under a name of its own, the last rename wins.

    :raises LabError: no compiler, or the source does not compile.
    """
    source = SOURCE.read_bytes()
    key = hashlib.sha256(source + " ".join(_FLAGS).encode()).hexdigest()[:16]
    directory = default_cache() if cache is None else cache
    binary = directory / f"jp1-stand-in-{platform.machine()}-{key}"
    if binary.exists():
        return binary
    found = shutil.which(compiler)
    if found is None:
        raise LabError(f"the stand-in needs a C compiler: no {compiler!r} in PATH")
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=directory, prefix="compiling-") as scratch:
        fresh = Path(scratch) / binary.name
        done = subprocess.run(
            [found, *_FLAGS, "-o", str(fresh), str(SOURCE)],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        if done.returncode != 0:
            first = (done.stderr.strip() or f"exit code {done.returncode}").splitlines()[0]
            raise LabError(f"the stand-in does not compile: {first}")
        fresh.chmod(0o755)
        fresh.rename(binary)
    return binary
