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

    It names no version of Python: it goes on to work where the environment is made anew with
    another one.
    """
    interpreter = _lasting(interpreter)
    own = _own_place(interpreter)
    places = ", ".join(_expression(each, own) for each in _places_of_packages(interpreter))
    first, second = arguments
    return (
        f"#!{interpreter} -IS\n"
        f"import gc, sys; gc.disable(); sys.path += [{places}]; {_imported(function)}\n"
        f"{function}({first!r}, {second!r})\n"
    )


def is_launcher(text: str, function: str) -> bool:
    """Whether `text` is what :func:`launcher_of` makes for `function`, at whatever place."""
    return text.startswith("#!") and f"; {_imported(function)}\n" in text


def _lasting(interpreter: str) -> str:
    """The name of `interpreter` that an environment keeps whatever its Python: bin/python."""
    directory = os.path.dirname(interpreter)
    plain = f"{directory}/python"
    is_environment = os.path.exists(f"{os.path.dirname(directory)}/pyvenv.cfg")
    same = os.path.realpath(plain) == os.path.realpath(interpreter)
    return plain if is_environment and same else interpreter


def _expression(place: str, own: str) -> str:
    """`place` as the launcher writes it: the environment's `own` without its version."""
    if place != own:
        return repr(place)
    above, _, name = own.rsplit("/", 2)
    fixed = f"{above.replace('%', '%%')}/python%d.%d/{name}"
    return f"{fixed!r} % sys.version_info[:2]"


def _imported(function: str) -> str:
    return f"from {_MODULE} import {function}"


def _own_place(interpreter: str) -> str:
    """Where an environment's own packages lie, as "…/lib/python3.11/site-packages"; "" without."""
    environment = os.path.dirname(os.path.dirname(interpreter))
    if not os.path.exists(f"{environment}/pyvenv.cfg"):
        return ""
    for place in _places_of_packages(interpreter):
        name = place.removeprefix(f"{environment}/lib/").removesuffix("/site-packages")
        if name.startswith("python") and "/" not in name:
            return place
    return ""


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
