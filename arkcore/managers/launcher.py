"""The programs that a manager is given: three lines each, nothing to change ever."""

from __future__ import annotations

import os

#: Stored copies of launchers import it by this name.
_MODULE = "arkcore.launch"
#: What each interpreter was found to have; it is started once, not once for each program.
_places: dict[str, list[str]] = {}


def launcher_of(function: str, arguments: tuple[str, str], interpreter: str) -> str:
    """The text of a program that calls `function` of :mod:`arkcore.launch` with `arguments`.

    It takes no path, module or setting of ours from the environment, and finds this very
    installation: isolated (-I) and without site (-S), so that no other package's start-up file runs
    in it either. What a manager sets for its programs (LKROOT, OCF_*) it hands on. A process this
    short needs no collector, from the first import on.
    """
    places = _places_of_packages(interpreter)
    first, second = arguments
    return (
        f"#!{interpreter} -IS\n"
        f"import gc, sys; gc.disable(); sys.path += {places!r}; {_imported(function)}\n"
        f"{function}({first!r}, {second!r})\n"
    )


def is_launcher(text: str, function: str) -> bool:
    """Whether `text` is what :func:`launcher_of` makes for `function`, at whatever place."""
    return text.startswith("#!") and f"; {_imported(function)}\n" in text


def _imported(function: str) -> str:
    return f"from {_MODULE} import {function}"


def _places_of_packages(interpreter: str) -> list[str]:
    """Where `interpreter` finds installed packages, beyond its own library."""
    if interpreter not in _places:
        _places[interpreter] = _places_asked(interpreter)
    return _places[interpreter]


def _places_asked(interpreter: str) -> list[str]:
    import subprocess

    ask = (
        "import os, sys; own = set(sys.path); import site; site.main(); "
        "print(os.pathsep.join(each for each in sys.path if each not in own))"
    )
    answer = subprocess.run(
        [interpreter, "-IS", "-c", ask], capture_output=True, text=True, check=True, cwd="/"
    )
    return [each for each in answer.stdout.strip().split(os.pathsep) if each.startswith("/")]
