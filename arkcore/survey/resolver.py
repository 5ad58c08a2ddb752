"""How names are looked up: /etc/hosts first, and no name server that keeps everybody waiting."""

from __future__ import annotations

import os
import re
import select
import socket
import time

from arkcore.base.language import say
from arkcore.survey.check import Check

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from arkcore.base.finding import Finding
    from arkcore.survey.machine import Machine

RESOLVER = Check("resolver", "how names are looked up", "名前解決の設定")
#: Sources that answer from elsewhere, or that a fault elsewhere delays (nsswitch.conf(5)).
_REMOTE = frozenset(("dns", "ldap", "nis", "nisplus", "hesiod", "wins", "sss", "winbind"))
#: The C library asks no more of them (resolv.conf(5)).
_MOST = 3
#: Seconds from the question to the last answer.
_WITHIN = 1.5
#: A question of DNS (RFC 1035) for the address of localhost, which no server asks others for.
_HEADER = b"\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
_QUESTION = b"\x09localhost\x00\x00\x01\x00\x01"


class Asked:
    """The name servers of this machine, each asked once when this is made."""

    def __init__(self, machine: Machine) -> None:
        text = machine.read("/etc/resolv.conf") or ""
        self.servers = re.findall(r"^\s*nameserver\s+(\S+)", text, re.MULTILINE)[:_MOST]
        self._until = time.monotonic() + _WITHIN
        self._open: dict[socket.socket, str] = {}
        self._silent: list[str] = []
        for server in self.servers:
            try:
                self._ask(server)
            except OSError:
                self._silent.append(server)

    def _ask(self, server: str) -> None:
        family, kind, protocol, _, address = socket.getaddrinfo(
            server, 53, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST
        )[0]
        asking = socket.socket(family, kind, protocol)
        try:
            asking.setblocking(False)
            asking.connect(address)
            asking.send(os.urandom(2) + _HEADER + _QUESTION)
        except OSError:
            asking.close()
            raise
        self._open[asking] = server

    def silent(self) -> list[str]:
        """The servers that have not answered in time."""
        while self._open and (left := self._until - time.monotonic()) > 0:
            ready, _, _ = select.select(list(self._open), [], [], left)
            for each in ready:
                server = self._open.pop(each)
                try:
                    each.recv(512)
                except OSError:
                    self._silent.append(server)
                each.close()
        for each, server in self._open.items():
            self._silent.append(server)
            each.close()
        self._open.clear()
        return [server for server in self.servers if server in self._silent]


def check_resolver(machine: Machine, asked: Asked) -> Iterator[Finding]:
    yield _order(machine)
    silent = asked.silent()
    if silent:
        told = ", ".join(silent)
        yield RESOLVER.warn(
            say(f"no answer from the name server {told}",
                f"ネームサーバー {told} が応答しません"),
            say("correct /etc/resolv.conf: each look-up of a name that is not in /etc/hosts waits "
                "for it, by default 5 s a time",
                "/etc/resolv.conf を直してください。/etc/hosts にない名前を引くたびに、"
                "既定で 5 秒ずつ待たされます"),
        )  # fmt: skip
    elif asked.servers:
        told = ", ".join(asked.servers)
        yield RESOLVER.ok(say(f"the name server answers: {told}",
                              f"ネームサーバーが応答します: {told}"))  # fmt: skip


def _order(machine: Machine) -> Finding:
    text = machine.read("/etc/nsswitch.conf")
    if text is None:
        return RESOLVER.cannot_tell(
            "/etc/nsswitch.conf",
            say(
                "write one with the line: hosts: files dns",
                "次の行を含むファイルを作成してください: hosts: files dns",
            ),
        )
    lines = re.findall(r"^\s*hosts:([^#\n]*)", text, re.MULTILINE)
    sources = re.sub(r"\[[^]]*\]", " ", lines[-1]).split() if lines else []
    seen = (
        f"hosts: {' '.join(sources)}" if lines else say("no line hosts:", "hosts: の行がありません")
    )
    advice = say(
        "write in /etc/nsswitch.conf: hosts: files dns (files first); else a fault of the name "
        "service decides whether the servers know each other",
        "/etc/nsswitch.conf に hosts: files dns と (files を先頭に) 書いてください。そうでないと、"
        "ネームサービスの障害で相手サーバーの名前を引けなくなります",
    )
    before = sources[: sources.index("files")] if "files" in sources else sources
    if not lines:
        return RESOLVER.cannot_tell(seen, advice)
    if "files" not in sources and "resolve" not in sources:
        return RESOLVER.fail(
            say(f"/etc/hosts is not looked at: {seen}", f"/etc/hosts が参照されません: {seen}"),
            advice,
        )
    if _REMOTE & set(before):
        if "resolve" in before and before.index("resolve") == 0:
            return RESOLVER.warn(seen, advice)
        return RESOLVER.fail(
            say(f"/etc/hosts is not looked at first: {seen}",
                f"/etc/hosts が最初に参照されません: {seen}"),
            advice,
        )  # fmt: skip
    if "myhostname" in before:
        return RESOLVER.warn(
            say(f"{seen}: this server's own name may be any of its addresses, the virtual IP too",
                f"{seen}: 自サーバーの名前が、仮想 IP を含む任意の自アドレスになることがあります"),
            advice,
        )  # fmt: skip
    return RESOLVER.ok(seen)
