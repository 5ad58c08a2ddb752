"""AppArmor confines none of the programs that the cluster software runs."""

from __future__ import annotations

import os
import re
import sys

from arkcore.base.language import say
from arkcore.survey.check import Check

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arkcore.base.finding import Finding
    from arkcore.survey.machine import Machine

APPARMOR = Check("apparmor", "AppArmor confines no program of ours", "AppArmor による制限")
_PROFILES = "/sys/kernel/security/apparmor/profiles"
#: Where products and the cluster software lie.
_PRODUCTS = ("/opt/", "/etc/opt/")


def check_apparmor(machine: Machine) -> Finding:
    """By the profiles that the kernel enforces, each named after the program that it confines."""
    text = machine.read(_PROFILES)
    if not text:
        return APPARMOR.not_applicable(say("no profile is loaded", "プロファイルはありません"))
    enforced = re.findall(r"^(\S+) \(enforce\)$", text, re.MULTILINE)
    interpreter = os.path.realpath(sys.executable)
    ours = [name for name in enforced if name == interpreter or name.startswith(_PRODUCTS)]
    if not ours:
        return APPARMOR.ok(
            say(f"none of {len(enforced)} enforced profiles",
                f"適用中の {len(enforced)} 個のプロファイルに該当なし")
        )  # fmt: skip
    told = ", ".join(ours)
    return APPARMOR.warn(
        say(f"confined: {told}", f"制限されているもの: {told}"),
        say("look whether it denies what a start or stop needs (journalctl -k -g apparmor), or "
            "switch the profile off: aa-disable PROFILE",
            "開始や停止に必要な操作が拒否されていないか確認するか (journalctl -k -g apparmor)、"
            "プロファイルを無効にしてください: aa-disable プロファイル名"),
    )  # fmt: skip
