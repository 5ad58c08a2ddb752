"""Small JSON files, each written whole or not at all, and the clock of this boot.

A file that is missing, cut short or garbage reads as an empty mapping: what is remembered is a
help, and an action never fails for want of it.
"""

from __future__ import annotations

import errno
import os
import time

from arkcore.base import quickjson as json
from arkcore.base import trusted
from arkcore.base.errors import ConfigurationError
from arkcore.base.paths import ensure_directory
from arkcore.base.stderr import complain
from arkcore.memory.private import tell_once

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

#: No file of ours is larger, in bytes; what is, is garbage.
_LARGEST = 1 << 24

#: As the kernel has told it: it is the same for as long as any process lives.
_boot_id = ""


def boot_id() -> str:
    """The kernel's name for the time since this boot."""
    global _boot_id
    if not _boot_id:
        try:
            with open("/proc/sys/kernel/random/boot_id", "rb", buffering=0) as file:
                _boot_id = file.read(64).strip().decode()
        except OSError:
            return "unknown"
    return _boot_id


def boottime() -> float:
    """Seconds since boot, time asleep included; no change of the date moves it."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def read_json(path: str, loads: Callable[[bytes], Any] = json.loads_plain) -> dict[str, Any]:
    """The mapping in `path`; empty where there is none that can be read and believed.

    `loads`: what makes the value of the file's bytes.
    """
    try:
        value = loads(trusted.read(path, trusted.ours(), _LARGEST))
    except ConfigurationError as error:
        tell_once(f"not believed: {error}")
        return {}
    except (OSError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def write_json(path: str, value: dict[str, Any], mode: int = 0o600) -> bool:
    """Put `value` in `path`, whole or not at all. False, and a word on stderr, where it cannot."""
    return put(path, json.dumps(value).encode(), mode)


def put(path: str, data: bytes, mode: int = 0o600) -> bool:
    temporary = f"{path}.{os.getpid()}"
    try:
        try:
            descriptor = _create(temporary, mode)
        except FileNotFoundError:
            ensure_directory(os.path.dirname(path), 0o700)
            descriptor = _create(temporary, mode)
        try:
            if os.write(descriptor, data) != len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        finally:
            os.close(descriptor)
        os.rename(temporary, path)
        return True
    except OSError as error:
        remove_file(temporary)
        complain(f"cannot write {path}: {error.strerror}")
        return False


def _create(path: str, mode: int) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.open(path, flags, mode)


def moment(value: Any) -> float:
    """`value` as seconds that a clock can show. `TypeError` or `ValueError` where it is none."""
    if not 0 <= value < 1e11:  # not NaN either
        raise ValueError(value)
    return float(value)


def remove_file(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        pass


class StateFile:
    """One JSON file of a resource's state. `read_only`: nothing is written, nothing removed."""

    __slots__ = ("path", "read_only")

    def __init__(self, path: str, *, read_only: bool = False) -> None:
        self.path = path
        self.read_only = read_only

    def read(self) -> dict[str, Any]:
        """The mapping in the file; empty where there is none that can be read and believed."""
        return read_json(self.path)

    def read_of_this_boot(self) -> dict[str, Any]:
        """As :meth:`read`; empty also where it was written before this boot."""
        value = self.read()
        return value if value.get("boot") == boot_id() else {}

    def write(self, value: dict[str, Any]) -> bool:
        """Put `value` in the file, whole or not at all; False where it cannot be written."""
        return self.read_only or write_json(self.path, value)

    def write_of_this_boot(self, **value: Any) -> bool:
        """As :meth:`write`, with the name of this boot, for :meth:`read_of_this_boot`."""
        return self.write({"boot": boot_id(), **value})

    def forget(self) -> None:
        """Remove the file."""
        if not self.read_only:
            remove_file(self.path)
