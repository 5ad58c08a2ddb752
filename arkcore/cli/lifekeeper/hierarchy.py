"""The hierarchy that LifeKeeper is to hold: our resources, on top of IP and file system resources.

What a resource needs of ours stands in its file (`requires`); what the lowest stand on is named by
the person who registers, for only LifeKeeper knows those.
"""

from __future__ import annotations

from dataclasses import dataclass

from rich.tree import Tree

from arkcore.base.errors import ConfigurationError
from arkcore.cli.language import say
from arkcore.cli.resources import chosen, usable
from arkcore.resources import record
from arkcore.resources.names import resource_names
from arkcore.resources.requirements import dependents

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from arkcore.base.paths import Paths


@dataclass(frozen=True)
class Entry:
    """One resource of ours, as far as its place in the hierarchy goes."""

    name: str
    plugin: str
    logical_host: str
    requires: tuple[str, ...] = ()
    mount_points: tuple[str, ...] = ()


@dataclass(frozen=True)
class Base:
    """The resources of LifeKeeper's own kits that the lowest of ours stand on, by tag."""

    ips: tuple[str, ...] = ()
    filesystems: tuple[str, ...] = ()

    @property
    def tags(self) -> tuple[str, ...]:
        return (*self.ips, *self.filesystems)


class Hierarchy:
    """Some resources of ours in starting order: what is needed comes first."""

    def __init__(self, entries: Sequence[Entry], base: Base) -> None:
        self.entries = tuple(entries)
        self.base = base

    def below(self, entry: Entry) -> tuple[str, ...]:
        """The tags that `entry` depends on."""
        return entry.requires or self.base.tags

    def highest(self) -> list[Entry]:
        """Those that no other one here needs."""
        needed = {name for entry in self.entries for name in entry.requires}
        return [entry for entry in self.entries if entry.name not in needed]

    def trees(self, told: Callable[[str], str]) -> list[Tree]:
        """The hierarchy drawn, a tree for each of the highest. `told`: what to say of a tag."""
        by_name = {entry.name: entry for entry in self.entries}

        def grow(tree: Tree, entry: Entry) -> None:
            for name in entry.requires:
                needed = by_name[name]
                grow(tree.add(_label(needed, told(name))), needed)
            if not entry.requires:
                self._grow_base(tree, entry, told)

        found = []
        for entry in self.highest():
            tree = Tree(_label(entry, told(entry.name)))
            grow(tree, entry)
            found.append(tree)
        return found

    def _grow_base(self, tree: Tree, entry: Entry, told: Callable[[str], str]) -> None:
        for tag in self.base.ips:
            tree.add(_joined(tag, say("IP address", "IP アドレス"), told(tag)))
        for tag in self.base.filesystems:
            tree.add(_joined(tag, say("file system", "ファイルシステム"), told(tag)))
        if not self.base.ips:
            tree.add(say("(its IP resource: --ip TAG)", "(IP リソース: --ip TAG で指定)"))
        if entry.mount_points and not self.base.filesystems:
            points = ", ".join(entry.mount_points)
            tree.add(
                say(
                    f"(the file system resource of {points}: --filesystem TAG)",
                    f"({points} のファイルシステムリソース: --filesystem TAG で指定)",
                )
            )


def _label(entry: Entry, told: str) -> str:
    return _joined(entry.name, f"{entry.plugin}, {entry.logical_host}", told)


def _joined(*parts: str) -> str:
    return "  ".join(part for part in parts if part)


# Which resources.


def lifekeepers(paths: Paths, asked: Sequence[str]) -> list[str]:
    """The resources asked for, or all that have a file. `ConfigurationError`: one is not for us."""
    for name in asked:
        if record.parameters_here(paths, name) is not None:
            raise ConfigurationError(
                f"{name}: it is a resource of Pacemaker's; two cluster managers cannot share it"
            )
    return chosen(paths, asked) if asked else resource_names(paths)


def entry_of(paths: Paths, name: str) -> Entry:
    """The resource as its file says. `ArkError` tells why it cannot be used."""
    resource = usable(paths, name)
    return Entry(
        name,
        resource.plugin.name,
        resource.logical_host,
        resource.requires,
        resource.mount_points,
    )


def with_what_they_need(
    paths: Paths, asked: Sequence[str], given: Mapping[str, Entry]
) -> list[Entry]:
    """The resources asked for (all, where none is) and what they require, in starting order.

    `given`: entries that stand for resources whose file is still to be written.
    """
    found: dict[str, Entry] = {}
    on_the_way: list[str] = []

    def visit(name: str) -> None:
        if name in found:
            return
        if name in on_the_way:
            circle = " -> ".join([*on_the_way, name])
            raise ConfigurationError(f"{paths.resource_file(name)}: requires: a circle: {circle}")
        on_the_way.append(name)
        entry = given[name] if name in given else entry_of(paths, name)
        for needed in entry.requires:
            visit(needed)
        on_the_way.pop()
        found[name] = entry

    existing = [name for name in asked if name not in given]
    names = [*(lifekeepers(paths, existing) if existing or not asked else ()), *given]
    for name in names:
        visit(name)
    return list(found.values())


def with_what_needs_them(paths: Paths, asked: Sequence[str]) -> list[str]:
    """The resources asked for and what requires them, in stopping order: highest first."""
    found: list[str] = []
    for name in asked:
        for each in (*dependents(paths, name), name):
            if each not in found:
                found.append(each)
    return found


def refuse_other_hosts(entries: Sequence[Entry]) -> None:
    """One IP address and one disk belong to one logical host. `ConfigurationError` where not."""
    hosts = sorted({entry.logical_host for entry in entries})
    if len(hosts) > 1:
        raise ConfigurationError(
            f"the resources belong to {len(hosts)} logical hosts: {', '.join(hosts)}; "
            f"register those of one at a time: ark lifekeeper register RESOURCE..."
        )


def refuse_nothing(paths: Paths, entries: Sequence[Entry]) -> None:
    """`ConfigurationError` where there is no resource at all."""
    if not entries:
        raise ConfigurationError(
            f"{paths.resources}: there is no resource file yet; write one, or let ark lifekeeper "
            f"register write it with --plugin"
        )
