"""The limits that products inherit: of the cluster software's daemons, and of a person's login.

What the cluster manager starts has the limits of its service, and what `ark run` starts by hand has
those of the login.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from arkcore.base.language import say
from arkcore.survey.check import Check
from arkcore.survey.site import LIFEKEEPER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from arkcore.base.finding import Finding
    from arkcore.survey.machine import Machine
    from arkcore.survey.site import Site
    from arkcore.survey.units import Units

LIMITS = Check(
    "limits",
    "limits that the products inherit",
    "製品に引き継がれる資源の制限",
)
UNLIMITED = float("inf")
#: The service that starts the products, by the manager in the site file.
SERVICES = {LIFEKEEPER: "lifekeeper.service"}
PACEMAKER_SERVICE = "pacemaker.service"
_FACTORS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_CONF = "/etc/security/limits.conf"
_CONFS = "/etc/security/limits.d"


@dataclass(frozen=True)
class _Kind:
    """One limit. `least`: what is asked for where the site file says nothing; None for nothing.

    `unit`: how many bytes, or pieces, one of `ulimit` and of limits.conf is.
    """

    name: str
    proc: str
    setting: str
    least: float | None
    unit: int = 1


_KINDS = (
    _Kind("nofile", "Max open files", "LimitNOFILE", 1024),
    _Kind("nproc", "Max processes", "LimitNPROC", 1024),
    _Kind("memlock", "Max locked memory", "LimitMEMLOCK", None, 1 << 10),
)


def check_limits(
    machine: Machine, units: Units, site: Site, users: Collection[str], *, installed: bool
) -> Iterator[Finding]:
    """`users`: whom products run as beside root. `installed`: whether the cluster software is."""
    service = SERVICES.get(site.manager, PACEMAKER_SERVICE)
    found: list[Finding] = []
    running = _daemon(machine, service) if installed else None
    for kind in _KINDS:
        need = site.limits.get(kind.name, kind.least)
        if need is None:
            continue
        asked = kind.name in site.limits
        if running is not None:
            found += _of_daemon(running, service, kind, need, asked=asked)
        if installed:
            runs = running is not None
            found += _of_unit(units, service, kind, need, asked=asked, runs=runs)
        found += _of_logins(machine, ("root", *sorted({*users} - {"root"})), kind, need)
    # What cannot be read of a process is the same for each kind.
    yield from {each.seen: each for each in found}.values()
    if not installed and not found:
        yield LIMITS.not_applicable(
            say("the cluster software is not installed yet",
                "クラスターソフトウェアは未インストールです")
        )  # fmt: skip
    elif not found:
        told = ", ".join(
            f"{kind.name} {_shown(need)}"
            for kind in _KINDS
            if (need := site.limits.get(kind.name, kind.least)) is not None
        )
        yield LIMITS.ok(say(f"{service} and logins: at least {told}",
                            f"{service} とログイン: {told} 以上"))  # fmt: skip


# The daemon at work.


def _daemon(machine: Machine, service: str) -> tuple[str, str | None] | None:
    """Pid and limits of the process of the service that began first; None where none runs.

    The products that it has started may have other limits, of their own choice. The limits are None
    where they cannot be read.
    """
    inside = re.compile(rf"/{re.escape(service)}(/|$)", re.MULTILINE)
    found = {
        pid: _began(machine, pid)
        for pid in machine.listed("/proc")
        if pid.isdecimal() and inside.search(machine.read(f"/proc/{pid}/cgroup") or "")
    }
    if not found:
        return None
    first = min(found, key=lambda pid: (found[pid], int(pid)))
    return first, machine.read(f"/proc/{first}/limits")


def _began(machine: Machine, pid: str) -> int:
    """The start time of a process, in ticks since boot (proc(5)); 0 where it is not known."""
    fields = (machine.read(f"/proc/{pid}/stat") or "").rpartition(")")[2].split()
    return int(fields[19]) if len(fields) > 19 and fields[19].isdecimal() else 0


def _of_daemon(
    running: tuple[str, str | None], service: str, kind: _Kind, need: float, *, asked: bool
) -> Iterator[Finding]:
    pid, text = running
    given = re.search(rf"^{kind.proc}\s+(\S+)", text or "", re.MULTILINE)
    value = _number(given[1]) if given else None
    if value is None:
        yield LIMITS.cannot_tell(
            say(f"the limits of {service} (pid {pid})", f"{service} (pid {pid}) の制限"),
            f"cat /proc/{pid}/limits",
        )
    elif value / kind.unit < need:
        yield _too_low(
            say(f"{service} (pid {pid}) now", f"稼働中の {service} (pid {pid})"),
            service, kind, value / kind.unit, need, asked=asked,
        )  # fmt: skip


# The service as it is begun next.


def _of_unit(
    units: Units, service: str, kind: _Kind, need: float, *, asked: bool, runs: bool
) -> Iterator[Finding]:
    text = units.setting(service, kind.setting) or units.default(f"Default{kind.setting}")
    value = _number(text.partition(":")[0]) if text else None
    if text and value is None:
        yield LIMITS.cannot_tell(f"{service}: {kind.setting}={text}", f"systemctl cat {service}")
    elif value is not None and value / kind.unit < need:
        yield _too_low(
            say(f"{service} after its next start", f"次回起動後の {service}"),
            service, kind, value / kind.unit, need, asked=asked,
        )  # fmt: skip
    elif value is None and asked and not runs:
        # What holds by default depends on kernel and systemd.
        yield LIMITS.cannot_tell(
            say(f"{service} does not run and has no {kind.setting}: {kind.name}",
                f"{service} が停止中で、{kind.setting} の指定もありません: {kind.name}"),
            say(f"start it, and look: systemctl show {service} -p {kind.setting}",
                f"起動してから確認してください: systemctl show {service} -p {kind.setting}"),
        )  # fmt: skip
    if kind.name != "nproc":
        return
    tasks = units.setting(service, "TasksMax") or units.default("DefaultTasksMax")
    most = _number(tasks) if tasks else None
    if most is not None and most < need:
        yield _judged(asked)(
            say(f"{service}: TasksMax={tasks}, and all products that it starts count: "
                f"{_shown(need)} are needed",
                f"{service}: TasksMax={tasks}。起動する製品もすべて数えられるため、"
                f"{_shown(need)} 以上が必要です"),
            say(f"systemctl edit {service}: [Service] TasksMax={_shown(need)} or infinity; then "
                f"start it anew, with the resources on the other server",
                f"systemctl edit {service} で [Service] TasksMax={_shown(need)} か infinity を"
                f"指定し、リソースが相手サーバーにあるときに再起動してください"),
        )  # fmt: skip


# What a login gives.


def _of_logins(
    machine: Machine, users: tuple[str, ...], kind: _Kind, need: float
) -> Iterator[Finding]:
    rows = list(_rows(machine, kind.name))
    for user in users:
        # pam_limits(8): `*` is for everybody but root, and a row of the user's own overrides it.
        own = [value for domain, value in rows if domain == user]
        everybody = [value for domain, value in rows if domain == "*" and user != "root"]
        value = next(iter([*own[-1:], *everybody[-1:]]), None)
        if value is not None and value < need:
            yield LIMITS.warn(
                say(f"a login of {user} has {kind.name} {_shown(value)}: at least {_shown(need)} "
                    f"are needed, for what is started by hand inherits it",
                    f"{user} でのログインは {kind.name} が {_shown(value)} です。手動で開始した"
                    f"ものに引き継がれるため、{_shown(need)} 以上が必要です"),
                say(f"write in {_CONFS}/90-ark.conf: {user} - {kind.name} {_shown(need)}, and log "
                    f"in anew",
                    f"{_CONFS}/90-ark.conf に {user} - {kind.name} {_shown(need)} と書き、"
                    f"ログインし直してください"),
            )  # fmt: skip


def _rows(machine: Machine, item: str) -> Iterator[tuple[str, float]]:
    """Domain and soft limit of each row for `item`, in the order that they are read."""
    names = [name for name in machine.listed(_CONFS) if name.endswith(".conf")]
    for path in (_CONF, *(f"{_CONFS}/{name}" for name in names)):
        for line in (machine.read(path) or "").splitlines():
            words = line.partition("#")[0].split()
            if len(words) != 4 or words[2] != item:
                continue
            value = _number(words[3])
            # A hard limit that is lower than the soft one lowers it.
            if value is not None:
                yield words[0], value


# Words.


def _judged(asked: bool) -> Callable[[str, str], Finding]:
    """What is below the site file's number fails; below what Linux gives, it is a warning."""
    return LIMITS.fail if asked else LIMITS.warn


def _too_low(
    who: str, service: str, kind: _Kind, value: float, need: float, *, asked: bool
) -> Finding:
    given = f"{_shown(need * kind.unit)}"
    return _judged(asked)(
        say(f"{who}: {kind.name} {_shown(value)}; the products inherit it, and need at least "
            f"{_shown(need)}",
            f"{who}: {kind.name} が {_shown(value)} です。製品に引き継がれるため、{_shown(need)} "
            f"以上が必要です"),
        say(f"systemctl edit {service}: [Service] {kind.setting}={given}; then start it anew, with "
            f"the resources on the other server",
            f"systemctl edit {service} で [Service] {kind.setting}={given} を指定し、リソースが"
            f"相手サーバーにあるときに再起動してください"),
    )  # fmt: skip


def _number(text: str) -> float | None:
    """A limit as /proc, systemd and limits.conf write it; None where it is none of theirs."""
    if text.lower() in ("unlimited", "infinity", "-1"):
        return UNLIMITED
    found = re.fullmatch(r"(\d{1,18})([KMGT]?)", text)
    return float(int(found[1]) * _FACTORS[found[2]]) if found else None


def _shown(value: float) -> str:
    return say("unlimited", "無制限") if value == UNLIMITED else f"{value:.0f}"
