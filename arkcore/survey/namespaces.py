"""Root of this server sees every process of it, and may end each."""

from __future__ import annotations

import re

from arkcore.base.language import say
from arkcore.survey.check import Check

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from arkcore.base.finding import Finding
    from arkcore.survey.machine import Machine

NAMESPACES = Check(
    "namespaces",
    "root sees and reaches every process",
    "root から全プロセスが見え、終了できること",
)
#: The kernel's number of the first pid namespace (include/linux/proc_ns.h).
_FIRST = "pid:[4026531836]"
#: What root may do to all processes: by the number of the capability (capability.h).
_NEEDED = {2: "CAP_DAC_READ_SEARCH", 5: "CAP_KILL", 19: "CAP_SYS_PTRACE"}


def check_namespaces(machine: Machine) -> Iterator[Finding]:
    found = [*_user(machine), *_pid(machine), *_capabilities(machine), *_proc(machine)]
    yield from found
    if not found:
        yield NAMESPACES.ok(say("all of the server's", "サーバー全体が見えます"))


def _user(machine: Machine) -> Iterator[Finding]:
    text = machine.read("/proc/self/uid_map")
    if text is None:
        yield NAMESPACES.cannot_tell("/proc/self/uid_map", "cat /proc/self/uid_map")
    elif text.split()[:2] != ["0", "0"] or int(text.split()[2]) < (1 << 32) - 1:
        first = " ".join(text.split()[:3])
        yield NAMESPACES.fail(
            say(f"this is a user namespace (uid_map {first}): root here may not end processes of "
                f"users outside of it, and mounts no disk",
                f"ユーザー名前空間の中です (uid_map {first})。ここの root は外のユーザーの"
                f"プロセスを終了できず、ディスクをマウントできません"),
            say("install on the server itself, not in a rootless container",
                "ルートレスコンテナーではなく、サーバー自体にインストールしてください"),
        )  # fmt: skip


def _pid(machine: Machine) -> Iterator[Finding]:
    seen = machine.target("/proc/self/ns/pid")
    if seen is None:
        yield NAMESPACES.cannot_tell("/proc/self/ns/pid", "readlink /proc/self/ns/pid")
    elif seen != _FIRST:
        yield NAMESPACES.warn(
            say("this is a container (a pid namespace of its own): processes outside of it are not "
                "seen here, also where they write the same disk",
                "コンテナー (独自の PID 名前空間) の中です。外のプロセスは、同じディスクに書き込む"
                "ものもここから見えません"),
            say("where cluster software, products and disk are all in it, nothing; else install on "
                "the server itself",
                "クラスターソフトウェア・製品・ディスクがすべてこの中にあれば対処は不要です。"
                "そうでなければ、サーバー自体にインストールしてください"),
        )  # fmt: skip


def _capabilities(machine: Machine) -> Iterator[Finding]:
    status = machine.read("/proc/self/status") or ""
    user = re.search(r"^Uid:\s+\d+\s+(\d+)", status, re.MULTILINE)
    held = re.search(r"^CapEff:\s+([0-9a-f]{1,16})$", status, re.MULTILINE)
    if user is None or held is None:
        yield NAMESPACES.cannot_tell("/proc/self/status: CapEff", "grep Cap /proc/self/status")
        return
    if user[1] != "0":
        return
    missing = [name for bit, name in _NEEDED.items() if not int(held[1], 16) >> bit & 1]
    if missing:
        told = ", ".join(missing)
        yield NAMESPACES.fail(
            say(f"root lacks {told}: processes of other users are not recognised or not ended",
                f"root に {told} がありません。他のユーザーのプロセスを識別・終了できません"),
            say("give them to the container or service in which this runs (CapabilityBoundingSet, "
                "--cap-add), or install on the server itself",
                "実行元のコンテナーやサービスに付与するか (CapabilityBoundingSet、--cap-add)、"
                "サーバー自体にインストールしてください"),
        )  # fmt: skip


def _proc(machine: Machine) -> Iterator[Finding]:
    for line in (machine.read("/proc/self/mountinfo") or "").splitlines():
        left, _, right = line.partition(" - ")
        at_proc = left.split()[4:5] == ["/proc"] and right.startswith("proc ")
        if at_proc and "subset=pid" in right.split()[-1].split(","):
            yield NAMESPACES.fail(
                say("/proc is mounted with subset=pid: most of what is asked of the kernel is not "
                    "there",
                    "/proc が subset=pid でマウントされており、カーネルの情報の大部分がありません"),
                say("mount it without: mount -o remount,subset= /proc, and correct the unit or "
                    "container that does so",
                    "外してマウントしてください。指定しているユニットかコンテナーを直してください"),
            )  # fmt: skip
