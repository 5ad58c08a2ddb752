"""`ark lifekeeper register`: makes the hierarchy in LifeKeeper."""

from __future__ import annotations

import os
from enum import Enum

import click

from arkcore.base.errors import ConfigurationError
from arkcore.cli.command import Command, OneOf, OptionOfPart
from arkcore.cli.console import paths_here, refuse_unless_writable
from arkcore.cli.lifekeeper.hierarchy import (
    Base,
    Hierarchy,
    refuse_nothing,
    refuse_other_hosts,
    with_what_they_need,
)
from arkcore.cli.lifekeeper.registration import Registration, Terms, held_here
from arkcore.cli.lifekeeper.words import filesystems_option, ips_option, resources_argument
from arkcore.cli.output import put
from arkcore.cli.resource_files import ResourceFile
from arkcore.managers.lifekeeper_commands import installed_commands

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from arkcore.managers.lifekeeper_commands import Instance


_FILE = "The resource file"


class Switchback(Enum):
    INTELLIGENT = "intelligent"
    AUTOMATIC = "automatic"


@click.command("register", cls=Command)
@resources_argument
@ips_option
@filesystems_option
@click.option("--alone", is_flag=True, help="It needs no IP and no file system resource.")
@click.option("--dry-run", is_flag=True, help="Print the commands; run and write nothing.")
@click.option(
    "--in-service/--no-in-service",
    is_flag=True,
    default=True,
    help="Bring each in service once it is made.",
)
@click.option(
    "--switchback",
    type=OneOf(Switchback),
    default=Switchback.INTELLIGENT.value,
    help="Whether it moves back by itself.",
)
@click.option("--server", metavar="NAME", help="This node; its host name by default.")
@click.option(
    "--launchers",
    metavar="DIR",
    help="Where the launchers are put; /etc/ark/lifekeeper by default.",
)
@click.option("--info", default="ark", metavar="TEXT", help="Application info; not read.")
@click.option(
    "--plugin", cls=OptionOfPart, part=_FILE, metavar="NAME", help="Write it, for this plugin."
)
@click.option(
    "--logical-host",
    cls=OptionOfPart,
    part=_FILE,
    metavar="NAME",
    help="The logical host that it protects.",
)
@click.option(
    "--requires",
    cls=OptionOfPart,
    part=_FILE,
    multiple=True,
    metavar="RESOURCE",
    help="What must run before it.",
)
@click.option(
    "--mount-point",
    cls=OptionOfPart,
    part=_FILE,
    multiple=True,
    metavar="DIR",
    help="What must be mounted before it.",
)
@click.option(
    "--option",
    cls=OptionOfPart,
    part=_FILE,
    multiple=True,
    metavar="KEY=VALUE",
    help="An option of the plugin.",
)
def register(
    resources: tuple[str, ...],
    ip: tuple[str, ...],
    filesystem: tuple[str, ...],
    alone: bool,
    dry_run: bool,
    in_service: bool,
    switchback: Switchback,
    server: str | None,
    launchers: str | None,
    info: str,
    plugin: str | None,
    logical_host: str | None,
    requires: tuple[str, ...],
    mount_point: tuple[str, ...],
    option: tuple[str, ...],
) -> None:
    """Register resources with LifeKeeper, with what they depend on.

    For each resource, lowest first: LifeKeeper's creapphier makes it (and
    brings it in service), dep_create puts it on what it depends on: what its
    file requires, and for the lowest the IP and file system resources named
    here, which must exist. Everything is checked before anything is done,
    with --dry-run too.
    Done again, it leaves what is registered as it is and goes on from there.

    With --plugin the resource file is written too, for one resource.

    Run it as root on the node where the resources are to be in service.

    Examples:
      ark lifekeeper register --dry-run \\
        --ip ip-192.0.2.10 --filesystem /shared/jp1
      ark lifekeeper register lkjp1_ajs3 \\
        --ip ip-192.0.2.10 --filesystem /shared/jp1
      ark lifekeeper register lkjp1_base \\
        --ip ip-192.0.2.10 --filesystem /shared/jp1 \\
        --plugin jp1-base --logical-host LVMRH5LKB \\
        --mount-point /shared/jp1 --option lang=ja_JP.UTF-8
    """
    paths = paths_here()
    file = _file_to_write(resources, plugin, logical_host, requires, mount_point, option)
    given = {file.name: file.entry} if file else {}
    entries = with_what_they_need(paths, resources, given)
    hierarchy = Hierarchy(entries, Base(ip, filesystem))
    refuse_nothing(paths, entries)
    refuse_other_hosts(entries)
    commands = installed_commands(paths.prefix)
    known = held_here(commands, only_printing=dry_run)
    held = known or {}
    _refuse_standing_on_nothing(hierarchy, held, alone)
    directory = os.path.abspath(launchers or f"{paths.prefix}/etc/ark/lifekeeper")
    terms = Terms(
        server=server or os.uname().nodename,
        directory=directory,
        switchback=switchback.value,
        info=_info(info),
        in_service=in_service,
    )
    registration = Registration(paths, hierarchy, terms, commands)
    if not dry_run:
        refuse_unless_writable(directory, "register resources")
    if known is not None:
        registration.check(held)
    if dry_run:
        if file:
            file.check(paths)
            put(f"# {paths.resource_file(file.name)}:")
            put("\n".join(f"#   {line}".rstrip() for line in file.text.splitlines()))
        registration.print_commands(held)
        return
    if file and file.write(paths):
        put(paths.resource_file(file.name))
    registration.run(held)
    registration.print_what_is_left()


def _file_to_write(
    resources: Sequence[str],
    plugin: str | None,
    logical_host: str | None,
    requires: Sequence[str],
    mount_points: Sequence[str],
    options: Sequence[str],
) -> ResourceFile | None:
    if plugin is None:
        if logical_host or requires or mount_points or options:
            raise click.BadParameter(
                "--logical-host, --requires, --mount-point and --option say what is to stand in "
                "a resource file; give --plugin too, or edit the file",
                param_hint="--plugin",
            )
        return None
    if len(resources) != 1 or not logical_host:
        raise click.BadParameter(
            "needs exactly one RESOURCE and --logical-host", param_hint="--plugin"
        )
    return ResourceFile(
        resources[0],
        plugin=plugin,
        logical_host=logical_host,
        requires=requires,
        mount_points=mount_points,
        options=options,
    )


def _info(text: str) -> str:
    # LifeKeeper's own rule for "Application Info".
    if not text.isascii() or not all(each.isalnum() or each in "-_./= " for each in text):
        raise click.BadParameter(
            f"{text!r}: allowed are letters, digits, blanks and - _ . / =", param_hint="--info"
        )
    return text


def _refuse_standing_on_nothing(
    hierarchy: Hierarchy, held: Mapping[str, Instance], alone: bool
) -> None:
    """A resource moved without its address or its disk would be started where neither is."""
    if alone:
        return
    for entry in hierarchy.entries:
        if entry.requires or entry.name in held:
            continue
        if not hierarchy.base.tags:
            raise ConfigurationError(
                f"{entry.name}: what does it stand on? Name LifeKeeper's resources with --ip TAG "
                f"and --filesystem TAG, or say --alone where it needs none"
            )
        if entry.mount_points and not hierarchy.base.filesystems:
            raise ConfigurationError(
                f"{entry.name}: it needs {', '.join(entry.mount_points)} mounted; name "
                f"LifeKeeper's file system resource with --filesystem TAG, or say --alone"
            )
