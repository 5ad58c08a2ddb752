"""What a plugin does beside its work: what its daemons inherit, what its hooks leave changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ark_testing.checks.check import check
from ark_testing.checks.inheritance import what_was_inherited
from ark_testing.finding import Failed, expect
from ark_testing.host import HookCall, Host, Lost, await_that, shown
from ark_testing.places import is_beneath, ours
from ark_testing.ras_reading import RasReading
from ark_testing.subject import Subject, last_of
from arkcore.machine.processes import Process

#: Hooks that may say, by raising StepFailed, that their step has failed.
_OF_A_CHECK = "QuickCheck "
_MAY_FAIL = ("ark_start", "ark_stop", "ark_force_stop")


@check(
    "a daemon inherits nothing of its caller's: descriptors, locks, terminal, signals, directory, "
    "environment",
    "デーモンは呼び出し元のものを何も引き継がない（ファイル、ロック、端末、シグナル、"
    "ディレクトリ、環境変数）",
)
def daemons_inherit_nothing(subject: Subject) -> None:
    host = subject.host
    subject.stopped()
    end = host.restore(messy=True)
    expect(end.code == 0, f"called from messy surroundings, restore: {last_of(host)}")
    expect(not end.held, "something that was started holds its caller's output open")
    found: list[str] = []

    def nothing() -> bool:
        # A process may block a signal, or hold a file, for a moment of its own.
        nonlocal found
        found = what_was_inherited(host)
        return not found

    if not await_that(nothing, 1.0):
        raise Failed(f"{'; '.join(found)}; start it by ctx.run, which hands nothing on")


@check(
    "hooks print nothing",
    "フックは標準出力にも標準エラー出力にも何も書かない",
)
def hooks_print_nothing(subject: Subject) -> None:
    _each_call(
        subject,
        lambda call: f"printed {call.printed[:60]!r}; use ctx.log" if call.printed else "",
    )


@check(
    "hooks raise nothing, but StepFailed where a step failed",
    "フックは例外を送出しない（ステップ失敗時の StepFailed を除く）",
)
def hooks_raise_nothing(subject: Subject) -> None:
    def wrong(call: HookCall) -> str:
        if not call.raised or (call.raised == "StepFailed" and call.hook in _MAY_FAIL):
            return ""
        subject.exceptions.add(call.raised)
        return f"raised {call.raised}"

    _each_call(subject, wrong)


@check(
    "hooks leave their process as it was: directory, environment, umask, signals, descriptors",
    "フックはプロセスの状態（ディレクトリ、環境変数、umask、シグナルなど）を変えない",
)
def hooks_change_nothing_of_their_process(subject: Subject) -> None:
    changed = subject.declaration()["changed"]
    expect(not changed, f"importing it changed {'; '.join(changed)}; a module only defines")
    _each_call(subject, lambda call: f"changed {'; '.join(call.changed)}" if call.changed else "")


@check(
    "nothing is kept in the class or the module: each worker begins anew",
    "クラスやモジュールに状態を保持しない",
)
def nothing_is_kept_in_the_class(subject: Subject) -> None:
    _each_call(
        subject,
        lambda call: (
            f"changed {', '.join(call.kept)}, of which no other worker knows" if call.kept else ""
        ),
    )


def _each_call(subject: Subject, wrong: Callable[[HookCall], str]) -> None:
    found = []
    for call in subject.once(every_hook_in_every_state):
        told = wrong(call)
        if told and f"{call.hook} {told}" not in found:
            found.append(f"{call.hook} {told}")
    expect(not found, "; ".join(found))


def every_hook_in_every_state(subject: Subject) -> list[HookCall]:
    """Call every hook while it runs, is half dead, and is stopped; for `Subject.once`."""
    host = subject.host
    subject.clear(host)
    host.calls.clear()
    try:
        _walk(subject, host)
    except Lost as error:
        raise Failed(str(error)) from error
    return list(host.calls)


def _walk(subject: Subject, host: Host) -> None:
    starts, stops = subject.installation.starts_within, subject.installation.stops_within
    host.look()
    host.preflight()
    for how_it_ends in ("stop", "force"):
        host.step("start", starts)
        host.look()
        if how_it_ends == "force":
            host.kill(host.living()[:1])
            host.look()
        host.step(how_it_ends, stops + 8.0)
        host.look()


@dataclass(frozen=True)
class _Preflight:
    """What the first preflight found, and all that it did."""

    findings: Sequence[dict[str, str]]
    calls: Sequence[HookCall]
    #: What lives after it, and did not before.
    started: Sequence[Process]


def _preflight(subject: Subject) -> _Preflight:
    host = subject.host
    before, noted = host.living(), len(host.calls)
    try:
        findings = host.preflight()
    except Lost as error:
        raise Failed(str(error)) from error
    started = [each for each in host.living() if each not in before]
    return _Preflight(findings, host.calls[noted:], started)


@check(
    "ark_preflight and ark_check_configuration change nothing: they start, make, write and remove "
    "nothing",
    "ark_preflight と ark_check_configuration は何も変更しない"
    "（起動、作成、書き込み、削除をしない）",
)
def preflight_changes_nothing(subject: Subject) -> None:
    seen = subject.once(_preflight)
    expect(not seen.started, f"a look before an installation has started {shown(seen.started)}")
    own = ours(subject)
    for call in seen.calls:
        changed = sorted(each for each in call.wrote if not is_beneath(each, own))
        expect(not changed, f"{call.hook} {'; '.join(changed)}; it may only look")


@check(
    "ark_preflight and ark_check_configuration tell what they looked at, what they saw, and what "
    "to do where that is not well",
    "ark_preflight と ark_check_configuration は、確認項目、結果、対処を示す",
)
def preflight_tells_what_to_do(subject: Subject) -> None:
    wrong = []
    for finding in subject.once(_preflight).findings:
        if "wrong" in finding:
            wrong.append(finding["wrong"])
            continue
        name = finding["check"] or "a finding without a name"
        wrong += [
            f"{name}: {key} must be one line, not {finding[key]!r}"
            for key in ("check", "seen")
            if len(finding[key].splitlines()) != 1
        ]
        if finding["level"] in ("warn", "fail", "unknown") and not finding["advice"].strip():
            wrong.append(f"{name}: says {finding['level']}, and not what to do about it")
    expect(not wrong, "; ".join(wrong))


@check(
    "in the RAS log every start has its end, and every line its form",
    "RAS ログでは、すべての開始行に終了行があり、書式が正しい",
)
def log_is_in_pairs(subject: Subject) -> None:
    host = subject.host
    subject.running()
    before = len(host.messages())
    end = host.quick_check()
    # What a check of its own finds wrong, explains itself.
    talked = host.messages()[before:] if end.code == 0 else []
    host.remove()
    problems: list[str] = []
    reading = RasReading(Path(host.prefix) / "var/log/ark/ras.log")
    try:
        entries = reading.news(problems)
        reading.count(entries, killed=False, problems=problems)
        problems += [f"has no end: {each}" for each in reading.unpaired()]
    finally:
        reading.close()
    expect(entries, "nothing stands in it")
    expect(not problems, "; ".join(problems))
    talked = [each for each in talked if not each.startswith(_OF_A_CHECK)]
    expect(
        not talked,
        f"a quickCheck of what runs told {talked[0] if talked else ''!r}: it would stand there "
        f"every few minutes; tell it by ctx.log.debug",
    )
