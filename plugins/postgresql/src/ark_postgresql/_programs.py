"""Finds PostgreSQL's programs, those of the data directory's own version first."""

from __future__ import annotations

import os

from ark_postgresql import _facts
from ark_postgresql._encoding import encoding_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ark_postgresql._options import Options
    from arkcore import CommandResult, Context


def bin_directory(options: Options, version: str, root: str = "/") -> str:
    """Where the programs are; "" where there are none. `root`: beneath which they are looked for.

    The option, else the directory of the data directory's `version`, else that of the newest.
    """
    if options.bin_directory:
        return options.bin_directory
    installed = _installed(root)
    if version in installed:
        return installed[version]
    if installed:
        return installed[max(installed, key=int)]
    only = root.rstrip("/") + _facts.ONLY_VERSION.value
    return only if _is_there(only) else ""


def run(
    ctx: Context, version: str, program: str, *arguments: str, timeout: float | None = None
) -> CommandResult:
    """Run one of PostgreSQL's programs as the user whom the data directory belongs to.

    `version`: the data directory's, whose programs are taken where there are several.
    """
    options: Options = ctx.options
    found = bin_directory(options, version) or _facts.ONLY_VERSION.value
    return ctx.run(
        [os.path.join(found, program), *arguments],
        timeout=timeout,
        user=options.user,
        env=options.env,
        encoding=encoding_of(options),
    )


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
