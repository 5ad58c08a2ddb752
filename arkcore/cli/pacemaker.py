"""`ark pacemaker`: what a cluster under Pacemaker is to be given."""

from __future__ import annotations

import os
import re
import shlex
from enum import Enum
from typing import Any

import click
from click.exceptions import Exit

from arkcore.base.errors import ArkError, ConfigurationError, MachineError
from arkcore.base.paths import Paths
from arkcore.cli import command
from arkcore.cli.cluster_example import (
    Group,
    crm_text,
    identifier,
    not_for_crm,
    of_plugin,
    pcs_text,
    repeated_id,
    same_address,
    same_device,
    same_directory,
    same_node,
    shared_disk,
    virtual_ip,
)
from arkcore.cli.console import complain, console, paths_here, write_file
from arkcore.cli.language import say
from arkcore.cli.launchers import is_ours, write_launchers
from arkcore.cli.output import put
from arkcore.managers.base import check_name
from arkcore.managers.pacemaker import LAUNCH, agent
from arkcore.plugin.application import declared_options, make_options
from arkcore.plugin.discovery import find, installed
from arkcore.plugin.hookspecs import ObserverSpecs
from arkcore.resources.declaration import declaration_of
from arkcore.resources.neighbours import Neighbour, refuse_rivals
from arkcore.resources.timers import Timers
from arkcore.worker.aside import answer_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeVar

    from arkcore.plugin.application import Application

    Function = TypeVar("Function", bound=Callable[..., None])

app = command.Group("pacemaker", help="What a cluster under Pacemaker is to be given.")

#: Where Pacemaker looks for the agents of the provider `ark`: `ocf:ark:<plugin>`.
_PLACE = "/usr/lib/ocf/resource.d/ark"

_root_option = click.option(
    "--root",
    default="/",
    metavar="DIR",
    help="Write beneath this directory, for a package. / by default.",
)


@app.command("install")
@click.argument(
    "plugins", nargs=-1, metavar="[PLUGIN]...", help="Their agents; all that are installed."
)
@_root_option
@click.option(
    "--prefix",
    metavar="PREFIX",
    help="Baked in: comes before every path of ours. ARK_PREFIX by default.",
)
def install(plugins: tuple[str, ...], root: str, prefix: str | None) -> None:
    """Install the resource agents ocf:ark:PLUGIN, on every node.

    An agent never changes, finds this very installation, and takes nothing
    from the environment but its parameters. Installed again, only what
    differs is written; what is not ours is never written over.

    Exit code: 1 where an agent could not be installed.

    Examples:
      ark pacemaker install
      ark pacemaker install jp1-base jp1-ajs3-manager
      ark pacemaker install --root /root/package
    """
    paths = paths_here() if prefix is None else Paths(prefix)
    directory = _place(root)
    names, broken = _usable(plugins)
    texts = {f"{directory}/{name}": agent(name, paths.prefix) for name in names}
    write_launchers(directory, texts, LAUNCH, paths)
    out = console()
    for name, path in zip(names, texts, strict=True):
        out.print(f"ocf:ark:{name:<18} {path}", soft_wrap=True)
    if paths.prefix:
        prefixed = f"ARK_PREFIX={paths.prefix}"
        out.print(say(f"Baked in: {prefixed}", f"埋め込み済み: {prefixed}"), soft_wrap=True)
    for told in broken:
        complain(told)
    if broken or not names:
        raise Exit(1)


@app.command("uninstall")
@_root_option
def uninstall(root: str) -> None:
    """Remove every agent of ours; what is not ours stays.

    The cluster must not use them any more: it could not stop what it runs.

    Examples:
      ark pacemaker uninstall
    """
    directory = _place(root)
    out = console()
    try:
        for name in sorted(os.listdir(directory)):
            path = f"{directory}/{name}"
            if is_ours(path, LAUNCH):
                os.unlink(path)
                out.print(say(f"removed {path}", f"削除: {path}"), soft_wrap=True)
        if not os.listdir(directory):
            os.rmdir(directory)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise MachineError(f"{error.filename or directory}: {error.strerror}") from error


