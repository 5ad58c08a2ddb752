"""Writes the programs that a manager is given, and never over what is not ours."""

from __future__ import annotations

import os

from arkcore.base.errors import ConfigurationError, MachineError
from arkcore.base.paths import ensure_directory
from arkcore.base.trusted import owners, refuse_untrusted
from arkcore.managers.launcher import is_launcher

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from arkcore.base.paths import Paths

#: Bytes of a script's first line that every kernel reads (execve(2); more since 5.1 only).
_FIRST_LINE = 127


def write_launchers(
    directory: str,
    texts: Mapping[str, str],
    function: str,
    paths: Paths,
) -> None:
    """Write programs into `directory`: their texts, by path.

    Each calls `function` of :mod:`arkcore.launch`.

    What is there already and is as it should be is left as it is. `MachineError` where there is
    something that is not ours; then nothing is written.
    """
    for text in texts.values():
        refuse_long_first_line(text)
    try:
        ensure_directory(directory)
        refuse_untrusted(directory, owners(paths.prefix))
        for path in texts:
            if os.path.lexists(path) and not is_ours(path, function):
                raise MachineError(f"{path}: there is something else already; it is left alone")
        for path, text in texts.items():
            if not is_so(path, text):
                replace(path, text)
    except OSError as error:
        raise MachineError(f"{error.filename or directory}: {error.strerror}") from error


def is_ours(path: str, function: str) -> bool:
    """Whether `path` is a program that calls `function` of :mod:`arkcore.launch`."""
    if os.path.islink(path) or not os.path.isfile(path):
        return False
    with open(path, "rb") as file:
        return is_launcher(file.read(4096).decode("utf-8", "replace"), function)


def refuse_long_first_line(text: str) -> None:
    """`ConfigurationError` where the kernel would not read the whole name of the interpreter."""
    first = os.fsencode(text.partition("\n")[0])
    interpreter, _, options = first.removeprefix(b"#!").rpartition(b" ")
    if len(first) > _FIRST_LINE or any(space in interpreter for space in b" \t"):
        raise ConfigurationError(
            f"{os.fsdecode(interpreter)}: this interpreter's path cannot stand in the first line "
            f"of a program; allowed are {_FIRST_LINE - len(options) - 3} bytes without a blank"
        )


def is_so(path: str, text: str) -> bool:
    """Whether the program at `path` has this text, and may be run."""
    try:
        with open(path, "rb") as file:
            same = file.read() == text.encode()
        return same and os.stat(path).st_mode & 0o7777 == 0o755
    except FileNotFoundError:
        return False


def replace(path: str, text: str, beside: str = "") -> None:
    """Put a program in the place of `path` at once: whoever runs it meanwhile has the old one.

    `beside`: a directory of the same file system in which it is written first; by default its own.
    """
    name = f"{os.path.basename(path)}.{os.getpid()}"
    temporary = f"{beside or os.path.dirname(path)}/{name}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(temporary, flags, 0o755)
    try:
        os.fchmod(descriptor, 0o755)
        os.write(descriptor, text.encode())
        os.rename(temporary, path)
    except OSError:
        os.unlink(temporary)
        raise
    finally:
        os.close(descriptor)
