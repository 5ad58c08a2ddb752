"""T4-1 #3 and #4: the packages of the operating system, and SELinux."""

from __future__ import annotations

import re

from arkcore.base.language import say
from arkcore.survey.check import Check

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from arkcore.base.finding import Finding
    from arkcore.survey.machine import Answer, Machine
    from arkcore.survey.site import Site

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

    Enforcing, now or after the next boot, fails. Permissive stops nothing and is a warning. From
    Enterprise Linux 9 on the file alone no longer switches SELinux off: it then runs without a
    policy, which is a warning; the boot parameter selinux=0 is the switch.
    """
    enforce = machine.read("/sys/fs/selinux/enforce")
    now = {"1": "enforcing", "0": "permissive"}.get((enforce or "").strip(), "disabled")
    later = _at_boot(machine)
    seen = say(f"now {now}, after the next boot {later}", f"現在 {now}、次回起動後 {later}")
    by_parameter = _needs_boot_parameter(machine)
    if by_parameter:
        advice = say(
            'set the boot parameter: grubby --update-kernel ALL --args "selinux=0", and boot',
            "起動パラメーターを設定し、再起動してください: grubby --update-kernel ALL --args "
            '"selinux=0"',
        )
    else:
        advice = say(
            "write SELINUX=disabled in /etc/selinux/config, and boot",
            "/etc/selinux/config に SELINUX=disabled と書き、再起動してください",
        )
    if "enforcing" in (now, later):
        yield SELINUX.fail(seen, advice)
    elif "permissive" in (now, later):
        yield SELINUX.warn(seen, advice)
    elif by_parameter and not _is_off_by_parameter(machine) and _has_selinux(machine):
        yield SELINUX.warn(
            say("disabled by /etc/selinux/config alone: it runs without a policy",
                "/etc/selinux/config だけで無効化: ポリシーなしで動作します"),
            advice,
        )  # fmt: skip
    else:
        yield SELINUX.ok(seen)


#: What relatives of Red Hat Enterprise Linux are called, or like, in os-release.
_ENTERPRISE = frozenset(("rhel", "ol"))
#: The first release of Enterprise Linux that SELINUX=disabled in the file does not switch off.
_BY_PARAMETER = 9


def _needs_boot_parameter(machine: Machine) -> bool:
    """Whether only the boot parameter switches SELinux off here: Enterprise Linux from 9 on."""
    pairs = (line.partition("=") for line in (machine.read("/etc/os-release") or "").splitlines())
    values = {key: value.strip().strip("\"'") for key, _, value in pairs}
    family = {values.get("ID", ""), *values.get("ID_LIKE", "").split()}
    release = values.get("VERSION_ID", "").partition(".")[0]
    return bool(family & _ENTERPRISE) and release.isdigit() and int(release) >= _BY_PARAMETER


def _is_off_by_parameter(machine: Machine) -> bool:
    return "selinux=0" in (machine.read("/proc/cmdline") or "").split()


def _has_selinux(machine: Machine) -> bool:
    return machine.read("/etc/selinux/config") is not None


def _at_boot(machine: Machine) -> str:
    if _is_off_by_parameter(machine):
        return "disabled"
    config = machine.read("/etc/selinux/config")
    if config is None:
        return "disabled"
    given = re.findall(r"^\s*SELINUX\s*=\s*(\w+)", config, re.MULTILINE)
    return given[-1].lower() if given else "disabled"