def _place(root: str) -> str:
    """Where the agents are beneath `root`. `BadParameter` where that is empty: a variable unset."""
    if not root:
        raise click.BadParameter("is empty; allowed is a directory", param_hint="--root")
    return f"{os.path.abspath(root).rstrip('/')}{_PLACE}"


@app.command("meta-data")
@click.argument("plugin", metavar="PLUGIN", help="The plugin.")
def meta_data(plugin: str) -> None:
    """Print what the agent ocf:ark:PLUGIN says of itself, as XML.

    Its parameters with their defaults, and its actions with the timeouts that
    follow from the timers.

    Examples:
      ark pacemaker meta-data jp1-base
    """
    write_file("-", _metadata(plugin).encode(), 0o644)  # UTF-8, whatever the locale


#: The plugins of a JP1 server.
_BASE, _AJS3 = "jp1-base", "jp1-ajs3-manager"


class Tool(Enum):
    """What the configuration is written for."""

    CRM = "crm"
    PCS = "pcs"


def _several(name: str, what: str, default: str) -> Callable[[Function], Function]:
    told = f"{default} by default; twice with --mutual."
    return click.option(name, multiple=True, metavar=what.upper(), help=told)


@app.command("example")
@click.argument(
    "plugin",
    required=False,
    metavar="[PLUGIN]",
    help="One resource of it; by default, a JP1 server.",
)
@click.option(
    "--tool",
    type=command.OneOf(Tool),
    default=Tool.CRM.value,
    help="For crm, or as commands of pcs.",
)
@click.option(
    "--mutual", is_flag=True, help="Mutual standby: a second JP1 server, at home on node 2."
)
@_several("--logical-host", "name", "LHOST1")
@_several("--ip", "address", "192.0.2.11")
@_several("--device", "device", "/dev/jp1/lhost1")
@_several("--mount-point", "dir", "/shared/lhost1")
@click.option(
    "--node", multiple=True, metavar="NODE", help="node1 and node2 by default; given twice."
)
def example(
    plugin: str | None,
    tool: Tool,
    mutual: bool,
    logical_host: tuple[str, ...],
    ip: tuple[str, ...],
    device: tuple[str, ...],
    mount_point: tuple[str, ...],
    node: tuple[str, ...],
) -> None:
    """Print a cluster's configuration, for crm or pcs.

    A JP1 server: virtual IP address, shared disk, JP1/Base and JP1/AJS3 -
    Manager in one group, started in this order and stopped in reverse. The
    timeouts of the operations are those that the timers need. Nothing is
    changed: read it, adapt it, then give it to the cluster.

    Examples:
      ark pacemaker example
      ark pacemaker example --mutual --tool pcs
      ark pacemaker example command
    """
    if plugin is not None:
        server = {"--mutual": mutual, "--ip": ip, "--device": device, "--mount-point": mount_point}
        for option, value in server.items():
            if value:
                raise click.BadParameter("goes with a JP1 server only", param_hint=option)
    of_groups = 2 if mutual else 1
    hosts = _values("--logical-host", logical_host, ["LHOST1", "LHOST2"], of_groups, str)
    nodes = _values("--node", node, ["node1", "node2"], of_groups, same_node, most=2)
    if plugin is not None:
        groups = [_one_resource(plugin, hosts[0], nodes[0])]
    else:
        ips = _values("--ip", ip, ["192.0.2.11", "192.0.2.12"], of_groups, same_address)
        devices = _values(
            "--device", device, ["/dev/jp1/lhost1", "/dev/jp1/lhost2"], of_groups, same_device
        )
        mounts = _values(
            "--mount-point",
            mount_point,
            ["/shared/lhost1", "/shared/lhost2"],
            of_groups,
            same_directory,
        )
        base, ajs3 = (_declared(name, hosts[:of_groups]) for name in (_BASE, _AJS3))
        servers = zip(hosts, ips, devices, mounts, nodes, strict=True)
        groups = [_jp1_server(*each, base, ajs3) for each in list(servers)[:of_groups]]
    _refuse_what_cannot_be_loaded(groups, tool)
    text = crm_text(groups) if tool is Tool.CRM else pcs_text(groups)
    put("\n".join(f"# {line}" for line in _remarks(tool)))
    put(text)


