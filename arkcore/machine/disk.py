"""Asks a disk a question within a bounded time: a disk that hangs answers nobody.

Files of the application are read by a child process that is its user. Where there is no other user
than this process's own, a thread asks: it costs a healthy check a twentieth of a fork.
"""

from __future__ import annotations

import errno
import os
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

#: Seconds within which a disk has to answer: all that is asked for are a few names or bytes.
PATIENCE = 2.0
#: Seconds for which a path whose disk gave no answer is not asked for again.
_REST = 10.0

#: When a thread last waited in vain for a path, in CLOCK_MONOTONIC seconds.
_silent: dict[str, float] = {}


class SilentDisk(Exception):
    """The disk gave no answer in time. The text says so, without the path."""

    def __init__(self) -> None:
        super().__init__(f"its disk has not answered for {PATIENCE:g} s")


def ask_path(path: str, question: Callable[[], Any]) -> Any:
    """Return what `question`, which asks for `path`, returns, or raise what it raises.

    `SilentDisk` where no answer came in time, or where none came for this path a moment ago.
    """
    import _thread

    since = _silent.get(path)
    if since is not None and time.monotonic() - since < _REST:
        raise SilentDisk
    done = _thread.allocate_lock()
    done.acquire()
    answers: list[Any] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            answers.append(question())
        except BaseException as error:
            errors.append(error)
        finally:
            done.release()

    _thread.start_new_thread(run, ())
    if not done.acquire(timeout=PATIENCE):
        _silent[path] = time.monotonic()
        raise SilentDisk
    if errors:
        raise errors[0]
    return answers[0]


def ask_as(user: str, path: str, question: Callable[[], Any]) -> Any:
    """Return what `question` returns as `user` sees the disk; "" is the user of this process.

    `question` returns what `arkcore.ask_disk` can hand over, and raises `OSError` alone.
    `SilentDisk` as for :func:`ask_path`; `OSError` as the question met it, or where there is no
    such user.
    """
    if not user or os.geteuid() != 0:
        return ask_path(path, question)
    from arkcore.machine.asked import ask_disk

    try:
        return ask_disk(question, user, PATIENCE)
    except OSError as error:
        if error.errno == errno.ETIMEDOUT:
            raise SilentDisk from None
        raise
