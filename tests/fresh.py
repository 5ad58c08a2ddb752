"""A virtual environment of its own, into which a test really installs what an author has made."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

_PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
_OFFLINE = ("--no-index", "--no-build-isolation", "--no-deps")


def built_wheels(shared: Path) -> list[Path]:
    """arkcore and ark-testing as they are published, built once for all workers of a run."""
    with open(shared / "wheel.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = shared / "wheels.built"
        if not done.exists():
            projects = (ROOT, ROOT / "plugins/testing")
            build = (*_PIP, "wheel", *_OFFLINE, "--wheel-dir", shared, *projects)
            subprocess.run([str(word) for word in build], check=True, timeout=200)
            done.touch()
    return sorted(shared.glob("ark*.whl"), key=lambda wheel: not wheel.name.startswith("arkcore-"))


class Fresh:
    """One: nothing of ours is in it until it is installed; what others wrote is borrowed.

    Borrowed from the environment of the tests, so that nothing is looked for on a network.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        venv.create(directory, with_pip=False, symlinks=True)
        self.python = directory / "bin/python"
        [packages] = directory.glob("lib/python*/site-packages")
        # As a plain path: what is installed for editing in the tests' own is not to be found.
        borrowed = [path for path in sys.path if path.endswith("-packages")]
        (packages / "borrowed.pth").write_text("\n".join(borrowed) + "\n")
        for module in ("mypy", "pytest"):
            program = directory / "bin" / module
            program.write_text(f'#!/bin/sh\nexec {self.python} -m {module} "$@"\n')
            program.chmod(0o755)
        #: Where its commands are looked for; tests may add to it.
        self.path = f"{directory / 'bin'}:{Path(sys.executable).parent}:/usr/bin:/bin"

    def install(self, *projects: Path | str) -> None:
        """All of them in one pip command, so that none is looked for elsewhere."""
        self.call(*_PIP, "--python", self.python, "install", *_OFFLINE, *projects)

    def run(
        self, *words: object, cwd: Path | None = None, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(word) for word in words],
            cwd=cwd or self.directory,
            env={"PATH": self.path, "LANG": "C.UTF-8", "HOME": os.environ["HOME"], **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=200,
        )

    def call(self, *words: object, cwd: Path | None = None, **environment: str) -> str:
        """The same, of which it is demanded that it ends well; what it has written."""
        done = self.run(*words, cwd=cwd, **environment)
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-3000:]
        return done.stdout
