"""What a person starts from a login outlives that login."""

from __future__ import annotations

import re

from arkcore.base.language import say
from arkcore.survey.check import Check

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from arkcore.base.finding import Finding
    from arkcore.survey.machine import Machine

LOGINS = Check(
    "logins",
    "what is started by hand outlives the login",
    "手動で開始したものがログアウト後も残ること",
)
_PLACES = ("/usr/lib/systemd", "/run/systemd", "/etc/systemd")
#: The first number of a person's account (login.defs(5)); what is below, logind takes for the
#: system's.
_FIRST_PERSON = 1000


def check_logins(machine: Machine, users: Collection[str]) -> Iterator[Finding]:
    """`users`: whom products run as beside root."""
    found = [*_killed(machine), *_removed(machine, users)]
    yield from found
    if not found:
        yield LOGINS.ok(say("nothing is ended at a logout", "ログアウト時に終了されません"))


def _killed(machine: Machine) -> Iterator[Finding]:
    spared = _setting(machine, "KillExcludeUsers", "root").split()
    only = _setting(machine, "KillOnlyUsers", "").split()
    of_root = "root" not in spared and (not only or "root" in only)
    if _is_on(_setting(machine, "KillUserProcesses", "no")) and of_root:
        yield LOGINS.warn(
            say("KillUserProcesses=yes, for root too: what ark run or a person has started is "
                "killed at the logout",
                "KillUserProcesses=yes が root にも適用されます。ark run や手動で開始したものが"
                "ログアウト時に強制終了されます"),
            say("write KillExcludeUsers=root in /etc/systemd/logind.conf, and restart "
                "systemd-logind",
                "/etc/systemd/logind.conf に KillExcludeUsers=root と書き、systemd-logind を"
                "再起動してください"),
        )  # fmt: skip


def _removed(machine: Machine, users: Collection[str]) -> Iterator[Finding]:
    if not _is_on(_setting(machine, "RemoveIPC", "no")):
        return
    persons = sorted(user for user in {*users} if _number_of(machine, user) >= _FIRST_PERSON)
    if persons:
        told = ", ".join(persons)
        yield LOGINS.warn(
            say(f"RemoveIPC=yes, and a product runs as {told}: its shared memory is removed when "
                f"{told} logs out",
                f"RemoveIPC=yes で、製品が {told} として動作します。{told} のログアウト時に共有"
                f"メモリーが削除されます"),
            say("write RemoveIPC=no in /etc/systemd/logind.conf and restart systemd-logind, or "
                "make it an account of the system (useradd --system)",
                "/etc/systemd/logind.conf に RemoveIPC=no と書いて systemd-logind を再起動するか、"
                "システムアカウント (useradd --system) にしてください"),
        )  # fmt: skip


def _setting(machine: Machine, key: str, default: str) -> str:
    texts = [machine.read("/etc/systemd/logind.conf") or ""]
    found = {
        name: f"{place}/logind.conf.d/{name}"
        for place in _PLACES
        for name in machine.listed(f"{place}/logind.conf.d")
        if name.endswith(".conf")
    }
    texts += [machine.read(found[name]) or "" for name in sorted(found)]
    given = re.compile(rf"^\s*{key}\s*=[ \t]*(.*?)\s*$", re.MULTILINE)
    values = [value for text in texts for value in given.findall(text)]
    return values[-1] if values else default


def _is_on(text: str) -> bool:
    return text.lower() in ("yes", "true", "on", "1")


def _number_of(machine: Machine, user: str) -> int:
    found = re.search(
        rf"^{re.escape(user)}:[^:]*:(\d+):", machine.read("/etc/passwd") or "", re.MULTILINE
    )
    return int(found[1]) if found else 0
