"""What only the cluster software may begin is not begun by this server at its boot."""

from __future__ import annotations

import os
import re

from arkcore.base.language import say
from arkcore.survey.check import Check
from arkcore.survey.file_system import is_share
from arkcore.survey.mount_table import Entry, entries_of
from arkcore.survey.site import NAS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from arkcore.base.finding import Finding
    from arkcore.survey.disk import Disk
    from arkcore.survey.machine import Machine
    from arkcore.survey.site import LogicalHost, Site

BOOT = Check(
    "boot",
    "the boot leaves disk and virtual IP to the cluster software",
    "起動時にディスクと仮想 IP をクラスターソフトウェアに任せること",
)
_UNITS = ("/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system")
#: Where the network's configuration stands, by the kinds of Linux.
_NETWORK = (
    ("/etc/sysconfig/network-scripts", "ifcfg-"),
    ("/etc/sysconfig/network", "ifcfg-"),
    ("/etc/NetworkManager/system-connections", ""),
    ("/etc/systemd/network", ""),
    ("/etc/netplan", ""),
    ("/etc/network", "interfaces"),
    ("/etc/network/interfaces.d", ""),
)
#: Files of one directory that are looked into.
_MOST = 200


def check_boot(machine: Machine, site: Site, disks: dict[str, Disk]) -> Iterator[Finding]:
    wrong = False
    fstab = machine.read("/etc/fstab")
    entries = list(entries_of(fstab or ""))
    for host in site.logical_hosts:
        found = [*_disk(machine, host, entries, disks.get(host.name)), *_address(machine, host)]
        wrong = wrong or bool(found)
        yield from found
    if not wrong:
        yield BOOT.ok(
            say("nothing in /etc/fstab, systemd and the network's files",
                "/etc/fstab・systemd・ネットワークの設定ファイルにありません")
        )  # fmt: skip


def _disk(
    machine: Machine, host: LogicalHost, entries: list[Entry], disk: Disk | None
) -> Iterator[Finding]:
    if not host.has_disk or host.storage == NAS or is_share(host.device):
        return
    names = _names(host, disk)
    real = os.path.realpath(f"{machine.root}{host.device}")
    point = os.path.normpath(host.mount_point) if host.mount_point else ""
    for entry in entries:
        alike = os.path.realpath(f"{machine.root}{entry.source}") == real
        same = entry.source in names or (entry.source.startswith("/dev/") and alike)
        if entry.acts_at_boot and (entry.point == point or same):
            yield BOOT.fail(
                say(f"{host.name}: /etc/fstab mounts {entry.source} at {entry.point}",
                    f"{host.name}: /etc/fstab が {entry.source} を {entry.point} に"
                    f"マウントします"),
                say("take the line out of /etc/fstab on both servers, or add noauto: a server that "
                    "boots would mount the disk that the other one writes, and destroy it",
                    "両サーバーの /etc/fstab から行を除くか、noauto を付けてください。起動した"
                    "サーバーが相手の使用中のディスクをマウントし、壊してしまいます"),
            )  # fmt: skip
    for unit in _mount_units(machine, point) if point else ():
        yield BOOT.fail(
            say(f"{host.name}: systemd mounts {point} at boot: {unit}",
                f"{host.name}: systemd が起動時に {point} をマウントします: {unit}"),
            say(f"systemctl disable {os.path.basename(unit)}: the cluster software mounts the disk",
                f"systemctl disable {os.path.basename(unit)} を実行してください。マウントは"
                f"クラスターソフトウェアが行います"),
        )  # fmt: skip


def _names(host: LogicalHost, disk: Disk | None) -> set[str]:
    """The words by which /etc/fstab may name the disk of a logical host."""
    names = {host.device}
    if disk and disk.identity:
        kind, _, value = disk.identity.partition(" ")
        names |= {f"{kind.upper()}={value}", f'{kind.upper()}="{value}"'}
        names.add(f"/dev/disk/by-{kind}/{value}")
    return names - {""}


def _mount_units(machine: Machine, point: str) -> Iterator[str]:
    """The unit files of systemd that mount at `point` and that a target pulls in."""
    name = _escaped(point)
    for directory in _UNITS:
        for target in machine.listed(directory):
            if target.endswith((".wants", ".requires")):
                for unit in machine.listed(f"{directory}/{target}"):
                    if unit in (f"{name}.mount", f"{name}.automount"):
                        yield f"{directory}/{target}/{unit}"


def _escaped(path: str) -> str:
    """A path as the name of a unit (systemd.unit(5))."""
    plain = path.strip("/")
    found = [
        "-" if each == "/" else each
        if re.fullmatch(r"[A-Za-z0-9:_.]", each) and not (each == "." and number == 0)
        else "".join(f"\\x{byte:02x}" for byte in each.encode())
        for number, each in enumerate(plain)
    ]  # fmt: skip
    return "".join(found)


def _address(machine: Machine, host: LogicalHost) -> Iterator[Finding]:
    """The virtual IP in the configuration of the network: it would be up at each boot."""
    wanted = re.compile(rf"(?<![\w.:]){re.escape(host.address)}(?![\w:]|\.\d)", re.IGNORECASE)
    for directory, begins in _NETWORK:
        names = [each for each in machine.listed(directory) if each.startswith(begins)]
        for name in names[:_MOST]:
            text = machine.read(f"{directory}/{name}") or ""
            lines = (line.strip() for line in text.splitlines())
            kept = [line for line in lines if not line.startswith(("#", ";")) and _sets(line)]
            if any(wanted.search(line) for line in kept):
                yield BOOT.fail(
                    say(f"{host.name}: {directory}/{name} sets {host.address} up at boot",
                        f"{host.name}: {directory}/{name} が起動時に {host.address} を設定します"),
                    say("take it out there: the virtual IP belongs to the IP resource of the "
                        "cluster software alone, else it is up on both servers",
                        "そこから除いてください。仮想 IP はクラスターソフトウェアの IP リソースだけ"
                        "が設定します。両サーバーで有効になってしまいます"),
                )  # fmt: skip


def _sets(line: str) -> bool:
    """Whether a line may give an interface an address, and not a route, gateway or name server."""
    return not re.match(r"(gateway|via|to|dns|route|nameserver)", line.lstrip("- "), re.IGNORECASE)
