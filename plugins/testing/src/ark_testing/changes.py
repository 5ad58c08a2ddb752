"""What a hook leaves changed in its process, and what it leaves in its plugin's class."""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import Any


class Surroundings:
    """Of this process, what a hook must leave as it is."""

    def __init__(self) -> None:
        self._before = self._seen()

    @staticmethod
    def _seen() -> dict[str, Any]:
        umask = os.umask(0)
        os.umask(umask)
        return {
            "the current directory": _current_directory(),
            "the environment": dict(os.environ),
            "the umask": umask,
            "signal handlers": {
                number: signal.getsignal(number) for number in signal.valid_signals()
            },
            "the signal mask": signal.pthread_sigmask(signal.SIG_BLOCK, []),
            "the number of threads": threading.active_count(),
            "inheritable descriptors": _inheritable(),
        }

    def changes(self) -> list[str]:
        after = self._seen()
        changed = []
        for what, value in self._before.items():
            if after[what] == value:
                continue
            if isinstance(value, dict):
                keys = sorted(
                    str(key)
                    for key in {*value, *after[what]}
                    if value.get(key) != after[what].get(key)
                )
                changed.append(f"{what}: {', '.join(keys)}")
            else:
                changed.append(f"{what}: {value} before, {after[what]} after")
        return changed


def _current_directory() -> str:
    try:
        return os.getcwd()
    except OSError:
        return "one that is gone"


def _inheritable() -> set[int]:
    found = set()
    for name in os.listdir("/proc/self/fd"):
        try:
            if int(name) > 2 and os.get_inheritable(int(name)):
                found.add(int(name))
        except OSError:
            continue  # the one that listed them
    return found


def kept_by(plugin: object) -> dict[str, str]:
    """What the classes and the module of a plugin hold, by name, as text."""
    found = {}
    for kept in type(plugin).__mro__:
        module = sys.modules.get(kept.__module__)
        if kept is object or kept.__module__.partition(".")[0] in ("arkcore", "builtins"):
            continue
        places = [(f"{kept.__qualname__}.", dict(vars(kept)))]
        if module is not None:
            places.append((f"{kept.__module__}.", dict(vars(module))))
        for prefix, values in places:
            for name, value in values.items():
                if _is_data(name, value):
                    found[prefix + name] = _text_of(value)
    return found


def _is_data(name: str, value: object) -> bool:
    if name.startswith("__") or isinstance(value, type | type(sys)):
        return False
    return not callable(value) and not hasattr(type(value), "__get__")


def _text_of(value: object) -> str:
    try:
        return repr(value)[:10_000]
    except Exception:
        return "?"


def differences(before: dict[str, str], after: dict[str, str]) -> list[str]:
    return sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
