"""T4-1 #3 and #4: the packages of the operating system, and SELinux."""

from __future__ import annotations

import re

from arkcore.checks.check import Check
from arkcore.language import say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from arkcore.checks.machine import Answer, Machine
    from arkcore.checks.site import Site
    from arkcore.finding import Finding

PACKAGES = Check(
    "T4-1 #3",
    "OS packages that the cluster software depends on",
    "クラスターソフトウェアが必要とする OS パッケージ",
)
SELINUX = Check("T4-1 #4", "SELinux is disabled", "SELinux の無効化")


def check_packages(machine: Machine, site: Site) -> Iterator[Finding]:
    # Which they are depends on the release of LifeKeeper and of the OS, and is no business of ours
    # to guess.
    if not site.packages:
        yield PACKAGES.cannot_tell(
            say("site.toml names no packages", "site.toml に packages がありません"),
            say('give packages = ["…"]: what the release notes of your cluster software demand',
                'クラスターソフトウェアのリリースノートが求めるものを packages = ["…"] に'
                '書いてください'),
        )  # fmt: skip
        return
    answer = _installed(machine, site.packages)
    missing = [name for name in site.packages if name not in _names(answer)]
    if answer.returncode is None:
        yield PACKAGES.cannot_tell(
            answer.problem,
            say("look by hand: rpm -q or dpkg-query -W",
                "rpm -q か dpkg-query -W で確認してください"),
        )  # fmt: skip
    elif missing:
        names = " ".join(missing)
        tool = "dnf install" if answer.program == "rpm" else "apt-get install"
        yield PACKAGES.fail(
            say(f"not installed: {names}", f"未インストール: {names}"),
            say(f"install them: {tool} {names}", f"インストールしてください: {tool} {names}"),
        )
    else:
        number = len(site.packages)
        yield PACKAGES.ok(say(f"all {number} are installed", f"{number} 個すべてインストール済み"))


def _installed(machine: Machine, packages: tuple[str, ...]) -> Answer:
    """The tool's lines "installed NAME"; it returns other than 0 where one is not installed."""
    # A Debian machine may have rpm too, with an empty database.
    if machine.path_of("dpkg-query"):
        wanted = "${db:Status-Status} ${Package}\\n"
        return machine.run("dpkg-query", "-W", f"-f={wanted}", *packages)
    return machine.run("rpm", "-q", "--qf", "installed %{NAME}\\n", *packages)


def _names(answer: Answer) -> set[str]:
    return set(re.findall(r"^installed (\S+)$", answer.text, re.MULTILINE))


def check_selinux(machine: Machine) -> Iterator[Finding]:
    """The guide wants it disabled.

    Enforcing, now or after the next boot, fails. Permissive stops nothing and is a warning.
    """
    enforce = machine.read("/sys/fs/selinux/enforce")
    now = {"1": "enforcing", "0": "permissive"}.get((enforce or "").strip(), "disabled")
    later = _at_boot(machine)
    seen = say(f"now {now}, after the next boot {later}", f"現在 {now}、次回起動後 {later}")
    advice = say(
        "write SELINUX=disabled in /etc/selinux/config, and boot",
        "/etc/selinux/config に SELINUX=disabled と書き、再起動してください",
    )
    if "enforcing" in (now, later):
        yield SELINUX.fail(seen, advice)
    elif "permissive" in (now, later):
        yield SELINUX.warn(seen, advice)
    else:
        yield SELINUX.ok(seen)


def _at_boot(machine: Machine) -> str:
    words = (machine.read("/proc/cmdline") or "").split()
    if "selinux=0" in words:
        return "disabled"
    config = machine.read("/etc/selinux/config")
    if config is None:
        return "disabled"
    given = re.findall(r"^\s*SELINUX\s*=\s*(\w+)", config, re.MULTILINE)
    return given[-1].lower() if given else "disabled"
