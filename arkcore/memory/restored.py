"""Whether a restore was ever begun on this node; outlives a reboot."""

from __future__ import annotations

import os
import time

from arkcore.memory import files
from arkcore.memory.files import read_json, write_json


class Restored:
    """The last restore of a resource that was begun on this node, as `path` tells of it."""

    __slots__ = ("_path",)

    def __init__(self, path: str) -> None:
        self._path = path

    def note(self) -> None:
        """Note that a restore begins now."""
        write_json(self._path, {"at": time.time(), "boot": files.boot_id()})

    def may_have_begun(self) -> bool:
        """Whether a restore was begun here; also where that cannot be told."""
        try:
            os.stat(self._path)
        except FileNotFoundError:
            return False
        except OSError:
            return True
        return True

    def was_before_boot(self) -> bool:
        """Whether the machine has certainly been booted since the last restore was begun."""
        value = read_json(self._path)
        return "boot" in value and value["boot"] != files.boot_id()
