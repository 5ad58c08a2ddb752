"""The units of systemd as their files say: whether they begin at boot, and their settings.

Files are read and nobody is asked: an answer of systemctl would be that of this machine alone.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from arkcore.survey.machine import Machine

ENABLED, DISABLED, MASKED = "enabled", "disabled", "masked"
#: Where units lie; what comes first holds.
PLACES = ("/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system")
_OLDER = "/lib/systemd/system"
#: Where scripts of System V are linked for a server that runs normally.
_LEVELS = ("/etc/rc.d/rc3.d", "/etc/rc3.d", "/etc/init.d/rc3.d")


class Units:
    """The units of one machine."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def state(self, unit: str) -> str:
        """`ENABLED`, `DISABLED` or `MASKED`; "" where there is no such unit."""
        machine = self._machine
        if any(machine.target(f"{place}/{unit}") == "/dev/null" for place in PLACES):
            return MASKED
        for place in PLACES:
            for directory in machine.listed(place):
                pulls = directory.endswith((".wants", ".requires"))
                if pulls and unit in machine.listed(f"{place}/{directory}"):
                    return ENABLED
        script = re.compile(rf"S\d\d{re.escape(unit.removesuffix('.service'))}")
        if any(script.fullmatch(each) for level in _LEVELS for each in machine.listed(level)):
            return ENABLED
        return DISABLED if self._text(unit) is not None else ""

    def setting(self, unit: str, key: str) -> str:
        """What [Service] of the unit and its drop-ins say of `key` last; "" where nothing does."""
        texts = [self._text(unit) or "", *self._drop_ins(f"{unit}.d")]
        return _last(texts, key)

    def default(self, key: str) -> str:
        """What the settings of systemd itself say of `key`; "" where they say nothing."""
        kept = self._confs(("/etc/systemd", "/run/systemd", "/usr/lib/systemd"), "system.conf.d")
        return _last([self._machine.read("/etc/systemd/system.conf") or "", *kept], key)

    def _text(self, unit: str) -> str | None:
        texts = (self._machine.read(f"{place}/{unit}") for place in (*PLACES, _OLDER))
        return next((text for text in texts if text is not None), None)

    def _drop_ins(self, directory: str) -> Iterator[str]:
        # service.d is for every unit of the kind.
        for name in ("service.d", directory):
            yield from self._confs((*PLACES, _OLDER), name)

    def _confs(self, places: tuple[str, ...], directory: str) -> Iterator[str]:
        """The texts of *.conf, in the order of their names; the first place of a name holds."""
        found: dict[str, str] = {}
        for place in places:
            for name in self._machine.listed(f"{place}/{directory}"):
                if name.endswith(".conf"):
                    found.setdefault(name, f"{place}/{directory}/{name}")
        for name in sorted(found):
            yield self._machine.read(found[name]) or ""


def _last(texts: list[str], key: str) -> str:
    given = re.compile(rf"^\s*{re.escape(key)}\s*=[ \t]*(.*?)\s*$", re.MULTILINE)
    values = [value for text in texts for value in given.findall(text)]
    return values[-1] if values else ""
