"""What JP1 needs before it is protected: its commands, its LANG, and a disk that is no NAS."""

from __future__ import annotations

import os
import re

from ark_jp1_base import facts
from arkcore import Finding, Level, say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from arkcore import Machine, Site

#: The guide's steps of installation: 1 installs the product on a server.
INSTALLED = "T4-5 #1"
DISK = "4.2.2"
#: Guide table 4-3: the JP1 host names of both servers and of the logical server.
REGISTERED = "T4-3 #1"
#: No checks of the guide's.
NAMES, FIREWALL = "names", "firewall"
#: A line of /etc/services that the setup of JP1 has written: its name, port and protocol.
_SERVICE = re.compile(r"^(jp1\w+)\s+(\d{1,5})/(tcp|udp)\b", re.MULTILINE)


def commands_finding(title: str, paths: Sequence[str]) -> Finding:
    check = say(f"{title}: commands", f"{title}: コマンド")
    missing = [path for path in paths if not os.access(path, os.X_OK)]
    if missing:
        told = ", ".join(missing)
        return Finding(
            check,
            Level.FAIL,
            say(f"not there or not executable: {told}", f"存在しないか実行できません: {told}"),
            say(
                "install the product on this node and set it up for the logical host",
                "このノードに製品をインストールし、論理ホスト用にセットアップしてください",
            ),
            number=INSTALLED,
        )
    return Finding(
        check,
        Level.OK,
        say(f"all {len(paths)} are there", f"{len(paths)} 個すべてあります"),
        number=INSTALLED,
    )


def lang_finding(title: str, lang: str) -> Finding:
    known = [fact.value for fact in facts.LANGUAGES]
    if lang in known:
        return Finding(f"{title}: LANG", Level.OK, lang)
    names = ", ".join(known)
    return Finding(
        f"{title}: LANG",
        Level.WARN,
        say(
            f"{lang} is none that JP1 is known to be set up with: {names}",
            f"{lang} は JP1 のセットアップで使われる値ではありません: {names}",
        ),
        say(
            "give the LANG that JP1/Base and JP1/AJS3 were set up with",
            "JP1/Base と JP1/AJS3 をセットアップした LANG を指定してください",
        ),
    )


def disk_finding(logical_host: str, site: Site, machine: Machine) -> Finding:
    """The disk for the logical host must not be NAS, though LifeKeeper allows it (4.2.2)."""
    check = say("disk of the logical host is not NAS", "論理ホスト用ディスクが NAS でないこと")
    host = site.logical_host(logical_host)
    if host is None or not host.has_disk:
        told = say(
            f"{logical_host} has no disk in the site file",
            f"{logical_host} のディスクがサイトファイルにありません",
        )
        return Finding(check, Level.NOT_APPLICABLE, told, number=DISK)
    found = machine.file_system(host.mount_point) if host.mount_point else None
    if host.storage == "nas" or (found is not None and found.is_network):
        seen = f"{found.source} ({found.kind})" if found else host.device
        return Finding(
            check,
            Level.FAIL,
            f"{logical_host}: {host.mount_point or host.device}: {seen}",
            say(
                "JP1/AJS3 cannot use NAS, though LifeKeeper allows it: use a shared disk "
                "(SCSI, SAN) or a replicated volume (DataKeeper)",
                "LifeKeeper では使えても JP1/AJS3 では NAS を使えません。共有ディスク (SCSI・SAN) "
                "かレプリケーション (DataKeeper) にしてください",
            ),
            number=DISK,
        )
    seen = f"{found.source} ({found.kind})" if found else host.device
    return Finding(check, Level.OK, f"{logical_host}: {seen}", number=DISK)


