"""The four launchers, which LifeKeeper stores copies of: their names, their texts, their places."""

from __future__ import annotations

import os

from arkcore.base.call import Action
from arkcore.base.errors import MachineError
from arkcore.cli.launchers import is_ours, write_launchers
from arkcore.managers.lifekeeper import LAUNCH, launcher

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arkcore.base.paths import Paths

#: The names LifeKeeper's own dialog uses, in the order in which it asks for them.
NAMES = {
    "restore": Action.RESTORE,
    "remove": Action.REMOVE,
    "quickCheck": Action.QUICK_CHECK,
    "recover": Action.RECOVER,
}


def texts(prefix: str) -> dict[str, str]:
    """The launchers of this installation, by name."""
    return {name: launcher(action, prefix) for name, action in NAMES.items()}


def places(directory: str) -> dict[str, str]:
    """Where they lie within `directory`, by name."""
    return {name: f"{directory}/{name}" for name in NAMES}


def write_all(directory: str, paths: Paths) -> dict[str, str]:
    """Write them to `directory`, which is made where it is missing; where each lies, by name."""
    directory = os.path.abspath(directory)
    written = places(directory)
    by_path = {written[name]: text for name, text in texts(paths.prefix).items()}
    write_launchers(directory, by_path, LAUNCH, paths)
    return written


def refuse_what_is_not_ours(directory: str) -> None:
    """`MachineError` where something lies in a launcher's place that is none."""
    for path in places(directory).values():
        if os.path.lexists(path) and not is_ours(path, LAUNCH):
            raise MachineError(f"{path}: there is something else already; it is left alone")
