"""Spawns a command: no shell, a clean environment, a session of its own, default signals."""

from __future__ import annotations

import os

from arkcore.base.bare_signal import signal
from arkcore.base.errors import PluginError
from arkcore.machine import processes

TYPE_CHECKING = False
if TYPE_CHECKING:
    import pwd
    from collections.abc import Mapping, Sequence

    from arkcore.machine.output import Output

_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
#: Characters that mean nothing to a shell.
_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789@%+=:,./-_")


def clean_environment(
    mark: str, extra: Mapping[str, str | None] | None = None, user: str | None = None
) -> dict[str, str]:
    """The whole environment of a command: nothing of the caller's own is passed on.

    A variable that is None in `extra` is taken away.
    """
    environment = {"PATH": _PATH, "HOME": "/", "SHELL": "/bin/sh", "LANG": "C"}
    if user is not None:
        environment.update(HOME=_account(user).pw_dir, USER=user, LOGNAME=user)
    elif os.geteuid() == 0:
        environment.update(HOME="/root", USER="root", LOGNAME="root")
    for name, value in (extra or {}).items():
        if value is None:
            environment.pop(name, None)
        else:
            environment[name] = value
    environment[processes.MARK] = mark
    return environment


def spawn(
    argv: Sequence[str],
    environment: dict[str, str],
    output: Output,
    user: str | None,
    group: int = -1,
) -> int:
    """Start a command in a session of its own; its pid.

    It has no controlling terminal. With the caller's, a command of another user could type words
    into root's shell (TIOCSTI). `group`: the open directory of the control group to
    spawn it into, -1 for this process's own; `NotSpawned` where that cannot be done.
    """
    if group >= 0:
        from arkcore.machine.into_cgroup import spawn_into

        identity = None if user is None else _identity(user)
        return spawn_into(group, argv, environment, output, identity)
    if user is None:
        try:
            return _spawn_as_ourselves(argv, environment, output)
        except NotImplementedError:
            pass  # built for a C library whose posix_spawn makes no session
    # Changing the user in the child is subprocess's work; a healthy check needs none of it.
    import subprocess

    uid, gid, groups = (user is not None and _identity(user)) or (None, None, None)
    child = subprocess.Popen(
        list(argv),
        stdin=subprocess.DEVNULL,
        stdout=output.descriptor,
        stderr=output.errors,
        env=environment,
        # It would leave ignored signals ignored and blocked ones blocked.
        preexec_fn=default_signals,
        start_new_session=True,
        cwd="/",
        user=uid,
        group=gid,
        extra_groups=groups,
    )
    child.returncode = 0  # it is awaited by its pid, here and nowhere else
    return child.pid


def _spawn_as_ourselves(argv: Sequence[str], environment: dict[str, str], output: Output) -> int:
    back = _go_to_root()
    try:
        return os.posix_spawn(
            argv[0],
            list(argv),
            environment,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, output.descriptor, 1),
                (os.POSIX_SPAWN_DUP2, output.errors, 2),
            ],
            setsid=True,
            setsigmask=[],
            setsigdef=_changeable_signals(),
        )
    finally:
        if back >= 0:
            os.fchdir(back)
            os.close(back)


def _changeable_signals() -> set[signal.Signals]:
    return signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}


def default_signals() -> None:
    """Have every signal do what it does by default. In a child, before a command is executed."""
    for number in _changeable_signals():
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


def close_others() -> None:
    """Close all but the first three files. In a child, before a command is executed.

    Before Linux 5.9, closing a range costs each number in it.
    """
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2:
            try:
                os.close(int(name))
            except OSError:
                pass  # the one that listed them


def _go_to_root() -> int:
    """Make / the current directory; a descriptor of where it was, -1 where that is / or gone."""
    back = -1
    try:
        if os.getcwd() == "/":
            return -1
        back = os.open(".", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        pass
    os.chdir("/")
    return back


def _account(user: str) -> pwd.struct_passwd:
    import pwd

    try:
        return pwd.getpwnam(user)
    except KeyError:
        raise ValueError(f"there is no user {user!r} here") from None


def _identity(user: str) -> tuple[int, int, list[int]] | None:
    """User id, group id and further groups to take on; None where this process has them already."""
    entry = _account(user)
    if entry.pw_uid == os.geteuid():
        return None
    return entry.pw_uid, entry.pw_gid, os.getgrouplist(user, entry.pw_gid)


def words_of(name: str, argv: Sequence[str | os.PathLike[str]]) -> list[str]:
    """The words of a command as text; `name`: what the plugin has called.

    `PluginError` where they are one text, where one is none, or the first is no absolute path.
    """
    if isinstance(argv, (str, bytes)):
        raise PluginError(f"{name}: a list of words is needed, not the text {argv!r}")
    words = []
    for number, word in enumerate(argv, 1):
        try:
            words.append(os.fsdecode(word))
        except TypeError:
            raise PluginError(f"{name}: word {number} must be text, not {word!r}") from None
    if not words or not words[0].startswith("/"):
        raise PluginError(f"{name}: a command must begin with an absolute path, not {words!r}")
    return words


def command_line(argv: Sequence[str]) -> str:
    """As a shell would read it; where none would read anything into it, as it is."""
    if all(_PLAIN.issuperset(word) and word for word in argv):
        return " ".join(argv)
    import shlex

    return shlex.join(argv)
