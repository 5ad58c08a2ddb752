"""What has to begin at boot does: the cluster software, the time service, multipath, the LANs."""

from __future__ import annotations

import re

from arkcore.base.language import say
from arkcore.survey.check import Check
from arkcore.survey.limits import PACEMAKER_SERVICE, SERVICES
from arkcore.survey.network import lan_named
from arkcore.survey.units import ENABLED, MASKED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from arkcore.base.finding import Finding
    from arkcore.survey.answers import Answers
    from arkcore.survey.machine import Machine
    from arkcore.survey.network import Interfaces
    from arkcore.survey.site import Node, Site
    from arkcore.survey.units import Units

AUTOSTART = Check("autostart", "what begins at boot", "OS 起動時の自動起動")
_TIME = (
    "chronyd.service",
    "chrony.service",
    "ntpd.service",
    "ntp.service",
    "ntpsec.service",
    "systemd-timesyncd.service",
)
_MULTIPATH = "multipathd.service"
_SBD = "sbd.service"
_IFCFG = "/etc/sysconfig/network-scripts"
_KEYFILES = "/etc/NetworkManager/system-connections"


def manager_at_boot(units: Units, site: Site) -> str:
    """Whether the cluster software begins at boot, as `Units.state` says."""
    return units.state(SERVICES.get(site.manager, PACEMAKER_SERVICE))


def check_autostart(
    machine: Machine,
    units: Units,
    interfaces: Interfaces,
    site: Site,
    node: Node,
    *,
    installed: bool,
) -> Iterator[Finding]:
    """`installed`: whether the cluster software is."""
    found = [
        *(_manager(units, site) if installed else ()),
        *_fencing(machine, units, site),
        *_time(units),
        *_multipath(units, site),
        *_lans(machine, interfaces, node),
    ]
    yield from found
    if not found:
        told = "" if installed else say(
            "; the cluster software is not installed yet",
            "。クラスターソフトウェアは未インストールです",
        )  # fmt: skip
        yield AUTOSTART.ok(
            say(f"all that has to{told}", f"必要なものはすべて起動時に始まります{told}")
        )


def _manager(units: Units, site: Site) -> Iterator[Finding]:
    service = SERVICES.get(site.manager, PACEMAKER_SERVICE)
    state = units.state(service)
    if state == MASKED:
        yield AUTOSTART.fail(
            say(f"{service} is masked: nobody can start the cluster software",
                f"{service} がマスクされており、クラスターソフトウェアを起動できません"),
            f"systemctl unmask {service}; systemctl enable {service}",
        )  # fmt: skip
    elif not state:
        yield AUTOSTART.cannot_tell(
            say(f"the cluster software is installed, and there is no {service}: whether it begins "
                f"at boot",
                f"クラスターソフトウェアはインストール済みですが、{service} がありません。起動時に"
                f"始まるかどうか"),
            say("look how your release begins at boot, and boot the standby once to try",
                "お使いのリリースの起動方法を確認し、待機系を一度再起動して試してください"),
        )  # fmt: skip
    elif state != ENABLED:
        yield AUTOSTART.warn(
            say(f"{service} does not begin at boot: after a reboot or a power cut this server is "
                f"no standby until somebody starts it",
                f"{service} は起動時に始まりません。再起動や停電の後、手動で起動するまで"
                f"待機系として動作しません"),
            say(f"systemctl enable {service}; where your operation wants a start by hand, the same "
                f"on both servers",
                f"systemctl enable {service} を実行してください。手動で起動する運用であれば、"
                f"両サーバーを同じ設定にしてください"),
        )  # fmt: skip


def _fencing(machine: Machine, units: Units, site: Site) -> Iterator[Finding]:
    if site.manager in SERVICES or units.state(_SBD) == ENABLED:
        return
    given = machine.read("/etc/sysconfig/sbd") or machine.read("/etc/default/sbd") or ""
    if re.search(r"^\s*SBD_DEVICE\s*=\s*[\"']?/", given, re.MULTILINE):
        yield AUTOSTART.fail(
            say("SBD_DEVICE is set and sbd.service does not begin: this server cannot be fenced",
                "SBD_DEVICE が設定されていますが sbd.service は始まりません。このサーバーを"
                "フェンシングできません"),
            f"systemctl enable {_SBD}",
        )  # fmt: skip


