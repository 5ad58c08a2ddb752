"""Commands that hang or refuse, a disk or a product that is away: in time, and never untrue."""

from __future__ import annotations

from ark_testing.checks.check import check
from ark_testing.checks.force import timers_of_a_late_stop
from ark_testing.checks.life import lasting
from ark_testing.checks.truth import missed_by
from ark_testing.finding import Failed, Unreached, expect
from ark_testing.host import Look, await_that, shown
from ark_testing.installation import Capability
from ark_testing.spoiling import Fault, away, spoilt
from ark_testing.subject import Subject, last_of
from arkcore.base.status import Status

#: Seconds that ending a late command and the machine's other work may add to a timer.
_MOMENT = 3.0
#: Seconds a hook is given whose command hangs.
_SHORT = 0.5

_HOOKS = {
    "status": "ark_status",
    "start": "ark_start",
    "stop": "ark_stop",
    "force_stop": "ark_force_stop",
}


@check(
    "a hook whose command hangs comes back when its deadline has passed",
    "コマンドが応答しなくても、フックは期限までに戻る",
    Capability.HOSTILE_COMMANDS,
)
def hooks_keep_their_deadline(subject: Subject) -> None:
    host = subject.host
    for name, hook in _HOOKS.items():
        if name not in host.given.commands:
            continue
        if name == "start":
            subject.stopped()
        else:
            subject.running()
        with spoilt(host.given.commands[name], Fault.HANGS):
            call = host.call_hook(hook, _SHORT)
        if call is None:
            raise Failed(
                f"its command hung, and {hook} had not come back {_MOMENT:g} s after its deadline; "
                f"wait through ctx only: ctx.run, ctx.wait_until"
            )
        may = ("", "StepFailed") if hook != "ark_status" else ("",)
        expect(
            call.raised in may,
            f"its command was late and had said nothing, and {hook} raised {call.raised}; "
            f"returncode is None then, and output is empty",
        )


@check(
    "a start that hangs fails in time, and leaves a clean node",
    "開始コマンドが応答しないとき、時間内に失敗し、何も残さない",
    Capability.HOSTILE_COMMANDS,
)
def hanging_start_fails_in_time(subject: Subject) -> None:
    host = subject.host
    start = host.given.commands.get("start")
    if start is None:
        return
    subject.stopped()
    cleanup = subject.timer(host, "restore.cleanup")
    with (
        subject.hurried(host, {"restore.process": 1.0}),
        spoilt(start, Fault.HANGS),
    ):
        end = host.restore()
    expect(end.code == 1, f"its start hung, and restore ended with {end.code}")
    _in_time(end.seconds, 1.0 + cleanup, "a restore whose start hung")
    _nothing_lives(subject)


@check(
    "a stop that hangs is followed by the forced stop, in time",
    "停止コマンドが応答しないとき、時間内に強制停止する",
    Capability.HOSTILE_COMMANDS,
)
def hanging_stop_is_forced(subject: Subject) -> None:
    _remove_with(subject, {"stop": Fault.HANGS})


@check(
    "a stop that refuses is followed by the forced stop at once",
    "停止コマンドが失敗したら、すぐに強制停止する",
    Capability.HOSTILE_COMMANDS,
)
def refused_stop_is_told(subject: Subject) -> None:
    host = subject.host
    stop = host.given.commands.get("stop")
    if stop is None:
        return
    subject.running()
    with spoilt(stop, Fault.REFUSES):
        call = host.call_hook("ark_stop", subject.installation.stops_within)
    if call is None:
        raise Failed("its command refused, and ark_stop did not come back")
    if not call.raised and host.living():
        # A plugin may have found another way to stop it.
        gone = await_that(lambda: not host.living(), min(subject.installation.stops_within, 2.0))
        expect(
            gone,
            "its command returned 1, and ark_stop raised nothing: nobody knows that the forced "
            "stop is due; raise StepFailed, as ctx.run(…).check() does",
        )
    _remove_with(subject, {"stop": Fault.REFUSES})


@check(
    "where stop and forced stop hang both, a remove still ends in time with nothing alive",
    "停止・強制停止コマンドがともに応答しなくても、時間内にすべて終了する",
    Capability.HOSTILE_COMMANDS,
)
def hanging_forced_stop_is_overcome(subject: Subject) -> None:
    if "force_stop" in subject.host.given.commands:
        _remove_with(subject, {"stop": Fault.REFUSES, "force_stop": Fault.HANGS})


@check(
    "a status that hangs fails when its timer ends, and harms nothing",
    "状態確認が応答しないとき、タイマーの終了で異常と判定し、何も壊さない",
    Capability.HOSTILE_COMMANDS,
)
def hanging_status_fails_in_time(subject: Subject) -> None:
    host = subject.host
    status = host.given.commands.get("status")
    if status is None:
        return
    subject.running()
    before = host.living()
    timers = {"quickcheck.process": 1.0, "quickcheck.cleanup": 2.0}
    codes: list[int | None] = []
    with subject.hurried(host, timers), spoilt(status, Fault.HANGS):
        while 1 not in codes and len(codes) < 4:
            end = host.quick_check()
            codes.append(end.code)
            _in_time(end.seconds, 3.0, "a quickCheck whose status hung")
    expect(codes[-1] == 1, f"its status hung beyond the timer, and the quickChecks ended: {codes}")
    lost = [each for each in lasting(subject, before) if each not in host.living()]
    expect(not lost, f"a quickCheck whose status hung has ended {shown(lost)}")


