"""Takes resources out of LifeKeeper, highest first: what is run, and what is only told."""

from __future__ import annotations

import os
import shlex

from arkcore.base.errors import ConfigurationError, MachineError
from arkcore.cli.output import put

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from arkcore.managers.lifekeeper_commands import Instance, LifeKeeperCommands


class Withdrawal:
    """Takes resources out of LifeKeeper, highest first."""

    def __init__(self, names: Sequence[str], lifekeeper: LifeKeeperCommands) -> None:
        self._names = names
        self._lifekeeper = lifekeeper

    def registered(self, held: Mapping[str, Instance]) -> list[Instance]:
        """Those of the resources that LifeKeeper holds, highest first."""
        found = [held[name] for name in self._names if name in held]
        for instance in found:
            if not instance.is_generic:
                raise ConfigurationError(
                    f"{instance.tag}: LifeKeeper holds it as {instance.app}/{instance.type}, no "
                    f"generic application; it is none of ours and is left alone"
                )
        return found

    def stops(self, found: Sequence[Instance]) -> list[list[str]]:
        """The commands that take out of service what is in service."""
        return [
            self._lifekeeper.perform(instance.tag, "remove")
            for instance in found
            if instance.in_service
        ]

    def deletions(self, found: Sequence[Instance]) -> list[list[str]]:
        """The commands that delete the instances on this node: not confirmed by any manual."""
        return [self._lifekeeper.forget(instance.tag) for instance in found]

    def run(self, commands: Sequence[Sequence[str]]) -> None:
        """Run them in order. `MachineError` where one ends badly: the rest is left undone."""
        for command in commands:
            put(f"  {shlex.join(command)}", flush=True)
            code = self._lifekeeper.run(command)
            if code:
                raise MachineError(
                    f"{os.path.basename(command[0])} ended with exit code {code}; nothing after "
                    f"it was done; see LifeKeeper's log, then run the same command again"
                )
