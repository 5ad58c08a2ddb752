"""What a hook leaves changed in its process, and what it leaves in its plugin's class."""

from __future__ import annotations

import locale
import os
import resource
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from types import FunctionType, ModuleType
from typing import Any

from arkcore.machine import processes

_NONE = object()
_LIMITS = (resource.RLIMIT_NOFILE, resource.RLIMIT_CORE, resource.RLIMIT_AS, resource.RLIMIT_CPU)
_TIMERS = (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF)


class Surroundings:
    """Of this process, what a hook must leave as it is."""

    def __init__(self, *, starts: bool = False) -> None:
        #: A daemon that was started in the foreground is a child, and its output is kept open.
        self._starts = starts
        self._before = self._seen()

    def _seen(self) -> dict[str, Any]:
        umask = os.umask(0)
        os.umask(umask)
        of_a_start = {"open descriptors", "children"} if self._starts else set()
        seen = {
            "the current directory": _current_directory(),
            "the environment": dict(os.environ),
            "the umask": umask,
            "signal handlers": {
                number: signal.getsignal(number) for number in signal.valid_signals()
            },
            "the signal mask": signal.pthread_sigmask(signal.SIG_BLOCK, []),
            "the number of threads": threading.active_count(),
            "open descriptors": _descriptors(),
            "inheritable descriptors": _inheritable(),
            "children": dict.fromkeys(processes.children(os.getpid()) or ()),
            "limits": [resource.getrlimit(each) for each in _LIMITS],
            "the priority": os.getpriority(os.PRIO_PROCESS, 0),
            "the locale": locale.setlocale(locale.LC_ALL),
            "timers": [signal.getitimer(each)[0] > 0 for each in _TIMERS],
            "the default timeout of sockets": socket.getdefaulttimeout(),
            "sys.path": list(sys.path),
        }
        return {what: value for what, value in seen.items() if what not in of_a_start}

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
                    if value.get(key, _NONE) != after[what].get(key, _NONE)
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


def _descriptors() -> dict[str, None]:
    """What is open, by its number and as what."""
    found: dict[str, None] = {}
    for name in os.listdir("/proc/self/fd"):
        try:
            found[f"{name} ({os.readlink(f'/proc/self/fd/{name}')})"] = None
        except OSError:
            continue  # the one that listed them
    return found


def _inheritable() -> set[int]:
    found = set()
    for name in os.listdir("/proc/self/fd"):
        try:
            if int(name) > 2 and os.get_inheritable(int(name)):
                found.add(int(name))
        except OSError:
            continue  # the one that listed them
    return found


def kept_by(plugin: object) -> dict[str, dict[str, str]]:
    """What a plugin's classes and their modules hold, by place and name, as text.

    A function holds its defaults, and what it remembers of its answers.
    """
    classes = [each for each in type(plugin).__mro__ if _package(each.__module__) not in _NOT_OURS]
    found = {each.__qualname__: _held(vars(each)) for each in classes}
    for name in {each.__module__ for each in classes}:
        found[name] = _held(vars(sys.modules[name])) if name in sys.modules else {}
    return found


_NOT_OURS = ("arkcore", "builtins")


def _package(module: str) -> str:
    return module.partition(".")[0]


def _held(values: Any) -> dict[str, str]:
    found = {}
    for name, value in dict(values).items():
        for data in _data_of(name, value):
            found[name] = _text_of(data)
    return found


def _data_of(name: str, value: object) -> Iterator[object]:
    """What of a name's value can change: nothing of a class, a module or a property."""
    remembers = getattr(value, "cache_info", None)
    if callable(remembers):
        yield remembers().currsize
    elif isinstance(value, FunctionType):
        yield (value.__defaults__, value.__kwdefaults__)
    elif not (name.startswith("__") or isinstance(value, type | ModuleType) or callable(value)):
        if not hasattr(type(value), "__get__"):
            yield value


def _text_of(value: object) -> str:
    try:
        return repr(value)[:10_000]
    except Exception:
        return "?"


def differences(before: dict[str, dict[str, str]], after: dict[str, dict[str, str]]) -> list[str]:
    """The names whose values differ. A module that was imported meanwhile has none."""
    return sorted(
        f"{place}.{name}"
        for place, values in before.items()
        for name in {*values, *after.get(place, {})}
        if values.get(name) != after.get(place, {}).get(name)
    )
