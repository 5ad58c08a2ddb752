"""The checks of the pair: this node's answers beside its peer's."""

from __future__ import annotations

from arkcore.base.errors import ConfigurationError
from arkcore.base.language import say
from arkcore.survey.address import check_owners
from arkcore.survey.answers import differing, told_time
from arkcore.survey.autostart import check_same_autostart
from arkcore.survey.check import Check
from arkcore.survey.disk import DISK
from arkcore.survey.file_system import is_share
from arkcore.survey.lans import check_lans
from arkcore.survey.libraries import check_libraries
from arkcore.survey.monitoring import check_intervals
from arkcore.survey.site import REPLICATED
from arkcore.survey.zone import check_same_zone

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from arkcore.base.finding import Finding
    from arkcore.survey.answers import Answers
    from arkcore.survey.site import LogicalHost, Site

SAME_SITE = Check("pair 1", "both servers have the same site file", "サイトファイルの一致")
ADDRESSES = Check("pair 2", "no address is on both servers", "IP アドレスの重複")
VERSIONS = Check("pair 3", "same versions on both servers", "バージョンの一致")
RESOURCES = Check("pair 4", "same resource files on both servers", "リソースファイルの一致")
CLOCKS = Check("pair 5", "time difference of the servers", "サーバー間の時刻差")

#: Seconds by which the two clocks may differ.
ALLOWED = 1.0
#: The same, where the answers came by file: copying takes time, and only one side is bounded.
ALLOWED_BY_PIPE = 5.0
#: Seconds after which a file of answers says little.
STALE = 24 * 3600.0


def check_pair(
    site: Site, here: Answers, there: Answers, now: float, *, piped: bool
) -> Iterator[Finding]:
    """`now`: this node's clock when the peer's answers had come. `piped`: straight from the peer.

    `ConfigurationError` where the answers are not the peer's.
    """
    refuse_unless_peer(site, here, there)
    yield _same_site(here, there)
    for host in site.logical_hosts:
        yield from _disks(host, here, there)
    yield _addresses(here, there)
    yield _versions(here, there)
    yield _resources(here, there)
    yield _clocks(here, there, now, piped=piped)
    yield check_same_zone(here, there)
    yield from check_lans(here, there)
    yield check_libraries(here, there)
    yield from check_owners(site, here, there)
    yield from check_intervals(here, there)
    yield from check_same_autostart(here, there)


def refuse_unless_peer(site: Site, here: Answers, there: Answers) -> None:
    """`ConfigurationError` where the answers `there` are not those of the other node."""
    peer = next(node.name for node in site.nodes if node.name != here.node)
    if there.node != peer:
        raise ConfigurationError(
            f"these are the answers of {there.node}, not of {peer}: "
            f"run `ark preflight --export FILE` on {peer}, and bring the file here"
        )


def _same_site(here: Answers, there: Answers) -> Finding:
    keys = differing(here.site, there.site)
    if keys:
        told = ", ".join(keys)
        return SAME_SITE.fail(
            say(f"different on {there.node}: {told}", f"{there.node} と異なるキー: {told}"),
            say("copy the right /etc/ark/site.toml to the other server, and export again",
                "正しい /etc/ark/site.toml を他方にコピーし、再度エクスポートしてください"),
        )  # fmt: skip
    return SAME_SITE.ok(
        say("names, addresses and disks agree", "名前・アドレス・ディスクの記述が一致しています")
    )


def _disks(host: LogicalHost, here: Answers, there: Answers) -> Iterator[Finding]:
    point = host.mount_point
    if point in here.mounted and point in there.mounted and not is_share(host.device):
        yield DISK.fail(
            say(f"{host.name}: {point} is mounted on {here.node} and on {there.node} at once",
                f"{host.name}: {point} が {here.node} と {there.node} の両方に"
                f"マウントされています"),
            say(f"a file system that two servers write is destroyed: unmount it at once on the "
                f"server that does not run {host.name} (umount {point}), check it (fsck), and "
                f"leave mounting to the cluster software",
                f"2 台から書き込むとファイルシステムが壊れます。{host.name} が稼働していない"
                f"サーバーで直ちにアンマウントし (umount {point})、fsck で検査してください。"
                f"マウントはクラスターソフトウェアに任せます"),
        )  # fmt: skip
    mine, theirs = here.disks.get(host.name), there.disks.get(host.name)
    if not mine or not theirs or not mine.size or not theirs.size:
        return  # each node's own finding tells
    sizes = f"{here.node} {mine.size:,}, {there.node} {theirs.size:,} {say('bytes', 'バイト')}"
    if mine.size != theirs.size:
        yield DISK.fail(
            say(f"{host.name}: of unequal size: {sizes}",
                f"{host.name}: サイズが異なります: {sizes}"),
            say("make the partitions of equal size, to the byte",
                "パーティションをバイト単位で同じサイズにしてください"),
        )  # fmt: skip
    elif host.storage == REPLICATED:
        yield DISK.ok(
            say(f"{host.name}: of equal size: {sizes}", f"{host.name}: 同サイズ: {sizes}")
        )
    elif mine.identity and theirs.identity:
        if mine.identity != theirs.identity:
            told = f"{here.node} {mine.identity}, {there.node} {theirs.identity}"
            yield DISK.fail(
                say(f"{host.name}: the servers see different disks: {told}",
                    f"{host.name}: 両サーバーで異なるディスクです: {told}"),
                say("correct `device`, or connect the same disk to both servers",
                    "device を直すか、両サーバーに同じディスクを接続してください"),
            )  # fmt: skip
        else:
            yield DISK.ok(
                say(f"{host.name}: both servers see {mine.identity}",
                    f"{host.name}: 両サーバーから {mine.identity} が見えます")
            )  # fmt: skip


