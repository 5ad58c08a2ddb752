"""Spawns a command into a control group: clone3(2) with CLONE_INTO_CGROUP, Linux 5.7.

The kernel lets a process that enters a group wait, 8 ms in the median. It makes a new process in
the group at once, and the worker never has to enter the group. Python's library does not have the
call, so the child is made here. The child does what `posix_spawn` does for other commands.
"""

from __future__ import annotations

import errno
import os
import sys
import time

from arkcore.base.bare_signal import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from arkcore.machine.output import Output

    #: User id, group id and further groups of a command; None where they stay as they are.
    Identity = tuple[int, int, Sequence[int]] | None

#: linux/sched.h, and asm-generic/unistd.h: the same number on every machine.
_CLONE_INTO_CGROUP = 0x200000000
_CLONE3 = 435
#: The fields of `struct clone_args` up to `cgroup`, each of 8 bytes.
_EXIT_SIGNAL, _CGROUP, _FIELDS = 4, 10, 11
_CANNOT_EXEC = 127
#: Seconds that a thread whose work is done may need until the kernel has let go of it.
_LAST_THREAD = 0.05


class NotSpawned(Exception):
    """Raised where the kernel, or this process, cannot make a process in the group.

    The command was not run. Nobody is told why: the caller enters the group and spawns it there.
    """


def spawn_into(
    group: int,
    argv: Sequence[str],
    environment: Mapping[str, str],
    output: Output,
    identity: Identity,
) -> int:
    """Start a command in the group whose directory is open as `group`; its pid.

    It has a session of its own, the directory / and default signals. Of this process's descriptors
    it has its output alone. `NotSpawned` where no process can be made in the group, `OSError` where
    the command cannot be executed.
    """
    reading, writing = os.pipe()
    try:
        pid = _clone(group)
        if pid == 0:
            _become(argv, environment, output, identity, writing)
        os.close(writing)
        writing = -1
        said = os.read(reading, 4)
    finally:
        os.close(reading)
        if writing >= 0:
            os.close(writing)
    if said:
        os.waitpid(pid, 0)
        number = int.from_bytes(said, "little")
        raise OSError(number, os.strerror(number), argv[0])
    return pid


def _clone(group: int) -> int:
    """As fork(2), but in `group`: 0 in the child, else its pid."""
    if not _is_one_thread():
        # The child has one thread. It would wait for ever for a lock that another thread held.
        raise NotSpawned
    fields = [0] * _FIELDS
    fields[0], fields[_EXIT_SIGNAL], fields[_CGROUP] = _CLONE_INTO_CGROUP, signal.SIGCHLD, group
    arguments = b"".join(each.to_bytes(8, sys.byteorder) for each in fields)
    pid = _system_call()(_CLONE3, arguments, len(arguments))
    if pid < 0:
        raise NotSpawned  # the kernel refuses it, does not know it, or the group is gone
    return pid


def _is_one_thread() -> bool:
    """Whether this process has one thread; one that is just ending is waited for."""
    until = time.monotonic() + _LAST_THREAD
    while len(os.listdir("/proc/self/task")) != 1:
        if time.monotonic() >= until:
            return False
        time.sleep(_LAST_THREAD / 500)
    return True


def _system_call() -> Callable[[int, bytes, int], int]:
    """syscall(2) of the C library; `NotSpawned` where it cannot be had."""
    try:
        from _ctypes import call_function, dlopen, dlsym

        own: Any = None  # this very process, which the stubs do not know of
        address = dlsym(dlopen(own, 0), "syscall")
    except (ImportError, OSError, TypeError):
        raise NotSpawned from None

    def call(number: int, arguments: bytes, size: int) -> int:
        return int(call_function(address, (number, arguments, size)))

    return call


def _become(
    argv: Sequence[str],
    environment: Mapping[str, str],
    output: Output,
    identity: Identity,
    telling: int,
) -> None:
    """In the child: execute the command; where that fails, write the error number to `telling`."""
    number = errno.EINVAL
    try:
        os.setsid()
        os.chdir("/")
        _take(output, telling)
        for each in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
            signal.signal(each, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        if identity is not None:
            user, main_group, groups = identity
            os.setgroups(groups)
            os.setregid(main_group, main_group)
            os.setreuid(user, user)
        os.execve(argv[0], list(argv), environment)
    except OSError as error:
        number = error.errno or number
    except BaseException:
        pass  # told as an invalid argument: a zero byte in a word, and the like
    finally:
        try:
            os.write(telling, number.to_bytes(4, "little"))
        finally:
            os._exit(_CANNOT_EXEC)


def _take(output: Output, kept: int) -> None:
    """Have /dev/null and the output as 0, 1 and 2; close all else but `kept`, which `exec` closes.

    Neither the output nor `kept` is 0, 1 or 2: a worker has opened /dev/null as these.
    """
    nothing = os.open("/dev/null", os.O_RDONLY | os.O_CLOEXEC)
    for source, number in ((nothing, 0), (output.descriptor, 1), (output.errors, 2)):
        os.dup2(source, number)
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2 and int(name) != kept:
            try:
                os.close(int(name))
            except OSError:
                continue  # the one that listed them
