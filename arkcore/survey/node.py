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
from arkcore.survey.address import addresses_that_answer, check_virtual_addresses
from arkcore.survey.answers import FORMAT, Answers, DiskAnswer, Found, ResourceAnswer, digests
from arkcore.survey.arrangement import check_support, check_topology
from arkcore.survey.bonding import check_bonding
from arkcore.survey.check import Check
from arkcore.survey.disk import check_disks, disks_of
from arkcore.survey.kernel import check_kernel
from arkcore.survey.names import check_names
from arkcore.survey.network import check_interfaces, check_reach, interfaces_of
from arkcore.survey.system import check_packages, check_selinux
from arkcore.survey.time_source import check_time_source, clock_of

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
    """What a resource's plugin told. `error`: why it could not be asked, or its file not used."""

    title: str = ""
    support: str = ""
    topologies: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    error: str = ""


class Cluster:
    """What the cluster software tells: whether it is installed, and a resource's state ("").

    `launchers`: why a program that it calls for a resource does not start, "" where all do.
    """

    def __init__(
        self,
        installed: bool,
        state: Callable[[str], str],
        launchers: Callable[[str], str] = lambda _: "",
    ) -> None:
        self.installed = installed
        self.state = state
        self.launchers = launchers


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
    disks = disks_of(machine, site)
    clock = clock_of(machine)
    answering = addresses_that_answer(machine, interfaces, site)
    asked = {name: ask(host, name) for host in site.logical_hosts for name in host.resources}
    plugins = [_judged(paths, site, name, told) for name, told in asked.items()]
    findings = [
        *check_topology(site),
        *(finding for found in plugins for finding in found),
        *check_names(machine, site, node),
        *check_packages(machine, site),
        *check_selinux(machine),
        *check_kernel(machine),
        *check_disks(machine, site, disks),
        *check_time_source(clock),
        *check_interfaces(interfaces, node),
        *check_reach(machine, interfaces, site, node),
        *check_bonding(machine, interfaces, node),
        *check_virtual_addresses(site, answering),
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
