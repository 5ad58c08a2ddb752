"""The site file, /etc/ark/site.toml: reads and validates it, one line an error."""

from __future__ import annotations

import ipaddress
import re

from arkcore.base.errors import ConfigurationError
from arkcore.base.toml_file import (
    choice,
    read_toml,
    refuse_unknown,
    table,
    text,
    texts,
    whole_number,
)
from arkcore.resources.names import check_resource_name
from arkcore.survey.site import (
    BY_HAND,
    DISASTER_RECOVERY,
    LIFEKEEPER,
    LIMITS,
    MANAGERS,
    MUTUAL_STANDBY,
    NAS,
    SHARED,
    STANDBY,
    STORAGE,
    TOPOLOGIES,
    LogicalHost,
    Node,
    Site,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from arkcore.base.paths import Paths

SITE_KEYS = ("topology", "manager", "packages", "confirmed", "limits", "nodes", "logical_hosts")
NODE_KEYS = ("name", "service", "heartbeat", "bonds")
HOST_KEYS = (
    "name",
    "address",
    "active",
    "mount_point",
    "device",
    "storage",
    "multipath",
    "routed",
    "resources",
)
#: The highest limit that can be demanded.
_MOST = 1_000_000_000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")

EXAMPLE = """\
# /etc/ark/site.toml
# The same file on both nodes. Addresses and names: as they must stand in /etc/hosts.
topology = "standby"            # or "mutual-standby"
manager = "lifekeeper"          # or "pacemaker"
packages = ["patch", "psmisc"]  # what the cluster software's manual demands of the OS

[[nodes]]                       # the active server first
name = "rh5lka"                 # as `uname -n` says
service = "192.0.2.1"           # its address on the service LAN
heartbeat = ["198.51.100.1"]    # its address on each heartbeat LAN

[[nodes]]
name = "rh5lkb"
service = "192.0.2.2"
heartbeat = ["198.51.100.2"]

[[logical_hosts]]
name = "LVMRH5LKB"
address = "192.0.2.10"          # the virtual IP
active = "rh5lka"               # where it normally runs
mount_point = "/shared/jp1"
device = "/dev/mapper/jp1"
storage = "shared"              # or "replicated" (DataKeeper)
multipath = true                # the disk is reached over more than one path
routed = false                  # or true: a route of the cloud leads to the virtual IP

[logical_hosts.resources]       # the plugin of each, in the order of their start
lkjp1_base = "jp1-base"
lkjp1_ajs3 = "jp1-ajs3-manager"
"""
#: The same for a Japanese reader.
EXAMPLE_JA = """\
# /etc/ark/site.toml
# 両ノードに同じファイルを置く。アドレスと名前は /etc/hosts に登録するとおりに書く。
topology = "standby"            # または "mutual-standby" (相互スタンバイ)
manager = "lifekeeper"          # または "pacemaker"
packages = ["patch", "psmisc"]  # クラスターソフトウェアのマニュアルが求める OS パッケージ

[[nodes]]                       # 稼働系が先
name = "rh5lka"                 # `uname -n` の値
service = "192.0.2.1"           # サービス LAN のアドレス
heartbeat = ["198.51.100.1"]    # 各ハートビート LAN のアドレス

[[nodes]]
name = "rh5lkb"
service = "192.0.2.2"
heartbeat = ["198.51.100.2"]

[[logical_hosts]]
name = "LVMRH5LKB"
address = "192.0.2.10"          # 仮想 IP アドレス
active = "rh5lka"               # 通常稼働するノード
mount_point = "/shared/jp1"
device = "/dev/mapper/jp1"
storage = "shared"              # または "replicated" (DataKeeper)
multipath = true                # ディスクへのパスが複数ある
routed = false                  # または true (クラウドのルートで仮想 IP に到達する)

[logical_hosts.resources]       # 各リソースのプラグイン。開始の順
lkjp1_base = "jp1-base"
lkjp1_ajs3 = "jp1-ajs3-manager"
"""


def read_site(paths: Paths) -> Site:
    """The site as its file describes it. `ConfigurationError` tells what is wrong, in one line."""
    where = paths.site_file
    missing = (
        "there is no site file yet; print one with `ark preflight --example`, "
        "put in your names and addresses, and save it there"
    )
    values = read_toml(where, paths.prefix, missing)
    refuse_unknown(values, SITE_KEYS, where, "")
    topology = _chosen(values, "topology", TOPOLOGIES, STANDBY, where)
    manager = _chosen(values, "manager", MANAGERS, LIFEKEEPER, where)
    confirmed = texts(values, "confirmed", where)
    for number in confirmed:
        if number not in BY_HAND:
            allowed = ", ".join(map(repr, BY_HAND))
            raise ConfigurationError(
                f"{where}: confirmed = {number!r}: allowed is what only a person can tell: "
                f"{allowed}"
            )
    nodes = _nodes(values, where)
    hosts = _logical_hosts(values, where, nodes)
    packages, limits = texts(values, "packages", where), _limits(values, where)
    site = Site(topology, manager, nodes, hosts, packages, confirmed, limits)
    _check_whole(site, where)
    return site


def _nodes(values: Mapping[str, Any], where: str) -> tuple[Node, Node]:
    tables = _tables(values, "nodes", where)
    if len(tables) != 2:
        raise ConfigurationError(
            f"{where}: nodes: {len(tables)} given; allowed are two, the active and the standby"
        )
    first, second = (
        _node(each, f"{where}: nodes[{number}]") for number, each in enumerate(tables, start=1)
    )
    if len(first.heartbeat) != len(second.heartbeat):
        raise ConfigurationError(
            f"{where}: nodes[2]: heartbeat = {list(second.heartbeat)!r}: must have as many "
            f"addresses as that of {first.name}, one for each heartbeat LAN"
        )
    return first, second


def _node(values: Mapping[str, Any], where: str) -> Node:
    refuse_unknown(values, NODE_KEYS, where, "")
    heartbeat = texts(values, "heartbeat", where)
    if not heartbeat:
        raise ConfigurationError(
            f"{where}: heartbeat: missing; it must be given, as a list of addresses"
        )
    return Node(
        name=_name(values, where),
        service=_address(text(values, "service", where), "service", where),
        heartbeat=tuple(_address(each, "heartbeat", where) for each in heartbeat),
        bonds=texts(values, "bonds", where),
    )


def _logical_hosts(
    values: Mapping[str, Any], where: str, nodes: tuple[Node, Node]
) -> tuple[LogicalHost, ...]:
    tables = _tables(values, "logical_hosts", where)
    if not tables:
        raise ConfigurationError(f"{where}: logical_hosts: missing; at least one must be given")
    return tuple(
        _logical_host(each, f"{where}: logical_hosts[{number}]", nodes)
        for number, each in enumerate(tables, start=1)
    )


def _logical_host(values: Mapping[str, Any], where: str, nodes: tuple[Node, Node]) -> LogicalHost:
    refuse_unknown(values, HOST_KEYS, where, "")
    names = [node.name for node in nodes]
    host = LogicalHost(
        name=_name(values, where),
        address=_address(text(values, "address", where), "address", where),
        active=_chosen(values, "active", names, names[0], where),
        mount_point=_path(values, "mount_point", where),
        device=_device(values, where),
        storage=_chosen(values, "storage", STORAGE, SHARED, where),
        multipath=_switch(values, "multipath", where),
        routed=_switch(values, "routed", where),
        resources=_resources(values, where),
    )
    if host.mount_point and not host.device:
        raise ConfigurationError(f"{where}: device: missing; it must be given with mount_point")
    return host


def _limits(values: Mapping[str, Any], where: str) -> dict[str, int]:
    limits = table(values, "limits", where)
    refuse_unknown(limits, LIMITS, where, "limits.")
    for key in limits:
        whole_number(limits, key, 1, _MOST, where, "limits.")
    return limits


def _switch(values: Mapping[str, Any], key: str, where: str) -> bool:
    value = values.get(key, False)
    if not isinstance(value, bool):
        raise ConfigurationError(f"{where}: {key} = {value!r}: must be true or false")
    return value


def _resources(values: Mapping[str, Any], where: str) -> dict[str, str]:
    resources = table(values, "resources", where)
    if not resources:
        raise ConfigurationError(
            f"{where}: resources: missing; it must be given, as a table of the plugin of each "
            f'resource, for instance {{ lkjp1_base = "jp1-base" }}'
        )
    for name in resources:
        try:
            check_resource_name(name)
        except ConfigurationError as error:
            raise ConfigurationError(f"{where}: resources: {error}") from error
        text(resources, name, f"{where}: resources")
    return resources


def _check_whole(site: Site, where: str) -> None:
    """What must hold between the parts: one address, one name and one resource once."""
    _refuse_twice(
        [address for node in site.nodes for _, address in node.lans()]
        + [host.address for host in site.logical_hosts],
        "address",
        where,
    )
    names = [*(node.name for node in site.nodes), *(host.name for host in site.logical_hosts)]
    _refuse_twice([name.lower() for name in names], "name", where)
    _refuse_twice([name for host in site.logical_hosts for name in host.resources],
                  "resource", where)  # fmt: skip
    active = {host.active for host in site.logical_hosts}
    if site.topology == MUTUAL_STANDBY and len(active) < 2:
        raise ConfigurationError(
            f"{where}: topology = {MUTUAL_STANDBY!r}: each node must be `active` of a logical "
            f"host; all are active on {active.pop()}"
        )
    if site.topology in (STANDBY, DISASTER_RECOVERY) and len(active) > 1:
        raise ConfigurationError(
            f"{where}: topology = {site.topology!r}: the logical hosts are active on both nodes; "
            f"that is {MUTUAL_STANDBY!r}"
        )


def _refuse_twice(values: Iterable[str], what: str, where: str) -> None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise ConfigurationError(f"{where}: the {what} {value!r} is given twice")
        seen.add(value)


def _tables(values: Mapping[str, Any], key: str, where: str) -> list[Mapping[str, Any]]:
    value = values.get(key, [])
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise ConfigurationError(f"{where}: {key} = {value!r}: must be tables, [[{key}]]")
    return value


def _chosen(
    values: Mapping[str, Any], key: str, allowed: Iterable[str], default: str, where: str
) -> str:
    choice(values, key, tuple(allowed), where, "")
    return str(values.get(key, default))


def _name(values: Mapping[str, Any], where: str) -> str:
    name = text(values, "name", where)
    if not _NAME.fullmatch(name):
        raise ConfigurationError(
            f"{where}: name = {name!r}: allowed are letters, digits and . _ -, "
            f"beginning with a letter or digit"
        )
    return name


def _address(value: str, key: str, where: str) -> str:
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        raise ConfigurationError(
            f"{where}: {key} = {value!r}: must be an IP address, for instance 192.0.2.1"
        ) from None


def _device(values: Mapping[str, Any], where: str) -> str:
    share = values.get("device")
    if values.get("storage") == NAS and isinstance(share, str):
        return share  # of a file server: no path
    return _path(values, "device", where)


def _path(values: Mapping[str, Any], key: str, where: str) -> str:
    value = values.get(key, "")
    if not isinstance(value, str) or (value and not value.startswith("/")):
        raise ConfigurationError(f"{where}: {key} = {value!r}: must be an absolute path")
    return value