def _time(units: Units) -> Iterator[Finding]:
    states = {unit: state for unit in _TIME if (state := units.state(unit))}
    if states and ENABLED not in states.values():
        told = ", ".join(states)
        yield AUTOSTART.warn(
            say(f"no time service begins at boot: {told}",
                f"時刻同期サービスが起動時に始まりません: {told}"),
            say(f"systemctl enable {next(iter(states))}: else the clocks part after the next boot",
                f"systemctl enable {next(iter(states))} を実行してください。次回起動後に時刻が"
                f"ずれていきます"),
        )  # fmt: skip


def _multipath(units: Units, site: Site) -> Iterator[Finding]:
    if not any(host.multipath for host in site.logical_hosts):
        return
    state = units.state(_MULTIPATH)
    if state and state != ENABLED:
        yield AUTOSTART.fail(
            say(f"{_MULTIPATH} does not begin at boot, and the disk is reached over more than one "
                f"path",
                f"ディスクへのパスが複数ありますが、{_MULTIPATH} が自動起動しません"),
            f"systemctl enable {_MULTIPATH}",
        )  # fmt: skip


def _lans(machine: Machine, interfaces: Interfaces, node: Node) -> Iterator[Finding]:
    """The interface of each LAN comes up at boot, as far as a file of its own says otherwise."""
    for word, address in node.lans():
        interface = interfaces.holding(address)
        path = _kept_down(machine, interface.name) if interface is not None else ""
        if interface is not None and path:
            lan = lan_named(word)
            yield AUTOSTART.fail(
                say(f"{lan}: {interface.name} does not come up at boot: {path}",
                    f"{lan}: {interface.name} が起動時に有効になりません: {path}"),
                say(f"set it to come up: nmcli connection modify {interface.name} "
                    f"connection.autoconnect yes (ONBOOT=yes in an ifcfg file)",
                    f"起動時に有効にしてください: nmcli connection modify {interface.name} "
                    f"connection.autoconnect yes (ifcfg ファイルでは ONBOOT=yes)"),
            )  # fmt: skip


def _kept_down(machine: Machine, interface: str) -> str:
    """The file that keeps an interface down at boot; "" where there is none."""
    path = f"{_IFCFG}/ifcfg-{interface}"
    if re.search(r"^\s*ONBOOT\s*=\s*[\"']?no\b", machine.read(path) or "", re.M | re.I):
        return path
    named = re.compile(rf"^\s*interface-name\s*=\s*{re.escape(interface)}\s*$", re.MULTILINE)
    down = re.compile(r"^\s*autoconnect\s*=\s*(false|no|0)\s*$", re.MULTILINE)
    texts = {name: machine.read(f"{_KEYFILES}/{name}") or "" for name in machine.listed(_KEYFILES)}
    own = {name: text for name, text in texts.items() if named.search(text)}
    # One of several that brings it up is enough.
    if own and all(down.search(text) for text in own.values()):
        return f"{_KEYFILES}/{next(iter(own))}"
    return ""


def check_same_autostart(here: Answers, there: Answers) -> Iterator[Finding]:
    mine, theirs = here.around.at_boot, there.around.at_boot
    if mine and theirs and mine != theirs:
        yield AUTOSTART.warn(
            say(f"the cluster software at boot: {here.node} {mine}, {there.node} {theirs}",
                f"クラスターソフトウェアの自動起動: {here.node} {mine}、{there.node} {theirs}"),
            say("set the same on both servers: else what a reboot leads to depends on which one "
                "it is",
                "両サーバーを同じ設定にしてください。再起動後の動作がサーバーによって変わります"),
        )  # fmt: skip
