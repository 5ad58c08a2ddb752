"""Who could exchange a program that root, or the resource's user, runs.

What others can exchange decides what root does, so such a command is refused where it is
configured.
"""

from __future__ import annotations

import os
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: The kernel follows as many links on one way (path_resolution(7)).
_MOST_LINKS = 40
#: As much of a first line counts (BINPRM_BUF_SIZE in binfmts.h).
_FIRST_LINE = 256
#: Files of one command that are looked at: its words, and the interpreters of those.
_MOST_FILES = 64


class Runner:
    """Who runs a command: the user ids that its files may belong to, and how they are called.

    `group`: the one whose members may write such a file as well; None: no group's may.
    """

    __slots__ = ("group", "ids", "named")

    def __init__(self, user: str = "") -> None:
        """`user`: "" is the running user. `KeyError` where it cannot be looked up."""
        self.ids = {0, os.geteuid()}
        self.named = "root"
        self.group: int | None = None
        if user:
            import pwd

            account = pwd.getpwnam(user)
            self.ids.add(account.pw_uid)
            if account.pw_uid:
                # Whoever is in the user's own group was let in by whoever made that account.
                self.named, self.group = f"root or {user}", account.pw_gid


def fault_of_command(argv: Sequence[str], user: str = "") -> str:
    """As :func:`fault_of_way`, of all files of a command that can be seen; "" where none has one.

    They are each word that names a regular file by an absolute path, and the interpreter that the
    first line of such a file names. Text that an interpreter is handed (`sh -c`) is not read. A
    `user` that cannot be looked up is no fault: nothing is run as that user.
    """
    try:
        runner = Runner(user)
    except KeyError:
        return ""
    ahead = [*argv[:1], *_files_among(argv[1:])]
    for number, path in enumerate(ahead):  # each first line adds some
        if number >= _MOST_FILES:
            return f"{argv[0]} leads to more than {_MOST_FILES} files"
        fault = fault_of_way(path, runner)
        if fault:
            return fault
        ahead += [each for each in _files_among(_interpreter_of(path)) if each not in ahead]
    return ""


def _files_among(words: Sequence[str]) -> Iterator[str]:
    for word in words:
        try:
            if word.startswith("/") and stat.S_ISREG(os.stat(word).st_mode):
                yield word
        except OSError:
            continue  # what is missing cannot be run


def _interpreter_of(path: str) -> list[str]:
    """The interpreter that the first line of a script names, and its arguments (execve(2))."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        try:
            line = b""
            if stat.S_ISREG(os.fstat(descriptor).st_mode):
                line = os.read(descriptor, _FIRST_LINE).partition(b"\n")[0]
        finally:
            os.close(descriptor)
    except OSError:
        return []
    if not line.startswith(b"#!"):
        return []
    words = os.fsdecode(line[2:]).split()
    # A relative path begins in the directory of every command of ours.
    return [os.path.join("/", word) if at == 0 else word for at, word in enumerate(words)]


def fault_of_way(path: str, runner: Runner | None = None) -> str:
    """Why others than root and `runner` could exchange the program `path`; "" if none.

    The program, each directory above it and each link on the way must belong to one of the two and
    be writable by nobody else. What is missing, on a disk that is elsewhere now, is no fault.
    """
    runner = runner or Runner()
    ways = [os.path.normpath(path)]
    for way in ways:  # each link that is met adds one
        if len(ways) > _MOST_LINKS:
            return f"{path} has more than {_MOST_LINKS} links on its way"
        above = ""
        names = way.strip("/").split("/")
        for number, name in enumerate(["", *names]):
            above = f"{above.rstrip('/')}/{name}"
            try:
                status = os.lstat(above)
                target = os.readlink(above) if stat.S_ISLNK(status.st_mode) else ""
            except OSError:
                return ""
            if status.st_uid not in runner.ids:
                return (
                    f"{above} belongs to user id {status.st_uid}; it must belong to {runner.named}"
                )
            if target:
                rest = "/".join(names[number:])
                to = os.path.join(os.path.dirname(above), target, rest)
                ways.append(os.path.normpath(to))
                break
            last = number == len(names)
            sticky = status.st_mode & stat.S_ISVTX and not last and not status.st_uid
            others = stat.S_IWOTH | (0 if status.st_gid == runner.group else stat.S_IWGRP)
            if status.st_mode & others and not sticky:
                return f"{above} can be written by others (chmod go-w {above})"
    return ""
