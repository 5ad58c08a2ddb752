"""The directories of our state: root's alone, and mended where they are not.

An earlier version, or a person's umask, may have made them for others to read or to write.
"""

from __future__ import annotations

import os
import stat

from arkcore.base import trusted
from arkcore.base.errors import ConfigurationError
from arkcore.base.stderr import complain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arkcore.base.paths import Paths

_DIRECTORY = 0o700
#: What a group of readers may be given: the records lie there.
_READABLE = 0o750

_told: set[str] = set()


def secure(paths: Paths, resource: str) -> None:
    """Have the directories of a resource's state belong to us alone. Never raises.

    A directory of somebody else's is moved aside: nothing in it is believed.
    """
    for directory, most in _directories(paths, resource):
        try:
            trusted.refuse_untrusted(os.path.dirname(directory), trusted.ours())
            _secure(directory, most)
        except ConfigurationError as error:
            tell_once(f"state is neither believed nor safe: {error}")
        except OSError as error:
            tell_once(f"{directory}: cannot be made ours alone: {error.strerror}")


def tell_once(text: str) -> None:
    """Complain, but not again in this process."""
    if text not in _told:
        _told.add(text)
        complain(text)


def _directories(paths: Paths, resource: str) -> tuple[tuple[str, int], ...]:
    """Each with the most that its mode may be; what lies above comes first."""
    state, library = paths.state(resource), paths.library
    above = os.path.dirname(state)
    return (
        (os.path.dirname(above), _DIRECTORY),
        (above, _DIRECTORY),
        (state, _DIRECTORY),
        (os.path.dirname(paths.node_lock("-")), _DIRECTORY),
        (library, _READABLE),
        (os.path.dirname(paths.record("-")), _READABLE),
        (os.path.dirname(paths.open_script("-")), _DIRECTORY),
        (os.path.dirname(paths.maintenance("-")), _DIRECTORY),
        (os.path.dirname(paths.restored("-")), _DIRECTORY),
    )


def _secure(directory: str, most: int) -> None:
    try:
        status = os.lstat(directory)
    except FileNotFoundError:
        return  # it is made when something is to be written
    if stat.S_ISLNK(status.st_mode) and status.st_uid in trusted.ours():
        # The administrator's, who keeps our files elsewhere; a target of others' is refused.
        trusted.refuse_untrusted(directory, trusted.ours())
        status = os.stat(directory)
    mode = stat.S_IMODE(status.st_mode)
    if not stat.S_ISDIR(status.st_mode) or status.st_uid not in trusted.ours():
        aside = f"{directory}.untrusted-{os.getpid()}"
        os.rename(directory, aside)
        tell_once(
            f"{directory}: not a directory of ours (user id {status.st_uid}); nothing in it is "
            f"believed; moved to {aside}"
        )
    elif mode & ~most and status.st_uid == os.geteuid():
        os.chmod(directory, mode & most)
        if mode & 0o022:
            tell_once(f"{directory}: mode {mode:04o} let others write it; now {mode & most:04o}")
