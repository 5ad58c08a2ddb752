"""T4-1 #1 and #2: the names in /etc/hosts."""

from __future__ import annotations

import ipaddress

from arkcore.base.language import say
from arkcore.survey.check import Check

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from arkcore.base.finding import Finding
    from arkcore.survey.machine import Machine
    from arkcore.survey.site import Node, Site

OWN_NAME = Check(
    "T4-1 #1", "own host name in /etc/hosts", "自サーバーのホスト名の /etc/hosts への登録"
)
ALL_NAMES = Check(
    "T4-1 #2",
    "the other host names in /etc/hosts",
    "稼働系・待機系・論理サーバーのホスト名の /etc/hosts への登録",
)


def check_names(machine: Machine, site: Site, node: Node) -> Iterator[Finding]:
    text = machine.read("/etc/hosts")
    if text is None:
        advice = say("make /etc/hosts readable", "/etc/hosts を読めるようにしてください")
        problem = say("/etc/hosts cannot be read", "/etc/hosts を読めません")
        yield OWN_NAME.fail(problem, advice)
        yield ALL_NAMES.fail(problem, advice)
        return
    hosts = addresses_by_name(text)
    written = _words(text)
    yield from _own_name(machine, node, hosts, written)
    for name, address in site.addresses().items():
        if name != node.name:
            yield _judged(ALL_NAMES, name, address, hosts, written)


def _words(text: str) -> set[str]:
    """The names of an /etc/hosts as they are written."""
    lines = (line.partition("#")[0].split() for line in text.splitlines())
    return {name for line in lines for name in line[1:]}


def _own_name(
    machine: Machine, node: Node, hosts: dict[str, list[str]], written: set[str]
) -> Iterator[Finding]:
    if _short(machine.host_name) != _short(node.name):
        yield OWN_NAME.fail(
            say(f"this server calls itself {machine.host_name}, the site file {node.name}",
                f"このサーバーのホスト名は {machine.host_name}、"
                f"サイトファイルでは {node.name} です"),
            say("make them the same: hostnamectl set-hostname, or `name` in site.toml",
                "hostnamectl set-hostname か site.toml の name で一致させてください"),
        )  # fmt: skip
        return
    own = machine.host_name.partition(".")[0]
    if own != node.name.partition(".")[0]:
        yield OWN_NAME.warn(
            say(f"this server calls itself {machine.host_name}, the site file {node.name}: small "
                f"and capital letters differ",
                f"このサーバーのホスト名は {machine.host_name}、サイトファイルでは {node.name} で、"
                f"大文字・小文字が異なります"),
            say("write both alike: a product may take them for two names",
                "同じ表記にしてください。製品によっては別の名前とみなされます"),
        )  # fmt: skip
    yield _judged(OWN_NAME, node.name, node.service, hosts, written)


def _judged(
    check: Check, name: str, address: str, hosts: dict[str, list[str]], written: set[str]
) -> Finding:
    found = hosts.get(name.lower(), [])
    line = f"{address} {name}"
    if not found:
        return check.fail(
            say(f"{name} is not in /etc/hosts", f"{name} が /etc/hosts にありません"),
            say(f"add the line: {line}", f"次の行を追加してください: {line}"),
        )
    if found == [address] and name not in written:
        other = next(each for each in sorted(written) if each.lower() == name.lower())
        return check.warn(
            say(f"{name} is written {other} in /etc/hosts",
                f"{name} が /etc/hosts では {other} と書かれています"),
            say(f"write it alike: {line}; a product may take them for two names",
                f"同じ表記にしてください: {line}。製品によっては別の名前とみなされます"),
        )  # fmt: skip
    if found == [address]:
        return check.ok(say(f"{name} is {address}", f"{name} は {address}"))
    seen = ", ".join(found)
    if any(_is_loopback(each) for each in found):
        advice = say(
            f"take {name} out of the line of {seen}; the line must be: {line}",
            f"ループバックの行から {name} を除き、次の行にしてください: {line}",
        )
    else:
        advice = say(f"leave one line for it: {line}", f"次の 1 行だけにしてください: {line}")
    return check.fail(
        say(f"{name} is {seen}, not {address}", f"{name} は {seen} で、{address} ではありません"),
        advice,
    )


def addresses_by_name(text: str) -> dict[str, list[str]]:
    """The addresses of each name of an /etc/hosts, in order of writing; names in small letters.

    Where one name has an IPv4 and an IPv6 loopback address, both are told.
    """
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        address, *names = line.partition("#")[0].split() or [""]
        try:
            plain = str(ipaddress.ip_address(address))
        except ValueError:
            continue
        for name in names:
            addresses = found.setdefault(name.lower(), [])
            if plain not in addresses:
                addresses.append(plain)
    return found


def _is_loopback(address: str) -> bool:
    return ipaddress.ip_address(address).is_loopback


def _short(name: str) -> str:
    return name.partition(".")[0].lower()
