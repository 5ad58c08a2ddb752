"""Looks whether the system starts a PostgreSQL server at boot, behind the cluster's back."""

from __future__ import annotations

import os

from ark_postgresql import _facts
from ark_postgresql._disk import read_bytes
from arkcore import Finding, Level

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

#: Where services that are started at boot have their links.
_WANTED = ("/etc/systemd/system/multi-user.target.wants", "/etc/rc3.d")

#: Bytes read of a configuration file at most.
_LARGEST = 1 << 18


def starts_at_boot(directory: str, root: str = "/") -> Finding:
    """Whether anything but the cluster starts the server of this data directory at boot."""
    top = root.rstrip("/")
    if os.path.isdir(top + _facts.DEBIAN_CLUSTERS.value):
        # Debian's one service starts those clusters whose start.conf says so.
        starts = list(_debian_clusters(top, directory))
    else:
        starts = [
            f"{wanted}/{name}"
            for wanted in _WANTED
            for name in _names(top + wanted)
            if "postgresql" in name
        ]
    if not starts:
        return Finding("start at boot", Level.OK, "nothing but the cluster starts it")
    return Finding(
        "start at boot",
        Level.FAIL,
        f"the system may start it at boot: {', '.join(starts)}",
        "only the cluster may: systemctl disable it, or write manual into start.conf",
    )


def _debian_clusters(top: str, directory: str) -> Iterator[str]:
    """The start.conf of each of Debian's clusters that has this data directory and is started."""
    home = _facts.DEBIAN_CLUSTERS.value
    for version in _names(top + home):
        for name in _names(f"{top}{home}/{version}"):
            cluster = f"{home}/{version}/{name}"
            start = f"{cluster}/{_facts.DEBIAN_START.value}"
            if _serves(f"{top}{cluster}/postgresql.conf", directory) and "auto" in _lines(
                top + start
            ):
                yield start


def _serves(configuration: str, directory: str) -> bool:
    for line in _lines(configuration):
        name, _, value = line.partition("=")
        if name.strip() == "data_directory" and value.strip().strip("'") == directory:
            return True
    return False


def _names(directory: str) -> list[str]:
    try:
        return sorted(os.listdir(directory))
    except OSError:
        return []


def _lines(path: str) -> list[str]:
    """The lines of a file without comments; [] where it cannot be read."""
    try:
        # Such a file may belong to the database's user: no FIFO is waited for.
        text = (read_bytes(path, most=_LARGEST) or b"").decode("utf-8", "replace")
    except OSError:
        return []
    return [line.partition("#")[0].strip() for line in text.splitlines()]