def registered_finding(logical_host: str, site: Site) -> Finding:
    """No manual tells a command that lists the hosts of a Manager: a person has to look."""
    check = say(
        "host names are registered in JP1/AJS3 - Manager",
        "JP1/AJS3 - Manager へのホスト名の登録",
    )
    names = ", ".join([*(node.name for node in site.nodes), logical_host])
    if REGISTERED in site.confirmed:
        told = say(f"confirmed in the site file: {names}", f"サイトファイルで確認済み: {names}")
        return Finding(check, Level.OK, told, number=REGISTERED)
    return Finding(
        check,
        Level.UNKNOWN,
        say(f"cannot tell: {names}", f"判定できません: {names}"),
        say(
            "do this by hand: look with JP1/AJS3 - View whether each name is registered, then "
            f'write confirmed = ["{REGISTERED}"] in site.toml',
            "JP1/AJS3 - View で各ホスト名の登録を確認し、site.toml に "
            f'confirmed = ["{REGISTERED}"] と書いてください',
        ),
        number=REGISTERED,
    )


def name_finding(logical_host: str) -> Finding:
    """What JP1 demands of any logical host's name: 3020-3-K54, 7.2."""
    check = say("name of the logical host for JP1", "JP1 の論理ホスト名")
    size = len(logical_host.encode())
    advice = say(
        "choose the name before JP1 is set up for the logical host",
        "論理ホスト用に JP1 をセットアップする前に名前を決めてください",
    )
    if "." in logical_host:
        told = say(
            f"{logical_host} is a name with its domain; JP1 wants one without",
            f"{logical_host} は FQDN です。JP1 では FQDN 以外にします",
        )
        return Finding(check, Level.FAIL, told, advice, number=NAMES)
    if size > facts.RECOMMENDED_HOST_BYTES:
        told = say(
            f"{logical_host} has {size} bytes; at most {facts.RECOMMENDED_HOST_BYTES} are "
            f"recommended",
            f"{logical_host} は {size} バイトです。{facts.RECOMMENDED_HOST_BYTES} バイト以内が"
            f"推奨されます",
        )
        return Finding(check, Level.WARN, told, advice, number=NAMES)
    return Finding(check, Level.OK, logical_host, number=NAMES)


def ports_finding(site: Site, machine: Machine) -> Finding:
    """The services that JP1 has written into /etc/services may come in from the other server."""
    check = say("the packet filter lets JP1 through", "ファイアウォールでの JP1 の通信許可")
    services = _SERVICE.findall(machine.read("/etc/services") or "")
    own = machine.host_name.partition(".")[0].lower()
    nodes = [node for node in site.nodes if node.name.partition(".")[0].lower() == own]
    if not services or not nodes:
        told = say(
            "no service of JP1 in /etc/services", "/etc/services に JP1 のサービスがありません"
        )
        return Finding(check, Level.NOT_APPLICABLE, told, number=FIREWALL)
    here, there = nodes[0].service, site.peer_of(nodes[0]).service
    passing = {
        f"{name} ({port}/{protocol})": machine.lets_in(protocol, int(port), there, here)
        for name, port, protocol in services[: facts.MOST_SERVICES]
    }
    blocked = ", ".join(name for name, passes in passing.items() if passes is False)
    unsure = ", ".join(name for name, passes in passing.items() if passes is None)
    advice = say(
        "let those that the site uses in, as JP1's manuals list the ports: nft list ruleset, "
        "iptables-save, firewall-cmd --list-all",
        "サイトで使用するものを JP1 のマニュアルのポート一覧に従って許可してください: "
        "nft list ruleset、iptables-save、firewall-cmd --list-all",
    )
    if blocked:
        told = say(f"dropped here: {blocked}", f"ここで破棄されるもの: {blocked}")
        return Finding(check, Level.WARN, told, advice, number=FIREWALL)
    if unsure:
        told = say(f"cannot tell: {unsure}", f"判定できません: {unsure}")
        return Finding(check, Level.UNKNOWN, told, advice, number=FIREWALL)
    told = say(f"all {len(passing)} pass", f"{len(passing)} 個すべて通ります")
    return Finding(check, Level.OK, told, number=FIREWALL)
