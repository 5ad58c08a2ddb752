"""What the unit files say without asking systemd: other names, and who starts a unit at boot.

systemd.unit(5): a link to a unit file under another name is an alias; a link in `<unit>.wants` or
`<unit>.requires` has it started with that unit. `systemctl enable` makes such links.
"""

from __future__ import annotations

import os

from ark_systemd import _facts

#: Links that lead from one to the next, as many as the kernel follows.
_LONGEST_CHAIN = 40

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
        real = self._unit
        for _ in range(_LONGEST_CHAIN):
            target = self._linked_to(real)
            if target in (real, "null", ""):  # a masked unit is a link to /dev/null
                break
            real = target
        return "" if real == self._unit else real

    def _linked_to(self, unit: str) -> str:
        """The unit that the file of `unit` is a link to at once; "" where it is no link.

        An instance without a file of its own has its template's.
        """
        template = _template(unit)
        for file in (unit, template) if template else (unit,):
            for directory in self._directories:
                target = _target(f"{directory}/{file}")
                if target is not None:
                    return _instance(target, unit)
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


def _instance(file: str, unit: str) -> str:
    """The instance of the template `file` that `unit` is one of; `file` where it is no template."""
    beginning, at, rest = file.partition("@")
    if not at or rest != ".service":
        return file
    return f"{beginning}@{unit.partition('@')[2]}"


def _names(directory: str) -> list[str]:
    try:
        return os.listdir(directory)
    except OSError:
        return []
