"""What the unit files say without asking systemd: other names, and who starts a unit at boot.

systemd.unit(5): a link to a unit file under another name is an alias; a link in `<unit>.wants` or
`<unit>.requires` has it started with that unit. `systemctl enable` makes such links.
"""

from __future__ import annotations

import os

from ark_systemd import _facts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


class UnitFiles:
    """The files of one unit.

    `directories`: where unit files are, by default systemd's; the first that has a name counts.
    """

    def __init__(self, unit: str, directories: Sequence[str] = ()) -> None:
        self._unit = unit
        self._directories = directories or _facts.UNIT_DIRECTORIES

    def real_name(self) -> str:
        """The name of the unit that this one is an alias of; "" where it is none."""
        for directory in self._directories:
            target = _target(f"{directory}/{self._unit}")
            if target is None:
                continue
            # A masked unit is a link to /dev/null; an instance may be a link to its template.
            same = (self._unit, _template(self._unit), "null", "")
            return "" if target in same else target
        return ""

    def links_of_boot(self) -> list[str]:
        """The links by which another unit starts this one."""
        found: dict[tuple[int, int], str] = {}
        for directory in self._directories:
            for name in _names(directory):
                if name.endswith((".wants", ".requires", ".upholds")):
                    for link in _names(f"{directory}/{name}"):
                        path = f"{directory}/{name}/{link}"
                        if link == self._unit or _target(path) == self._unit:
                            # /lib may be a link to /usr/lib.
                            seen = os.lstat(path)
                            found.setdefault((seen.st_dev, seen.st_ino), path)
        return sorted(found.values())


def _target(path: str) -> str | None:
    """The file name that a link leads to at once, "" for no link, None where nothing is there."""
    try:
        return os.path.basename(os.readlink(path))
    except OSError:
        return "" if os.path.exists(path) else None


def _template(unit: str) -> str:
    beginning, at, _ = unit.partition("@")
    return f"{beginning}@.service" if at else ""


def _names(directory: str) -> list[str]:
    try:
        return os.listdir(directory)
    except OSError:
        return []
