"""What JP1 needs before it is protected: its commands, its LANG, and a disk that is no NAS."""

from __future__ import annotations

import os

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
