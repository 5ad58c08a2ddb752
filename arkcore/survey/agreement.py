"""The resource files agree with the site file and among themselves."""

from __future__ import annotations

import os
from dataclasses import dataclass

from arkcore.base.language import say
from arkcore.survey.check import Check
from arkcore.survey.site import LIFEKEEPER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from arkcore.base.finding import Finding
    from arkcore.survey.machine import Machine
    from arkcore.survey.site import LogicalHost, Site

AGREEMENT = Check(
    "agreement",
    "the resource files agree with the site file",
    "リソースファイルとサイトファイルの整合",
)
#: The languages that every system has.
_PLAIN = frozenset(("C", "POSIX"))


@dataclass(frozen=True)
class Declared:
    """What a resource file declares. `lang`, `user`: of its options, "" where there are none."""

    requires: tuple[str, ...]
    mount_points: tuple[str, ...]
    lang: str = ""
    user: str = ""


def check_agreement(
    machine: Machine, site: Site, declared: Mapping[str, Declared]
) -> Iterator[Finding]:
    """`declared`: by resource; without those whose files are not written or cannot be used."""
    found = [*_shared_points(site)]
    for host in site.logical_hosts:
        written = {name: declared[name] for name in host.resources if name in declared}
        found += _order(site, host, written)
        found += _points(site, host, written)
        found += _languages(host, written)
    found += _unknown_languages(machine, declared)
    yield from found
    if not declared:
        yield AGREEMENT.not_applicable(
            say("no resource file can be used yet", "使えるリソースファイルがまだありません")
        )
    elif not found:
        yield AGREEMENT.ok(", ".join(("requires", "mount_points", "lang")))


def _order(site: Site, host: LogicalHost, written: Mapping[str, Declared]) -> Iterator[Finding]:
    """Each but the first requires an earlier one, and none a later one."""
    order = list(host.resources)
    for name, mine in written.items():
        place = order.index(name)
        for later in order[place + 1 :]:
            if later in mine.requires:
                yield AGREEMENT.fail(
                    say(f"{name} requires {later}, which the site file starts after it",
                        f"{name} は {later} を requires に持ちますが、サイトファイルでは "
                        f"{later} の方が後です"),
                    say("correct `requires` of the resource file, or the order of `resources` in "
                        "site.toml",
                        "リソースファイルの requires か、site.toml の resources の順序を直して"
                        "ください"),
                )  # fmt: skip
        if place and not mine.requires and site.manager == LIFEKEEPER:
            before = order[place - 1]
            yield AGREEMENT.warn(
                say(f"{name} requires nothing, though the site file starts {before} before it",
                    f"{name} に requires がありませんが、サイトファイルでは {before} が先です"),
                say(f'write requires = ["{before}"] in {name}.toml: else a recover of {before} '
                    f"does not stop and start {name}",
                    f'{name}.toml に requires = ["{before}"] と書いてください。ないと、{before} の '
                    f"recover で {name} が停止・開始されません"),
            )  # fmt: skip


def _points(site: Site, host: LogicalHost, written: Mapping[str, Declared]) -> Iterator[Finding]:
    wanted = os.path.normpath(host.mount_point) if host.mount_point else ""
    others = {
        os.path.normpath(each.mount_point): each.name
        for each in site.logical_hosts
        if each.mount_point and os.path.normpath(each.mount_point) != wanted
    }
    for name, mine in written.items():
        given = [os.path.normpath(each) for each in mine.mount_points]
        told = ", ".join(given)
        for point in given:
            if point in others:
                yield AGREEMENT.fail(
                    say(f"{name}: mount_points: {point} is of {others[point]}, not of {host.name}",
                        f"{name}: mount_points の {point} は {host.name} ではなく "
                        f"{others[point]} のものです"),
                    _correct(name, wanted),
                )  # fmt: skip
        if wanted and given and wanted not in given and not set(given) & set(others):
            yield AGREEMENT.fail(
                say(f"{name}: mount_points: {told}; the site file says {wanted}",
                    f"{name}: mount_points は {told}、サイトファイルでは {wanted} です"),
                _correct(name, wanted),
            )  # fmt: skip
        elif wanted and not given and not _is_covered(name, written):
            if site.manager == LIFEKEEPER:
                yield AGREEMENT.warn(
                    say(f"{name} has no mount_points; the site file says {wanted}",
                        f"{name} に mount_points がありません。サイトファイルでは {wanted} です"),
                    _correct(name, wanted),
                )  # fmt: skip


