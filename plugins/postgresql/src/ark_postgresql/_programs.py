"""Finds PostgreSQL's programs, those of the data directory's own version first."""

from __future__ import annotations

import os

from ark_postgresql import _facts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ark_postgresql._options import Options
    from arkcore import CommandResult, Context


def version_of(directory: str) -> str:
    """The major version that the data directory was made by ("15"); "" where it cannot be told."""
    try:
        with open(os.path.join(directory, _facts.VERSION_FILE.value), "rb", buffering=0) as file:
            text = file.read(64).decode("ascii", "replace").strip()
    except OSError:
        return ""
    return text if text and text.isprintable() else ""


def bin_directory(options: Options, root: str = "/") -> str:
    """Where the programs are; "" where there are none. `root`: beneath which they are looked for.

    The option, else the directory of the data directory's version, else that of the newest.
    """
    if options.bin_directory:
        return options.bin_directory
    installed = _installed(root)
    version = version_of(options.data_directory)
    if version in installed:
        return installed[version]
    if installed:
        return installed[max(installed, key=int)]
    only = root.rstrip("/") + _facts.ONLY_VERSION.value
    return only if _is_there(only) else ""


def run(ctx: Context, program: str, *arguments: str, timeout: float | None = None) -> CommandResult:
    """Run one of PostgreSQL's programs as the user whom the data directory belongs to."""
    options: Options = ctx.options
    path = os.path.join(bin_directory(options) or _facts.ONLY_VERSION.value, program)
    return ctx.run([path, *arguments], timeout=timeout, user=options.user, env=options.env)


def _installed(root: str) -> Mapping[str, str]:
    """The directories of programs, by major version."""
    found: dict[str, str] = {}
    for parent, before, below, _, _ in _facts.BY_VERSION:
        parent = root.rstrip("/") + parent
        try:
            names = os.listdir(parent)
        except OSError:
            continue
        for name in names:
            version = name.removeprefix(before)
            directory = f"{parent}{name}{below}"
            if name.startswith(before) and version.isdigit() and _is_there(directory):
                found.setdefault(version, directory)
    return found


def _is_there(directory: str) -> bool:
    return os.access(os.path.join(directory, _facts.CONTROL.value), os.X_OK)
