"""T4-1 #5: the partition of each logical host, as one server sees it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from arkcore.base.language import say
from arkcore.survey.check import Check
from arkcore.survey.file_system import is_share
from arkcore.survey.site import NAS, REPLICATED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from arkcore.base.finding import Finding
    from arkcore.survey.machine import Machine
    from arkcore.survey.site import LogicalHost, Site

DISK = Check("T4-1 #5", "partition of the logical host", "論理ホスト用パーティション")

#: A line of a path in `multipath -ll`: host:channel:id:lun, device, major:minor, three states.
_PATH = re.compile(r"[\d#]+:[\d#]+:[\d#]+:[\d#]+\s+(\S+)\s+\d+:\d+\s+(\w+)\s+(\w+)")


@dataclass(frozen=True)
class Disk:
    """A block device as lsblk shows it. `size` in bytes.

    `identity`: what is the same wherever the same disk is seen; "" where it has nothing of that
    kind. `maps`: the multipath devices it lies on. `number`: its device number, "253:0"; "" where
    lsblk did not tell.
    """

    device: str
    size: int = 0
    identity: str = ""
    file_system: str = ""
    maps: tuple[str, ...] = ()
    problem: str = ""
    missing: bool = False
    number: str = ""


def disk_of(machine: Machine, device: str) -> Disk:
    answer = machine.run(
        "lsblk",
        "-J",
        "-b",
        "-s",
        "-o",
        "NAME,TYPE,SIZE,FSTYPE,UUID,PARTUUID,WWN,SERIAL,MAJ:MIN",
        device,
    )
    if not answer.ok:
        return Disk(device, problem=answer.problem, missing=answer.missing)
    try:
        top = json.loads(answer.text)["blockdevices"][0]
        identity = next((f"{key} {top[key]}" for key in _IDENTITIES if top.get(key)), "")
        return Disk(
            device,
            int(top["size"]),
            identity,
            str(top.get("fstype") or ""),
            tuple(_maps(top)),
            number=str(top.get("maj:min") or "").strip(),
        )
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        return Disk(device, problem="lsblk: its answer is not understood", missing=True)


#: In order: a file system's own, the partition's, the disk's.
_IDENTITIES = ("uuid", "partuuid", "wwn", "serial")


def _maps(block: dict[str, object]) -> Iterator[str]:
    if block.get("type") == "mpath":
        yield str(block["name"])
    children = block.get("children")
    for child in children if isinstance(children, list) else ():
        yield from _maps(child)


def disks_of(machine: Machine, site: Site) -> dict[str, Disk]:
    """The disk of each logical host that has one of its own."""
    return {
        host.name: disk_of(machine, host.device)
        for host in site.logical_hosts
        if host.device and not is_share(host.device)
    }


def check_disks(machine: Machine, site: Site, disks: dict[str, Disk]) -> Iterator[Finding]:
    for host in site.logical_hosts:
        if not host.has_disk:
            yield DISK.not_applicable(
                say(
                    f"{host.name} has no disk of its own", f"{host.name} は専用ディスクを持ちません"
                )
            )
        elif host.storage == NAS or host.name not in disks:
            yield DISK.not_applicable(
                say(f"{host.name}: a share of a file server has no partition",
                    f"{host.name}: ファイルサーバーの共有にはパーティションがありません")
            )  # fmt: skip
        else:
            yield _judged(machine, host, disks[host.name])


def _judged(machine: Machine, host: LogicalHost, disk: Disk) -> Finding:
    if disk.missing:
        return DISK.cannot_tell(
            f"{host.name}: {disk.problem}",
            say("install util-linux, or look by hand: lsblk",
                "util-linux をインストールするか、lsblk で確認してください"),
        )  # fmt: skip
    if disk.problem:
        return DISK.fail(
            say(f"{host.name}: {disk.device} is not seen here: {disk.problem}",
                f"{host.name}: {disk.device} がこのサーバーから見えません: {disk.problem}"),
            say("make the partition, connect the disk to both servers, set multipath up first",
                "パーティションを作成し、両サーバーにディスクを接続してください。"
                "マルチパスは先に設定します"),
        )  # fmt: skip
    if host.multipath or disk.maps:
        finding = _multipath(machine, host, disk)
        if finding:
            return finding
    kind = disk.file_system or say("no file system yet", "ファイルシステム未作成")
    paths = f", {', '.join(disk.maps)}" if disk.maps else ""
    size = say(f"{disk.size:,} bytes", f"{disk.size:,} バイト")
    told = f"{host.name}: {disk.device}, {size}, {kind}{paths}"
    if host.storage == REPLICATED or disk.identity:
        return DISK.ok(told)
    return DISK.warn(
        say(f"{told}; nothing tells whether the other server sees the same disk",
            f"{told}。他方のサーバーと同じディスクであることを確認できる情報がありません"),
        say("look by hand, or make its file system first: then its UUID tells",
            "手作業で確認するか、先にファイルシステムを作成してください (UUID で判定できます)"),
    )  # fmt: skip


def _multipath(machine: Machine, host: LogicalHost, disk: Disk) -> Finding | None:
    """What is wrong with the paths to the disk; None where nothing is."""
    advice = say(
        "set multipath up before the partition is used (multipath -ll must show every path "
        "as active ready)",
        "パーティションを使う前にマルチパスを設定してください "
        "(multipath -ll で全パスが active ready になること)",
    )
    if not disk.maps:
        return DISK.fail(
            say(f"{host.name}: {disk.device} does not lie on a multipath device",
                f"{host.name}: {disk.device} はマルチパスデバイス上にありません"),
            advice,
        )  # fmt: skip
    name = disk.maps[0]
    answer = machine.run("multipath", "-ll", name)
    if not answer.ok:
        return DISK.cannot_tell(
            f"{host.name}: {answer.problem}",
            say(f"install device-mapper-multipath, or look by hand: multipath -ll {name}",
                f"device-mapper-multipath をインストールするか、"
                f"multipath -ll {name} で確認してください"),
        )  # fmt: skip
    paths = _PATH.findall(answer.text)
    bad = [path for path, *states in paths if states != ["active", "ready"]]
    if bad:
        told = ", ".join(bad)
        return DISK.fail(
            say(f"{host.name}: {name}: path not ready: {told}",
                f"{host.name}: {name}: 使用できないパス: {told}"),
            advice,
        )  # fmt: skip
    if len(paths) < 2:
        return DISK.fail(
            say(f"{host.name}: {name} has {len(paths)} path, not several",
                f"{host.name}: {name} のパスは {len(paths)} 本だけです"),
            advice,
        )  # fmt: skip
    return None