def _values(
    option: str,
    given: Sequence[str],
    defaults: list[str],
    of_groups: int,
    same: Callable[[str], str],
    most: int = 0,
) -> list[str]:
    """Two values: what is given, then the defaults. `BadParameter` where it cannot be so.

    `same`: what a value has in common with another way to write it; `ValueError` for a wrong one.
    """
    if len(given) > (most or of_groups):
        often = "given twice with --mutual, else once" if not most else "given twice"
        raise click.BadParameter(f"{len(given)} are too many; it is {often}", param_hint=option)
    if not all(given):
        raise click.BadParameter("is empty", param_hint=option)
    filled = [*given, *defaults[len(given) :]]
    alike = [_checked(option, value, same) for value in filled]
    if of_groups > 1 and alike[0] == alike[1]:
        raise click.BadParameter(f"{filled[0]!r} twice: the two servers differ", param_hint=option)
    return filled


def _checked(option: str, value: str, same: Callable[[str], str]) -> str:
    try:
        return same(value)
    except ValueError as error:
        raise click.BadParameter(f"{value!r}: {error}", param_hint=option) from error


def _refuse_what_cannot_be_loaded(groups: list[Group], tool: Tool) -> None:
    """`BadParameter` for what is right in itself, but not in one configuration or not for crm."""
    repeated = repeated_id(groups)
    if repeated:
        raise click.BadParameter(
            f"the id {repeated!r} would be there twice; choose another name",
            param_hint="--logical-host",
        )
    odd = not_for_crm(groups) if tool is Tool.CRM else ""
    if odd:
        raise click.BadParameter(
            f"{odd!r}: crm can be given ASCII only, and no backslash", param_hint="--tool"
        )


def _remarks(tool: Tool) -> list[str]:
    load = {Tool.CRM: "crm configure load update FILE", Tool.PCS: "sh FILE"}[tool]
    return [
        say(f"Adapt it, then: {load}", f"内容を調整してから実行: {load}"),
        say(
            "The cluster needs fencing (stonith-enabled=true and a stonith resource for each",
            "クラスターにはフェンシングが必要です（stonith-enabled=true と、各ノードの stonith",
        ),
        say(
            "node): without it a node that is cut off may run the same logical host a second time.",
            "リソース）。なければ、孤立したノードで同じ論理ホストが二重に稼働するおそれがあります。",
        ),
    ]


def _jp1_server(
    host: str,
    ip: str,
    device: str,
    mount_point: str,
    node: str,
    base: _Declared,
    ajs3: _Declared,
) -> Group:
    id = identifier(host)
    # A list of mount points, whose words are quoted as for a shell.
    ours = {"logical_host": host, "mount_points": shlex.quote(mount_point)}
    return Group(
        id,
        (
            virtual_ip(f"{id}_ip", ip),
            shared_disk(f"{id}_disk", device, mount_point, "xfs"),
            of_plugin(f"{id}_base", _BASE, ours, base.timers),
            of_plugin(f"{id}_ajs3", _AJS3, ours, ajs3.timers),
        ),
        node,
    )


def _one_resource(plugin: str, host: str, node: str) -> Group:
    declared = _declared(plugin, [host])
    parameters = {"logical_host": host, **dict.fromkeys(declared.needed, "CHANGE ME")}
    parameters.update(declared.beside)
    id = identifier(plugin)
    return Group(f"{id}_group", (of_plugin(id, plugin, parameters, declared.timers),), node)


