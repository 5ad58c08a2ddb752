"""T4-1 #5: what is mounted where the site file has a logical host's disk is that very disk."""

from __future__ import annotations

import os

from arkcore.base.language import say
from arkcore.survey.disk import DISK, Disk, disk_of
from arkcore.survey.file_system import FileSystem, is_share
from arkcore.survey.mount_table import mounted_at
from arkcore.survey.site import NAS, REPLICATED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from arkcore.base.finding import Finding
    from arkcore.survey.machine import Machine
    from arkcore.survey.mount_table import Mounted
    from arkcore.survey.site import LogicalHost, Site


def check_places(machine: Machine, site: Site, disks: dict[str, Disk]) -> Iterator[Finding]:
    table = machine.read("/proc/self/mountinfo")
    for host in site.logical_hosts:
        if not host.mount_point or host.storage == NAS or is_share(host.device):
            continue
        if table is None:
            yield DISK.cannot_tell(
                "/proc/self/mountinfo",
                say(f"look by hand: findmnt {host.mount_point}",
                    f"findmnt {host.mount_point} で確認してください"),
            )  # fmt: skip
        elif found := mounted_at(table, host.mount_point):
            yield from _mounted(machine, host, found, disks.get(host.name))
        else:
            yield from _empty(machine, host)


def _mounted(
    machine: Machine, host: LogicalHost, found: Mounted, disk: Disk | None
) -> Iterator[Finding]:
    if FileSystem(found.kind, found.source).is_network:
        return  # another check's, where the application cannot use it
    part = f"[{found.root}]" if found.root != "/" else ""
    seen = f"{host.name}: {host.mount_point}: {found.source}{part} ({found.kind})"
    if _is_same(machine, host, found, disk):
        yield DISK.ok(seen)
    elif found.source.startswith("/dev/") and (host.storage == REPLICATED or _is_vague(disk)):
        yield DISK.cannot_tell(
            say(f"{seen}: whether this is {host.device}", f"{seen}: {host.device} であるかどうか"),
            say(f"compare by hand: lsblk {found.source} {host.device}",
                f"lsblk {found.source} {host.device} で確認してください"),
        )  # fmt: skip
    else:
        yield DISK.fail(
            say(f"{seen}, and not {host.device}", f"{seen}。{host.device} ではありません"),
            say(f"unmount it and mount {host.device} there, or correct `device` in site.toml: "
                f"what is written there now does not move with {host.name}",
                f"アンマウントして {host.device} をマウントするか、site.toml の device を直して"
                f"ください。今そこに書かれるデータは {host.name} と一緒に切り替わりません"),
        )  # fmt: skip


def _is_vague(disk: Disk | None) -> bool:
    """Whether lsblk did not tell enough to compare by."""
    return disk is None or bool(disk.problem) or not disk.number


def _is_same(machine: Machine, host: LogicalHost, found: Mounted, disk: Disk | None) -> bool:
    if disk and disk.number and found.number == disk.number:
        return True
    if not found.source.startswith("/dev/"):
        return False
    names = {os.path.realpath(f"{machine.root}{path}") for path in (found.source, host.device)}
    if found.source == host.device or len(names) == 1:
        return True
    # A file system of several devices or of parts (btrfs) has a number of its own.
    other = disk_of(machine, found.source) if found.number.startswith("0:") else None
    return bool(disk and disk.number and other and other.number == disk.number)


def _empty(machine: Machine, host: LogicalHost) -> Iterator[Finding]:
    """Files below the mount point were written to the local disk, and a mount will hide them."""
    names = machine.listed(host.mount_point)
    names = [name for name in names if name != "lost+found"]
    if names:
        told = ", ".join(names[:3]) + (", …" if len(names) > 3 else "")
        yield DISK.warn(
            say(f"{host.name}: nothing is mounted at {host.mount_point}, but it holds files: "
                f"{told}",
                f"{host.name}: {host.mount_point} には何もマウントされていませんが、"
                f"ファイルがあります: {told}"),
            say("they are on this server's own disk: move them away, for the mount will hide them",
                "このサーバーのローカルディスク上のファイルです。マウントすると見えなくなるため、"
                "別の場所に移してください"),
        )  # fmt: skip