def _addresses(here: Answers, there: Answers) -> Finding:
    both = sorted(set(here.addresses) & set(there.addresses))
    if both:
        told = ", ".join(both)
        return ADDRESSES.fail(
            say(f"on {here.node} and on {there.node}: {told}",
                f"{here.node} と {there.node} の両方にあるもの: {told}"),
            say("take it off one of them; of a virtual IP, let the cluster software decide where",
                "片方から外してください。仮想 IP の位置はクラスターソフトウェアに任せます"),
        )  # fmt: skip
    return ADDRESSES.ok(say("each address is on one server", "重複はありません"))


def _versions(here: Answers, there: Answers) -> Finding:
    names = differing(here.versions, there.versions)
    if names:
        nothing = say("not installed", "なし")
        told = "; ".join(
            f"{name}: {here.node} {here.versions.get(name, nothing)}, "
            f"{there.node} {there.versions.get(name, nothing)}"
            for name in names
        )
        return VERSIONS.fail(
            told,
            say("install the same versions on both servers, and export again",
                "両サーバーに同じバージョンをインストールし、再度エクスポートしてください"),
        )  # fmt: skip
    told = ", ".join(f"{name} {version}" for name, version in sorted(here.versions.items()))
    return VERSIONS.ok(told)


def _resources(here: Answers, there: Answers) -> Finding:
    wrong = []
    for name in sorted({*here.resources, *there.resources}):
        mine, theirs = here.resources.get(name), there.resources.get(name)
        if mine and theirs and mine.written and theirs.written:
            keys = differing(mine.keys, theirs.keys)
            if keys:
                wrong.append(f"{name}: {', '.join(keys)}")
        elif (mine and mine.written) or (theirs and theirs.written):
            where = there.node if mine and mine.written else here.node
            wrong.append(say(f"{name}: not on {where}", f"{name}: {where} にありません"))
    keys = differing(here.node_file, there.node_file)
    if keys:
        wrong.append(f"ark.toml: {', '.join(keys)}")
    if wrong:
        return RESOURCES.fail(
            say(f"different: {'; '.join(wrong)}", f"異なるもの: {'; '.join(wrong)}"),
            say("copy the right files of /etc/ark to the other server, run `ark validate` there",
                "正しい /etc/ark のファイルを他方のサーバーにコピーし、"
                "そこで ark validate を実行してください"),
        )  # fmt: skip
    if not any(each.written for each in here.resources.values()):
        return RESOURCES.not_applicable(say("none is written yet", "まだ作成されていません"))
    return RESOURCES.ok(say("every value is the same", "すべての値が一致しています"))


def _clocks(here: Answers, there: Answers, now: float, *, piped: bool) -> Finding:
    """The difference, by what is known of it.

    Answers that come straight from the peer were taken just now. Those of a file were taken some
    time ago; but not in the future. Beyond that, both clocks follow a source, each known to be
    off by so much.
    """
    advice = say(
        "have both servers follow the same time servers (T4-2 #1), and export again",
        "両サーバーを同じ時刻サーバーに同期させ (T4-2 #1)、再度エクスポートしてください",
    )
    age = now - there.taken_at
    if age < -ALLOWED or (piped and age > ALLOWED_BY_PIPE):
        return CLOCKS.fail(
            say(f"{there.node} says {told_time(there.taken_at)}, {here.node} {told_time(now)}",
                f"{there.node} は {told_time(there.taken_at)}、{here.node} は {told_time(now)}"),
            advice,
        )  # fmt: skip
    if age > STALE:
        return CLOCKS.cannot_tell(
            say(f"the answers are of {told_time(there.taken_at)}",
                f"回答が古すぎます ({told_time(there.taken_at)})"),
            say(f"make them anew on {there.node}: ark preflight --export FILE",
                f"{there.node} で作り直してください: ark preflight --export FILE"),
        )  # fmt: skip
    if here.offset is not None and there.offset is not None:
        # Which way each is off, chrony and ntpd tell with opposite signs: so, at most.
        difference = abs(here.offset) + abs(there.offset)
        told = say(
            f"at most {difference:.3f} s, as their time sources tell",
            f"最大 {difference:.3f} 秒 (それぞれの時刻源による)",
        )
        return CLOCKS.ok(told) if difference <= ALLOWED else CLOCKS.fail(told, advice)
    if piped:
        return CLOCKS.ok(say(f"less than {ALLOWED_BY_PIPE:g} s", f"{ALLOWED_BY_PIPE:g} 秒未満"))
    return CLOCKS.cannot_tell(
        say("the clocks follow no time source that tells",
            "時刻源から時刻差を得られません"),
        say(f"ask {there.node} directly: ark preflight --peer {there.node}",
            f"直接問い合わせてください: ark preflight --peer {there.node}"),
    )  # fmt: skip