#: How a status command breaks.
_BROKEN = {
    Fault.BREAKS: "cannot begin, and says so in no known encoding",
    Fault.DIES: "is ended by a signal",
}


@check(
    "ark_stop ends what runs, whatever its status command says",
    "状態確認コマンドが故障していても、ark_stop は停止する",
    Capability.HOSTILE_COMMANDS,
)
def stop_needs_no_status(subject: Subject) -> None:
    host = subject.host
    status = host.given.commands.get("status")
    if status is None:
        return
    subject.running()
    within = subject.installation.stops_within
    with spoilt(status, Fault.BREAKS):
        call = host.call_hook("ark_stop", within)
        gone = await_that(lambda: not host.living(), within)
    expect(
        gone or (call is not None and call.raised),
        f"its status command cannot begin, and ark_stop ended nothing and raised nothing: "
        f"{shown(host.living())}; ask it to end, whatever its status",
    )


@check(
    "a status command that breaks is no answer: neither a failure of what runs nor a word for "
    "what is dead",
    "状態確認コマンドの故障を、アプリケーションの異常や稼働と取り違えない",
    Capability.HOSTILE_COMMANDS,
)
def broken_status_is_no_answer(subject: Subject) -> None:
    host = subject.host
    status = host.given.commands.get("status")
    if status is None:
        return
    subject.running()
    for fault, what in _BROKEN.items():
        with spoilt(status, fault):
            look = host.look()
        _raises_nothing(look, f"it runs, and its status command {what}")
        expect(
            look.status not in (Status.STOPPED, Status.PARTIAL),
            f"it runs, its status command {what}, and it counts as {look.status.name}: "
            f"a failover of what is well ({look.detail})",
        )
    host.kill(host.living())
    if host.look().said is Status.RUNNING:
        raise Unreached("dead, it is said to be RUNNING even by its own command")
    with spoilt(status, Fault.BREAKS):
        look = host.look()
        expect(
            look.said is not Status.RUNNING,
            f"it is dead, its status command cannot begin, and it is said to be RUNNING: "
            f"{look.detail}",
        )


@check(
    "a stop needs no shared disk",
    "共有ディスクがなくても停止できる",
    Capability.SHARED_DISK,
)
def stop_needs_no_shared_disk(subject: Subject) -> None:
    host = subject.host
    subject.running()
    with away(host.given.shared):
        look = host.look()
        _raises_nothing(look, "its shared disk is away")
        missed = missed_by(host)
        expect(not missed, f"its shared disk is away, and these are not listed: {shown(missed)}")
        _stays_away(subject, "asked how it is")
        end = host.remove()
        expect(
            end.code == 0,
            f"its shared disk is away, and remove ended with {end.code}: {last_of(host)}",
        )
        _nothing_lives(subject, "its shared disk is away, and a remove that ended well left")
        _stays_away(subject, "stopped")
        end = host.remove()
        expect(
            end.code == 0,
            f"stopped, its shared disk away, and remove ended with {end.code}: {last_of(host)}",
        )


def _stays_away(subject: Subject, done: str) -> None:
    """Nothing may be made where the disk is to be mounted."""
    made = [str(each) for each in subject.host.given.shared if each.exists()]
    expect(
        not made,
        f"its shared disk is away, and while it was {done} there was made {', '.join(made)}, "
        f"beneath the mount point: make directories in ark_start only",
    )


@check(
    "a stop needs no product where nothing runs",
    "製品がないノードでも停止は正常に終わる",
    Capability.PRODUCT,
)
def stop_needs_no_product(subject: Subject) -> None:
    host = subject.host
    subject.stopped()
    if host.look().said is Status.RUNNING:
        raise Unreached("stopped, it is said to be RUNNING as it is")
    with away(host.given.product):
        end = host.remove()
        expect(
            end.code == 0,
            f"the product is not here, and remove ended with {end.code}: {last_of(host)}",
        )
        look = host.look()
        _raises_nothing(look, "the product is not here")
        expect(
            look.said is not Status.RUNNING and not look.listed,
            f"the product is not here, and it is said to be {look.detail}",
        )


def _raises_nothing(look: Look, when: str) -> None:
    for call in look.calls:
        expect(not call.raised, f"{when}, and {call.hook} raised {call.raised}")


def _remove_with(subject: Subject, faults: dict[str, Fault]) -> None:
    """Run a remove while commands misbehave: it must end well, in time, with nothing alive."""
    from contextlib import ExitStack

    host = subject.host
    commands = host.given.commands
    if not set(faults) <= set(commands):
        return
    timers = timers_of_a_late_stop(subject)
    subject.running()
    allowed = timers["remove.process"] + subject.timer(host, "remove.cleanup")
    with ExitStack() as stack:
        stack.enter_context(subject.hurried(host, timers))
        for name, fault in faults.items():
            stack.enter_context(spoilt(commands[name], fault))
        end = host.remove()
    told = " and ".join(f"{name} {fault.name.lower()}" for name, fault in faults.items())
    expect(end.code == 0, f"{told}, and remove ended with {end.code}: {last_of(host)}")
    _in_time(end.seconds, allowed, f"a remove where {told}")
    _nothing_lives(subject)


def _in_time(seconds: float, allowed: float, what: str) -> None:
    expect(seconds <= allowed + _MOMENT, f"{what} took {seconds:.1f} s; allowed: {allowed:g} s")


def _nothing_lives(subject: Subject, told: str = "left") -> None:
    host = subject.host
    if not await_that(lambda: not host.living(), 1.0):
        raise Failed(f"{told}: {shown(host.living())}")
