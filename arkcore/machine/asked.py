"""Asks a disk a question in a child process, as the user whom the files belong to.

A disk that hangs then holds up the child and not its parent. A link or a FIFO of the user's opens
nothing that the user could not open. The worker itself cannot change its user for a moment: the
kernel then forgets that the worker dies with its guard.
"""

from __future__ import annotations

import errno
import os
import select
import time

from arkcore.base import quickjson
from arkcore.machine.child import Child

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

#: The most that an answer may hold, in bytes.
_LARGEST = 1 << 18
#: The key of a mapping that stands for bytes.
_BYTES = "bytes"
#: Seconds for which a disk that gave no answer is not asked again.
_REST = 10.0
#: Seconds for which a killed child is awaited.
_DYING = 0.1

#: When, in CLOCK_MONOTONIC seconds, a question last came to no answer, and what was said then.
_unanswered = (-_REST, "")


def ask_disk(question: Callable[[], Any], user: str | None, within: float) -> Any:
    """Return what `question` returns, called in a child process that runs as `user`.

    `user`: None for the user of this process. `within`: seconds. `question` returns numbers, texts,
    bytes, or tuples of them. `OSError` with the error number that `question` raised; ETIMEDOUT
    where no answer came in time, or none came to a question of the last 10 seconds; EMSGSIZE where
    the answer has more than 256 KiB; EPERM where there is no such user; EIO where the child was
    ended.
    """
    global _unanswered
    if time.monotonic() - _unanswered[0] < _REST:
        raise OSError(errno.ETIMEDOUT, _unanswered[1])
    identity = None if user is None else _identity(user)
    reading, writing = os.pipe()
    try:
        child = Child.fork(lambda: _answer(question, identity, writing))
    except OSError:
        os.close(reading)
        raise
    finally:
        os.close(writing)
    try:
        told = _read(reading, time.monotonic() + within)
    finally:
        os.close(reading)
        child.end(dying=_DYING)  # one that the disk holds is left to whoever adopts it
    if told is None:
        _unanswered = (time.monotonic(), f"no answer within {within:.1f} s")
        raise OSError(errno.ETIMEDOUT, _unanswered[1])
    if len(told) > _LARGEST:
        raise OSError(errno.EMSGSIZE, f"the answer has more than {_LARGEST} bytes")
    try:
        # JSON: whoever may trace the child decides what is read here, and it must be harmless.
        error, answer = _unpacked(quickjson.loads_plain(told))
    except (ValueError, TypeError, RecursionError):
        raise OSError(errno.EIO, "no answer: the child that asked was ended") from None
    if error:
        raise OSError(error, os.strerror(error))
    return answer


def _identity(user: str) -> tuple[int, int, list[int]] | None:
    """User id, group id and all groups to take on; None where this process has them already."""
    import pwd

    try:
        account = pwd.getpwnam(user)
    except KeyError:
        raise OSError(errno.EPERM, f"there is no user {user!r} here") from None
    if account.pw_uid == os.geteuid():
        return None
    return account.pw_uid, account.pw_gid, os.getgrouplist(user, account.pw_gid)


def _answer(
    question: Callable[[], Any], identity: tuple[int, int, list[int]] | None, writing: int
) -> None:
    """In the child: ask, and write what came of it."""
    # What we have locked, and where our guard hears us, must not stay open in one that hangs.
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2 and int(name) != writing:
            try:
                os.close(int(name))
            except OSError:
                continue
    if identity is not None:
        user, group, groups = identity
        os.setgroups(groups)
        os.setresgid(group, group, group)
        os.setresuid(user, user, user)
    try:
        told: tuple[int, Any] = (0, question())
    except OSError as error:
        told = (error.errno or errno.EIO, None)
    text = quickjson.dumps(_packed(told)).encode()
    while text:
        text = text[os.write(writing, text) :]


def _packed(value: Any) -> Any:
    """As JSON can hold it: bytes as a mapping."""
    if isinstance(value, bytes):
        return {_BYTES: value.decode("latin-1")}
    return [_packed(each) for each in value] if isinstance(value, tuple) else value


def _unpacked(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(map(_unpacked, value))
    if isinstance(value, dict):
        [(_, text)] = value.items()
        return str(text).encode("latin-1")
    return value


def _read(reading: int, until: float) -> bytes | None:
    """All that the child writes, or more than `_LARGEST` of it; None: no end by `until`."""
    poll = select.poll()
    poll.register(reading, select.POLLIN)
    parts: list[bytes] = []
    while True:
        left = until - time.monotonic()
        if sum(map(len, parts)) > _LARGEST:
            return b"".join(parts)
        if left <= 0:
            return None
        if poll.poll(min(left, 1.0) * 1000 + 1):
            part = os.read(reading, 1 << 16)
            if not part:
                return b"".join(parts)
            parts.append(part)
