"""The checks of one node, in the guide's order, and all that is answered about it."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass

import arkcore
from arkcore.base.call import Action
from arkcore.base.errors import ConfigurationError
from arkcore.base.finding import Level
from arkcore.base.language import say
from arkcore.base.toml_file import read_toml
from arkcore.machine.system import is_mounted
from arkcore.plugin.discovery import installed
from arkcore.ras.reader import Reader
from arkcore.ras.records import ScriptTaken
from arkcore.ras.source import Source
from arkcore.survey.address import (
    addresses_that_answer,
    asked_owners,
    check_networks_of_virtual,
    check_own_addresses,
    check_virtual_addresses,
    owners_of_virtual,
)
from arkcore.survey.agreement import Declared, check_agreement
from arkcore.survey.answers import (
    FORMAT,
    Answers,
    Around,
    DiskAnswer,
    Found,
    ResourceAnswer,
    digests,
)
from arkcore.survey.apparmor import check_apparmor
from arkcore.survey.arrangement import check_support, check_topology
from arkcore.survey.autostart import check_autostart, manager_at_boot
from arkcore.survey.bonding import check_bonding
from arkcore.survey.boot import check_boot
from arkcore.survey.check import Check
from arkcore.survey.directories import check_directories
from arkcore.survey.disk import check_disks, disks_of
from arkcore.survey.filters import filters_of
from arkcore.survey.firewall import check_firewall
from arkcore.survey.host_names import Rule, check_host_names
from arkcore.survey.kernel import check_kernel
from arkcore.survey.lans import lans_of
from arkcore.survey.libraries import libraries_of
from arkcore.survey.limits import check_limits
from arkcore.survey.logins import check_logins
from arkcore.survey.monitoring import check_monitoring
from arkcore.survey.names import check_names
from arkcore.survey.namespaces import check_namespaces
from arkcore.survey.network import check_interfaces, check_reach, interfaces_of
from arkcore.survey.place import check_places
from arkcore.survey.resolver import Asked as AskedServers
from arkcore.survey.resolver import check_resolver
from arkcore.survey.system import check_packages, check_selinux
from arkcore.survey.time_source import check_time_source, clock_of
from arkcore.survey.units import Units
from arkcore.survey.zone import check_zone, zone_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from arkcore.base.finding import Finding
    from arkcore.base.paths import Paths
    from arkcore.survey.machine import Machine
    from arkcore.survey.site import LogicalHost, Node, Site

RESOURCE = Check("resource", "resource file", "リソースファイル")


@dataclass(frozen=True)
class Asked:
    """What a resource's plugin told. `error`: why it could not be asked, or its file not used.

    `rule`: what the application demands of the logical host's name. `declared`: what the resource
    file says; both None where it is not known.
    """

    title: str = ""
    support: str = ""
    topologies: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    error: str = ""
    rule: Rule | None = None
    declared: Declared | None = None


class Cluster:
    """What the cluster software tells: whether it is installed, and a resource's state ("").

    `launchers`: why a program that it calls for a resource does not start, "" where all do.
    `root`: where it is installed, "" where that is not known. `interval`: between two checks, in
    seconds; None where it has none of its own.
    """

    def __init__(
        self,
        installed: bool,
        state: Callable[[str], str],
        launchers: Callable[[str], str] = lambda _: "",
        root: str = "",
        interval: float | None = None,
    ) -> None:
        self.installed = installed
        self.state = state
        self.launchers = launchers
        self.root = root
        self.interval = interval


def this_node(machine: Machine, site: Site) -> Node:
    """The node of the site that this machine is, by its name, else by its service address."""
    name = machine.host_name.partition(".")[0].lower()
    interfaces = interfaces_of(machine)
    for node in site.nodes:
        if node.name.partition(".")[0].lower() == name:
            return node
    for node in site.nodes:
        if interfaces.holding(node.service):
            return node
    names = " or ".join(f"{node.name} ({node.service})" for node in site.nodes)
    raise ConfigurationError(
        f"this server calls itself {machine.host_name} and has no address of the site's nodes: "
        f"it is not {names}; correct `nodes` in site.toml, or its name (hostnamectl set-hostname)"
    )


def examine(
    machine: Machine,
    paths: Paths,
    site: Site,
    ask: Callable[[LogicalHost, str], Asked],
    cluster: Cluster,
    salt: str,
) -> Answers:
    """All answers of this node. `ask` has the plugin of a logical host's resource asked.

    `salt`: of the digests; the peer's own, where they are to be compared with its answers.
    """
    node = this_node(machine, site)
    interfaces = interfaces_of(machine)
    # Whoever has to answer has the time that the other checks take.
    asked_servers = AskedServers(machine)
    lan_owners = asked_owners(interfaces, site)
    disks = disks_of(machine, site)
    clock = clock_of(machine)
    zone = zone_of(machine)
    filters = filters_of(machine.run, machine.read)
    answering = addresses_that_answer(machine, interfaces, site)
    asked = {name: ask(host, name) for host in site.logical_hosts for name in host.resources}
    plugins = [_judged(paths, site, name, told) for name, told in asked.items()]
    rules = {name: told.rule for name, told in asked.items() if told.rule}
    declared = {name: told.declared for name, told in asked.items() if told.declared}
    heard = lan_owners.answers()
    owners = owners_of_virtual(machine, site, answering, heard)
    units = Units(machine)
    users = {each.user for each in declared.values() if each.user not in ("", "root")}
    findings = [
        *check_topology(site),
        *(finding for found in plugins for finding in found),
        *check_host_names(site, rules),
        *check_agreement(machine, site, declared),
        *check_names(machine, site, node),
        *check_resolver(machine, asked_servers),
        *check_packages(machine, site),
        *check_selinux(machine),
        check_apparmor(machine),
        *check_kernel(machine),
        *check_namespaces(machine),
        *check_limits(machine, units, site, users, installed=cluster.installed),
        *check_logins(machine, users),
        *check_disks(machine, site, disks),
        *check_places(machine, site, disks),
        *check_boot(machine, site, disks),
        *check_time_source(clock),
        *check_zone(zone),
        *check_interfaces(interfaces, node),
        *check_own_addresses(interfaces, node, heard, lan_owners.problem),
        *check_reach(machine, interfaces, site, node),
        *check_bonding(machine, interfaces, node),
        *check_firewall(filters, interfaces, site, node),
        *check_virtual_addresses(site, node, answering, owners, heard),
        *check_networks_of_virtual(interfaces, site, node),
        *check_directories(paths, cluster.root),
        check_monitoring(site, cluster.interval),
        *check_autostart(machine, units, interfaces, site, node, installed=cluster.installed),
    ]
    done = _actions_done(paths)
    return Answers(
        format=FORMAT,
        salt=salt,
        node=node.name,
        taken_at=machine.clock(),
        site=digests(read_toml(paths.site_file, paths.prefix), salt),
        node_file=_node_file(paths, salt),
        versions=_versions(),
        addresses=interfaces.addresses(),
        virtual=answering,
        disks={
            name: DiskAnswer(disk.device, disk.size, disk.identity) for name, disk in disks.items()
        },
        mounted=_mounted(machine, site),
        time_source=clock.source,
        offset=clock.offset,
        manager_installed=cluster.installed,
        resources={
            name: _resource(paths, host, name, told, cluster, done, salt)
            for host in site.logical_hosts
            for name, told in asked.items()
            if name in host.resources
        },
        findings=[Found.of(finding) for finding in _in_order(findings)],
        around=Around(
            zone=zone,
            lans=lans_of(interfaces, node),
            hardware=[each.hardware for each in interfaces.found if each.hardware],
            owners=owners,
            libraries=libraries_of(),
            check_interval=cluster.interval,
            at_boot=manager_at_boot(units, site) if cluster.installed else "",
        ),
    )


def _node_file(paths: Paths, salt: str) -> dict[str, str]:
    exists = os.path.exists(paths.node_file)
    return digests(read_toml(paths.node_file, paths.prefix), salt) if exists else {}


def _judged(paths: Paths, site: Site, name: str, asked: Asked) -> Iterator[Finding]:
    """What is to be said of a resource: its support class, its file, its plugin's findings."""
    if asked.support:
        support = check_support(site, name, asked.title, asked.support, asked.topologies)
        yield support
        if support.level is Level.FAIL:
            return
    where = paths.resource_file(name)
    if asked.error:
        yield RESOURCE.fail(
            asked.error,
            say("correct it, then: ark validate", "修正して ark validate を実行してください"),
        )
    elif not os.path.exists(where):
        yield RESOURCE.not_applicable(say(f"{where} is not written yet", f"{where} は未作成です"))
    else:
        yield RESOURCE.ok(say(f"{where} is valid", f"{where} は有効です"))
    yield from asked.findings


