"""What is looked at before a service is protected, on each node."""

from __future__ import annotations

from ark_systemd import _facts
from ark_systemd._show import OF_STATUS, NoAnswer, ask
from arkcore import Finding, Level, say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from arkcore import Context

_ASKED = (*OF_STATUS, "Id", "UnitFileState", "Type", "Restart", "KillMode", "TriggeredBy")


def findings(ctx: Context) -> Iterator[Finding]:
    """One finding for each thing that a unit of the cluster needs here."""
    unit: str = ctx.options.unit
    try:
        seen = ask(ctx, (*_ASKED, "NeedDaemonReload"))
    except NoAnswer as error:
        advice = say("see systemctl status", "systemctl status で確認してください")
        yield Finding("options.unit", Level.FAIL, str(error), advice)
        return
    if seen["LoadState"] != "loaded":
        told = f"{unit}: LoadState={seen['LoadState']}"
        advice = say(
            "install the service, or correct options.unit; systemctl status tells more",
            "サービスを導入するか options.unit を訂正してください。詳細は systemctl status で確認",
        )
        yield Finding("options.unit", Level.FAIL, told, advice)
        return
    yield _identity(unit, seen)
    yield _boot(unit, seen)
    yield _trigger(seen)
    yield _kind(seen)
    yield _restart(seen)
    yield _kill_mode(seen)
    if seen.get("NeedDaemonReload") == "yes":
        told = say("its files were changed since they were read", "読み込み後に変更されています")
        yield Finding("unit file", Level.WARN, told, "systemctl daemon-reload")


def _identity(unit: str, seen: Mapping[str, str]) -> Finding:
    real = seen.get("Id", unit)
    if real != unit:
        told = say(f"{unit} is another name of {real}", f"{unit} は {real} の別名です")
        return Finding("options.unit", Level.FAIL, told, f'unit = "{real}"')
    return Finding("options.unit", Level.OK, unit)


def _boot(unit: str, seen: Mapping[str, str]) -> Finding:
    state = seen.get("UnitFileState", "")
    if state in _facts.AT_BOOT:
        told = say(
            f"{state}: the system starts it at boot, on both nodes",
            f"{state}: OS の起動時に両ノードで開始されます",
        )
        return Finding("start at boot", Level.FAIL, told, f"systemctl disable {unit}")
    return Finding("start at boot", Level.OK, state or say("no unit file", "ユニットファイルなし"))


def _trigger(seen: Mapping[str, str]) -> Finding:
    triggers = seen.get("TriggeredBy", "")
    if triggers:
        told = say(
            f"{triggers} may start it behind the cluster's back",
            f"{triggers} がクラスターの外で開始する可能性があります",
        )
        return Finding("triggers", Level.FAIL, told, f"systemctl disable --now {triggers}")
    return Finding("triggers", Level.OK, say("nothing triggers it", "ほかから開始されません"))


def _kind(seen: Mapping[str, str]) -> Finding:
    kind = seen.get("Type", "")
    if kind == "oneshot":
        told = say(
            "oneshot: only while a process of it lives is it known to run",
            "oneshot: プロセスが存在する間だけ稼働中とみなします",
        )
        advice = say(
            "protect what it starts instead, unless it leaves processes",
            "プロセスが残らない場合は、開始される対象を直接保護してください",
        )
        return Finding("Type", Level.WARN, told, advice)
    return Finding("Type", Level.OK, kind)


def _restart(seen: Mapping[str, str]) -> Finding:
    restart = seen.get("Restart", "no")
    if restart != "no":
        told = say(
            f"Restart={restart}: systemd restarts it, and the cluster hears of no failure",
            f"Restart={restart}: systemd が再起動し、クラスターは異常を検知しません",
        )
        return Finding("Restart", Level.WARN, told, "Restart=no")
    return Finding("Restart", Level.OK, restart)


def _kill_mode(seen: Mapping[str, str]) -> Finding:
    mode = seen.get("KillMode", "")
    if mode in ("process", "none"):
        told = say(
            f"KillMode={mode}: a stop leaves processes, which are then ended by force",
            f"KillMode={mode}: 停止後に残ったプロセスは強制終了されます",
        )
        return Finding("KillMode", Level.WARN, told, "KillMode=control-group")
    return Finding("KillMode", Level.OK, mode)
