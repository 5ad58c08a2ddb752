"""What a person names to act on: resources, logical hosts, and whole hierarchies, in order."""

from __future__ import annotations

import os

import click

from arkcore.base.errors import ConfigurationError
from arkcore.base.toml_file import read_toml
from arkcore.cli.resources import names_here
from arkcore.resources import record
from arkcore.resources.requirements import dependents, required_by_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from arkcore.base.paths import Paths

hierarchy_option = click.option(
    "--hierarchy",
    is_flag=True,
    help="With all that they require and all that requires them, in turn.",
)


def resources_of(paths: Paths, targets: Sequence[str], *, hierarchy: bool = False) -> list[str]:
    """The resources that are named, each by its name or its logical host's, in starting order.

    `hierarchy`: with all that they require, and all that requires them, in turn.
    `ConfigurationError` where there is none of that name, or it is not plain what is meant.
    """
    here = names_here(paths)
    hosts = {name: _host_of(paths, name) for name in here}
    found: list[str] = []
    for target in targets:
        named = _named(paths, target, hosts)
        found += named if not hierarchy else _hierarchy(paths, named)
    return in_starting_order(paths, found)


def _named(paths: Paths, target: str, hosts: dict[str, str]) -> list[str]:
    of_host = [name for name, host in hosts.items() if host == target]
    is_resource = target in hosts or ("/" not in target and os.path.exists(paths.record(target)))
    if is_resource and of_host not in ([], [target]):
        raise ConfigurationError(
            f"{target}: a resource and a logical host bear this name; name the resources: "
            f"{' '.join(of_host)}"
        )
    if is_resource:
        return [target]
    if not of_host:
        resources = ", ".join(hosts) or "none"
        known = ", ".join(sorted({*hosts.values()} - {""})) or "none"
        raise ConfigurationError(
            f"{target}: no such resource and no such logical host here; there are: {resources}; "
            f"logical hosts: {known}"
        )
    return of_host


def _host_of(paths: Paths, name: str) -> str:
    """The logical host that the file of `name` names; "" where that cannot be told."""
    if os.path.exists(paths.resource_file(name)):
        try:
            host = read_toml(paths.resource_file(name), paths.prefix).get("logical_host")
            return host if isinstance(host, str) else ""
        except ConfigurationError:
            pass  # the last good one
    known = record.last_known_good(paths, name)
    return known.logical_host if known else ""


def _hierarchy(paths: Paths, names: Sequence[str]) -> list[str]:
    """All that is required by `names` or requires them, in turn."""
    found: list[str] = []
    ahead = list(names)
    while ahead:
        name = ahead.pop()
        if name not in found:
            found.append(name)
            ahead += [*required_by_file(paths, name), *dependents(paths, name)]
    return found


def in_starting_order(paths: Paths, names: Sequence[str]) -> list[str]:
    """Each of `names` once, behind those of them that it requires."""
    found: list[str] = []
    on_the_way: set[str] = set()

    def visit(name: str) -> None:
        if name in on_the_way:
            return  # seen, or a circle, which validation refuses
        on_the_way.add(name)
        for each in required_by_file(paths, name):
            visit(each)
        found.append(name)

    for name in sorted(names):
        visit(name)
    return [name for name in found if name in names]