def _correct(name: str, wanted: str) -> str:
    value = f'["{wanted}"]' if wanted else "[]"
    return say(
        f"write mount_points = {value} in {name}.toml: a start without the disk writes beneath the "
        f"mount point",
        f"{name}.toml に mount_points = {value} と書いてください。ディスクなしで開始すると、"
        f"マウントポイントの下に書き込まれます",
    )


def _is_covered(name: str, written: Mapping[str, Declared]) -> bool:
    """Whether a resource that `name` requires, directly or in turn, needs a mount point.

    One whose file cannot be used may: its own finding tells what is wrong.
    """
    seen: set[str] = set()
    ahead = [name]
    while ahead:
        each = ahead.pop()
        if each in seen:
            continue
        seen.add(each)
        if each not in written or written[each].mount_points:
            return True
        ahead += written[each].requires
    return False


def _shared_points(site: Site) -> Iterator[Finding]:
    """Two logical hosts that may run on different servers have disks of their own."""
    for number, host in enumerate(site.logical_hosts):
        for other in site.logical_hosts[:number]:
            for key in ("mount_point", "device"):
                value = getattr(host, key)
                if value and value == getattr(other, key):
                    told = say(
                        f"{other.name} and {host.name} have one {key}: {value}",
                        f"{other.name} と {host.name} の {key} が同じです: {value}",
                    )
                    advice = say(
                        "give each a disk of its own in site.toml: one disk cannot be on two "
                        "servers",
                        "site.toml でそれぞれ専用のディスクにしてください。1 つのディスクを 2 台で"
                        "同時には使えません",
                    )
                    apart = host.active != other.active
                    yield AGREEMENT.fail(told, advice) if apart else AGREEMENT.warn(told, advice)


def _languages(host: LogicalHost, written: Mapping[str, Declared]) -> Iterator[Finding]:
    given = {name: each.lang for name, each in written.items() if each.lang}
    if len({_character_set(lang) for lang in given.values()}) > 1:
        told = ", ".join(f"{name} {lang}" for name, lang in given.items())
        yield AGREEMENT.fail(
            say(f"{host.name}: lang of different character sets: {told}",
                f"{host.name}: lang の文字コードが異なります: {told}"),
            say("give all resources of a logical host the one that their products were set up with",
                "論理ホストの全リソースに、製品をセットアップしたときの文字コードを指定して"
                "ください"),
        )  # fmt: skip


def _character_set(lang: str) -> str:
    if lang in _PLAIN:
        return "C"
    code = lang.partition(".")[2].partition("@")[0]
    return "".join(each for each in code.lower() if each.isalnum())


def _plain(lang: str) -> str:
    """A locale's name as `locale -a` writes it: the character set small and without hyphens."""
    return f"{lang.partition('.')[0]}.{_character_set(lang)}"


def _unknown_languages(machine: Machine, declared: Mapping[str, Declared]) -> Iterator[Finding]:
    wanted = sorted({each.lang for each in declared.values() if each.lang} - _PLAIN)
    if not wanted:
        return
    answer = machine.run("locale", "-a")
    if not answer.ok:
        yield AGREEMENT.cannot_tell(
            f"lang: {answer.problem}",
            say("look by hand: locale -a", "locale -a で確認してください"),
        )
        return
    known = {_plain(line.strip()) for line in answer.text.splitlines()}
    missing = [lang for lang in wanted if _plain(lang) not in known]
    if missing:
        told = ", ".join(missing)
        yield AGREEMENT.warn(
            say(f"this system has no locale {told}", f"このシステムにロケール {told} がありません"),
            say("install it (glibc-langpack-ja, or localedef), or correct `lang`: without it the "
                "product's commands run as in C",
                "インストールするか (glibc-langpack-ja または localedef)、lang を直してください。"
                "ないと、製品のコマンドは C で動作します"),
        )  # fmt: skip
