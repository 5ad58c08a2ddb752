"""Registers a hierarchy with LifeKeeper: checks first, then one step at a time.

Each resource is made and put on what it depends on before the next one is made, so that wherever it
stops, what is there is right; done again, it goes on from there.
"""

from __future__ import annotations

import os
import shlex
import sys

from arkcore.actions.restore import missing_mounts
from arkcore.base.errors import ConfigurationError, MachineError
from arkcore.cli.console import complain
from arkcore.cli.language import say
from arkcore.cli.lifekeeper import launcher_files
from arkcore.cli.output import put

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from arkcore.base.paths import Paths
    from arkcore.cli.lifekeeper.hierarchy import Entry, Hierarchy
    from arkcore.managers.lifekeeper_commands import Instance, LifeKeeperCommands


class Terms:
    """How the resources are made: what LifeKeeper's dialog would ask."""

    def __init__(
        self, *, server: str, directory: str, switchback: str, info: str, in_service: bool
    ) -> None:
        self.server = server
        #: Where the launchers lie.
        self.directory = directory
        self.switchback = switchback
        self.info = info
        self.in_service = in_service


class Registration:
    """One hierarchy, and the LifeKeeper that is to hold it."""

    def __init__(
        self, paths: Paths, hierarchy: Hierarchy, terms: Terms, lifekeeper: LifeKeeperCommands
    ) -> None:
        self._paths = paths
        self._hierarchy = hierarchy
        self._terms = terms
        self._lifekeeper = lifekeeper

    # Before anything is done.

    def check(self, held: Mapping[str, Instance]) -> None:
        """Refuse what would end half done. `held`: what LifeKeeper holds, by tag."""
        for entry in self._hierarchy.entries:
            instance = held.get(entry.name)
            if instance is not None and not instance.is_generic:
                raise ConfigurationError(
                    f"{entry.name}: LifeKeeper holds a resource of this tag already, and it is no "
                    f"generic application ({instance.app}/{instance.type}); give the resource "
                    f"file another name, or delete that resource in LifeKeeper"
                )
        self._check_base(held)
        if self._terms.in_service:
            for entry in self._to_make(held):
                missing = missing_mounts(entry.mount_points)
                if missing:
                    raise MachineError(
                        f"{entry.name}: {missing}; bring its file system resource in service "
                        f"first, or register with --no-in-service"
                    )
        launcher_files.refuse_what_is_not_ours(self._terms.directory)

    def _check_base(self, held: Mapping[str, Instance]) -> None:
        for tag in self._hierarchy.base.tags:
            instance = held.get(tag)
            if instance is None:
                raise ConfigurationError(
                    f"{tag}: LifeKeeper holds no such resource here; create it first (GUI: Create "
                    f"Resource Hierarchy), for the application depends on it"
                )
            makes = self._terms.in_service and self._to_make(held)
            if makes and not instance.in_service:
                command = shlex.join(self._lifekeeper.perform(tag, "restore"))
                raise MachineError(
                    f"{tag}: it is {instance.state}, not in service here; first: {command}"
                )

    def _to_make(self, held: Mapping[str, Instance]) -> list[Entry]:
        return [entry for entry in self._hierarchy.entries if entry.name not in held]

    # The commands.

    def commands(self, entry: Entry, held: Mapping[str, Instance]) -> list[list[str]]:
        """What is run for one resource, in order."""
        terms = self._terms
        found = []
        if entry.name not in held:
            found.append(
                self._lifekeeper.create(
                    terms.server,
                    launcher_files.places(terms.directory),
                    entry.name,
                    info=terms.info,
                    switchback=terms.switchback,
                    in_service=terms.in_service,
                )
            )
        below = self._hierarchy.below(entry)
        found += [self._lifekeeper.depend(entry.name, child) for child in below]
        return found

    def print_commands(self, held: Mapping[str, Instance]) -> None:
        """What :meth:`run` would run."""
        prefix = f"ARK_PREFIX={shlex.quote(self._paths.prefix)} " if self._paths.prefix else ""
        put(f"{prefix}ark lifekeeper launchers {shlex.quote(self._terms.directory)}")
        for entry in self._hierarchy.entries:
            if entry.name in held:
                told = say("is registered already", "は登録済みです")
                put(f"# {entry.name} {told}")
            for command in self.commands(entry, held):
                put(shlex.join(command))

    # Doing.

    def run(self, held: Mapping[str, Instance]) -> None:
        """Register what is not registered yet. `MachineError` tells where it stopped."""
        launcher_files.write_all(self._terms.directory, self._paths)
        for entry in self._hierarchy.entries:
            if entry.name in held:
                put(say(f"{entry.name}: registered already", f"{entry.name}: 登録済み"))
            for command in self.commands(entry, held):
                put(f"  {shlex.join(command)}", flush=True)
                code = self._lifekeeper.run(command)
                if code == 0:
                    continue
                if command[0] != self._lifekeeper.creapphier and self._lifekeeper.was_there(code):
                    put(f"  {say('(it is there already)', '(作成済み)')}")
                    continue
                raise MachineError(
                    f"{entry.name}: {os.path.basename(command[0])} ended with exit code {code}; "
                    f"put right what it says above and run the same command again: "
                    f"what is registered already is left as it is"
                )
            self._verify(entry, made=entry.name not in held)

    def _verify(self, entry: Entry, *, made: bool) -> None:
        instance = self._lifekeeper.instances().get(entry.name)
        if instance is None:
            raise MachineError(
                f"{entry.name}: LifeKeeper's commands ended well, but ins_list does not show it; "
                f"look at LifeKeeper's log"
            )
        # What was there before may be in service on the other node, and right so.
        expected = made and self._terms.in_service
        if instance.state == "OSF" or (expected and not instance.in_service):
            command = shlex.join(self._lifekeeper.perform(entry.name, "restore"))
            raise MachineError(
                f"{entry.name}: it is registered, and {instance.state}: not in service here; "
                f"see ark log {entry.name}, then: {command}; then run the same command again"
            )

    def print_what_is_left(self) -> None:
        """What no documented command does: for the administrator."""
        tops = ", ".join(entry.name for entry in self._hierarchy.highest())
        put()
        put(say("Left for you to do and confirm:", "残りの作業 (管理者が確認して実施):"))
        for line in (
            say(
                f"  1. Extend the hierarchy of {tops} to the other node: GUI, Extend Resource "
                f"Hierarchy.",
                f"  1. {tops} の階層をもう一方のノードに拡張する "
                f"(GUI の Extend Resource Hierarchy)。",
            ),
            say(
                "     (No command for this is documented for generic applications.)",
                "     (Generic Application 用のコマンドは公開されていません。)",
            ),
            say(
                "  2. On the other node: the same resource files; ark validate.",
                "  2. もう一方のノード: 同じリソースファイルを置き、ark validate で検証する。",
            ),
            say(
                "  3. Test local recovery, failover and failback.",
                "  3. ローカルリカバリ、フェイルオーバー、フェイルバックを確認する。",
            ),
        ):
            put(line)


def held_here(
    lifekeeper: LifeKeeperCommands, *, only_printing: bool
) -> Mapping[str, Instance] | None:
    """What LifeKeeper holds here; None, and a word on stderr, where that is only for printing.

    `MachineError` where LifeKeeper cannot be asked, or its commands are not there.
    """
    try:
        missing = lifekeeper.missing()
        if missing and not only_printing:
            raise MachineError(
                f"{missing[0]}: there is no such program that only root can have written; is "
                f"LifeKeeper installed here, and LKROOT right in /etc/default/LifeKeeper?"
            )
        return lifekeeper.instances()
    except MachineError as error:
        if not only_printing:
            raise
        sys.stdout.flush()
        complain(f"{error} Printed as for a LifeKeeper that holds nothing yet")
        return None