def _in_order(findings: Sequence[Finding]) -> list[Finding]:
    """By number as the guide has them; each once, for two plugins may tell the same."""
    once = {(each.number, each.check, each.level, each.seen): each for each in findings}
    return sorted(once.values(), key=lambda each: (each.number[:1] == "", each.number))


def _versions() -> dict[str, str]:
    ours = {source.distribution: source.version for source in installed()}
    python = ".".join(platform.python_version_tuple()[:2])
    return {"arkcore": arkcore.__version__, **ours, "Python": python}


def _mounted(machine: Machine, site: Site) -> list[str]:
    table = f"{machine.root}/proc/self/mountinfo"
    points = [host.mount_point for host in site.logical_hosts if host.mount_point]
    return [point for point in points if is_mounted(point, table)]


def _resource(
    paths: Paths,
    host: LogicalHost,
    name: str,
    asked: Asked,
    cluster: Cluster,
    done: dict[tuple[str, Action], _Done],
    salt: str,
) -> ResourceAnswer:
    keys: dict[str, str] = {}
    written = os.path.exists(paths.resource_file(name))
    if written:
        try:
            keys = digests(read_toml(paths.resource_file(name), paths.prefix), salt)
        except ConfigurationError:
            pass  # its own finding tells
    state = cluster.state(name)
    restored = done.get((name, Action.RESTORE), _NEVER)
    return ResourceAnswer(
        plugin=host.resources[name],
        title=asked.title or host.resources[name],
        logical_host=host.name,
        written=written,
        keys=keys,
        error=asked.error,
        state=state,
        restored=restored.last,
        recovered=done.get((name, Action.RECOVER), _NEVER).last,
        first_restored=restored.first,
        launchers=cluster.launchers(name) if state else "",
    )


@dataclass(frozen=True)
class _Done:
    """When the RAS log first and last tells of an action, in seconds since the epoch."""

    first: float = 0.0
    last: float = 0.0


_NEVER = _Done()


def _actions_done(paths: Paths) -> dict[tuple[str, Action], _Done]:
    """The actions of each resource that did their work, by the RAS log and its rotated parts."""
    found: dict[tuple[str, Action], _Done] = {}
    for run in Reader([Source(paths.ras_log)], keeps=False).runs():
        # Without a remark: nothing was skipped, and there was something to do.
        if isinstance(run, ScriptTaken) and run.well and run.action in _DONE and not run.reason:
            key = run.resource, run.action
            found[key] = _Done(found[key].first if key in found else run.ends, run.ends)
    return found


_DONE = (Action.RESTORE, Action.RECOVER)
