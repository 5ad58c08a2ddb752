"""The script that is at work, so that the next one can tell of one that was killed."""

from __future__ import annotations

import time

from arkcore.memory import files
from arkcore.memory.files import moment, read_json, remove_file, write_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arkcore.base.paths import Paths


class OpenScript:
    """The script that is at work, so that the next one can tell of one that was killed."""

    def __init__(self, paths: Paths, resource: str) -> None:
        self._path = paths.open_script(resource)

    def begin(self, script: str, told: bool, within: float | None = None) -> None:
        """`told`: its start line is written. `within`: seconds after which it is overdue."""
        due = None if within is None else files.boottime() + within
        value = {"script": script, "began": time.time(), "told": told}
        write_json(self._path, {**value, "boot": files.boot_id(), "due": due})

    def end(self) -> None:
        remove_file(self._path)

    def left_open(self) -> LeftOpen | None:
        """The script that never came to its end; None where there is none."""
        value = read_json(self._path)
        try:
            due = value.get("due")
            # What was at work before a boot has not hung: the machine went down.
            of_this_boot = due is not None and value.get("boot") == files.boot_id()
            overdue = of_this_boot and files.boottime() >= moment(due)
            began = moment(value["began"])
            return LeftOpen(str(value["script"]), began, bool(value["told"]), overdue)
        except (KeyError, TypeError, ValueError):
            return None


class LeftOpen:
    """A script that was killed: its name, when it began, whether its start line is written.

    `overdue`: by now it would have had to end by itself, so it may have been killed for that.
    """

    __slots__ = ("began", "overdue", "script", "told")

    def __init__(self, script: str, began: float, told: bool, overdue: bool) -> None:
        self.script = script
        self.began = began
        self.told = told
        self.overdue = overdue
