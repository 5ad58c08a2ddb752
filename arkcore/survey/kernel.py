"""What the kernel offers for telling and ending what a start has made, and what is weaker without.

No check of the guide's: all works without these too, as the other records allow.
"""

from __future__ import annotations

import os

from arkcore.base.language import say
from arkcore.machine import cgroup
from arkcore.survey.check import Check

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from arkcore.base.finding import Finding
    from arkcore.survey.machine import Machine

KERNEL = Check(
    "kernel",
    "what the kernel offers for ending a product whole",
    "製品を残さず終了するためのカーネルの機能",
)


def has_pidfd() -> bool:
    """Whether the kernel can name a process by a descriptor (Linux 5.3 and later)."""
    try:
        os.close(os.pidfd_open(os.getpid()))
    except OSError:
        return False
    return True


def check_kernel(machine: Machine, pidfd: Callable[[], bool] = has_pidfd) -> Iterator[Finding]:
    try:
        mounts = cgroup.mounts(f"{machine.root}/proc/self/mountinfo")
    except OSError as error:
        yield KERNEL.cannot_tell(
            f"/proc/self/mountinfo: {error.strerror}",
            say("look by hand: findmnt -t cgroup2",
                "findmnt -t cgroup2 で確認してください"),
        )  # fmt: skip
        return
    if mounts:
        where = ", ".join(each.point for each in mounts)
        yield KERNEL.ok(say(f"cgroup version 2: {where}", f"cgroup バージョン 2: {where}"))
    else:
        yield KERNEL.warn(
            say("no cgroup version 2 is mounted that can be written: a product that hides its "
                "processes (a new pid namespace, an empty environment and a new session, a new "
                "process every few milliseconds) may outlive a stop unseen",
                "書き込み可能な cgroup バージョン 2 がマウントされていません。プロセスを隠す製品"
                "(新しい PID 名前空間、空の環境変数と新しいセッション、数ミリ秒ごとのプロセス"
                "交代) が、停止後も気付かれずに残ることがあります"),
            say("boot with systemd.unified_cgroup_hierarchy=1, where the product and the cluster "
                "software support it; in a container mount it writable",
                "製品とクラスターソフトウェアが対応していれば、カーネル引数 "
                "systemd.unified_cgroup_hierarchy=1 で起動してください。コンテナーでは"
                "書き込み可能でマウントしてください"),
        )  # fmt: skip
    if not pidfd():
        yield KERNEL.warn(
            say("no pidfd (Linux before 5.3): a process is told from a later one of the same "
                "number by its start time, looked at right before each signal, and an end is "
                "noticed up to 0.05 s later",
                "pidfd がありません (Linux 5.3 より前)。同じ番号の別プロセスとの区別は、シグナル"
                "直前に確認する開始時刻だけで行い、終了の検出が最大 0.05 秒遅れます"),
            say("nothing to do; a newer kernel has it",
                "対処は不要です。新しいカーネルにはあります"),
        )  # fmt: skip
