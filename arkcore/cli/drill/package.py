"""The installed package that a program belongs to: the version of a product that has no command."""

from __future__ import annotations

import os
import subprocess

#: Seconds that the package database is given.
_PATIENCE = 10.0
_ASKED = (("/usr/bin/rpm", "-qf"), ("/usr/bin/dpkg", "-S"))


def package_of(program: str) -> str:
    """Name and version of the package that holds `program`; "" where none is known to hold it."""
    for tool, option in _ASKED:
        said = _said(tool, option, program)
        if not said:
            continue
        if tool.endswith("rpm"):
            return said.split("\n")[0]
        name = said.partition(":")[0]
        return _said("/usr/bin/dpkg-query", "-W", name).split("\n")[0].replace("\t", " ")
    return ""


def _said(*words: str) -> str:
    if not os.access(words[0], os.X_OK):
        return ""
    try:
        done = subprocess.run(
            words,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="backslashreplace",
            timeout=_PATIENCE,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"},
            cwd="/",
            start_new_session=True,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