class _Declared:
    """What a configuration has to know of a plugin: its timers, and what must be given.

    `beside`: values shown beside those, which suit most.
    """

    def __init__(
        self, timers: dict[str, float | None], needed: list[str], beside: dict[str, str]
    ) -> None:
        self.timers = Timers(timers)
        self.needed = needed
        self.beside = beside


def _declared(plugin: str, hosts: Sequence[str]) -> _Declared:
    """`BadParameter` where the plugin does not allow one of the logical hosts `hosts`."""

    def ask() -> list[Any]:
        _, application, hints = declaration_of(plugin)
        needed = _needed(application.options, hints)
        refusal = _refusal(plugin, application, hosts)
        beside = dict([_CODES]) if "status" in needed and _CODES[0] in hints else {}
        return [Timers(application.timers).as_mapping(), needed, beside, refusal]

    timers, needed, beside, refusal = answer_of(ask)
    if refusal:
        raise click.BadParameter(refusal, param_hint="--logical-host")
    return _Declared(timers, needed, beside)


def _refusal(plugin: str, application: Application, hosts: Sequence[str]) -> str:
    """What the plugin's agent would say against one of `hosts`, or against it beside another."""
    from arkcore.resources.validation import check_logical_host

    others: list[Neighbour] = []
    try:
        for host in hosts:
            check_logical_host(host, application, plugin)
            refuse_rivals(plugin, host, application, others, plugin)
            others.append(Neighbour(identifier(host), plugin, host))
    except ArkError as error:
        return str(error)
    return ""


#: The option for what a status command's return codes mean, and a value. Most commands return 1
#: where they could not ask, systemctl for one: it must not pass for STOPPED.
_CODES = ("status_codes", "0=RUNNING 3=STOPPED other=UNKNOWN")

#: What stands in for a value that a person is going to give, by its type: most are paths.
_STAND_INS: dict[Any, Any] = {str: "/CHANGE_ME", list[str]: ["/CHANGE_ME"]}


def _needed(model: type, hints: dict[str, Any]) -> list[str]:
    """The options that must be given: the required ones, then what the plugin's check misses.

    Only that check knows, for instance, that one of several ways has to be chosen; its error names
    the option.
    """
    options = declared_options(model)
    needed = [name for name, option in options.items() if option.required]
    while True:
        values = {name: _STAND_INS[hints[name]] for name in needed if hints[name] in _STAND_INS}
        try:
            check = getattr(make_options(model, values), "check", lambda: None)
            check()
        except Exception as error:
            named = re.match(r"options\.(\w+)", str(error))
            if named is None or named[1] in needed or named[1] not in options:
                return needed
            needed.append(named[1])
        else:
            return needed


def _metadata(plugin: str) -> str:
    from arkcore.managers.ocf_metadata import metadata

    text: str = answer_of(lambda: metadata(plugin))
    return text


def _only_observes(plugin: str) -> bool:
    """Whether a plugin has no application of its own: it listens to the others' actions."""

    def ask() -> bool:
        made = find(plugin).load()
        hooks = {hook for hook in vars(ObserverSpecs) if hook.startswith("ark_")}
        return not hasattr(made, "ark_application") and any(hasattr(made, hook) for hook in hooks)

    try:
        return bool(answer_of(ask))
    except ArkError:
        return False  # broken: that is told


def _usable(asked: Sequence[str]) -> tuple[list[str], list[str]]:
    """The plugins that can be agents, and what is wrong with each that cannot."""
    known = sorted({source.name for source in installed()})
    for name in asked:
        if name not in known:
            names = ", ".join(known) or say("none", "なし")
            raise ConfigurationError(f"unknown plugin {name!r}; installed: {names}")
    usable: list[str] = []
    broken: list[str] = []
    for name in list(dict.fromkeys(asked)) or [name for name in known if not _only_observes(name)]:
        try:
            check_name("plugin", name)
            _metadata(name)
            usable.append(name)
        except ArkError as error:
            broken.append(str(error))
    return usable, broken
