"""An application that is frozen: its processes are there, and do nothing any more."""

from __future__ import annotations

import signal

from ark_testing.checks.check import check
from ark_testing.finding import Failed, expect
from ark_testing.host import Lost, await_that, shown
from ark_testing.subject import Subject, last_of
from arkcore.base.status import Status

#: Seconds that the status is given, and after which it must have come back for certain.
_WITHIN, _LATE = 1.0, 5.0
#: An ordinary stop of what is frozen takes all its time: not much of it is given.
_TIMERS = {"remove.process": 2.0, "remove.force_reserve": 1.0, "remove.cleanup": 20.0}
#: Seconds that a quickCheck of what is well may take.
_QUICKLY = 3.0
_ADVICE = "ask the application itself, and say UNKNOWN where it does not answer in time"


@check(
    "an application that is frozen is neither RUNNING nor STOPPED, and can be removed",
    "凍結した（全プロセスが SIGSTOP の）アプリケーションを RUNNING とも STOPPED とも答えず、"
    "停止できる",
)
def frozen_is_neither_running_nor_stopped(subject: Subject) -> None:
    host = subject.host
    subject.running()
    frozen = host.living()
    host.kill(frozen, signal.SIGSTOP)
    try:
        look = host.look(_WITHIN, late=_LATE)
    except Lost as error:
        raise Failed(
            f"all its processes are stopped, and ark_status had not come back {_LATE:g} s after "
            f"its deadline of {_WITHIN:g} s; give each question a timeout, ctx.deadline at most"
        ) from error
    if look.said in (Status.RUNNING, Status.STOPPED):
        raise Failed(
            f"all its processes are stopped (SIGSTOP), and it is said to be {look.said.name} "
            f"({look.detail}); {_ADVICE}"
        )
    with subject.hurried(host, _TIMERS):
        end = host.remove()
    expect(
        end.code == 0,
        f"all its processes are stopped, and remove ended with {end.code}: {last_of(host)}",
    )
    gone = await_that(lambda: not host.living(), 1.0)
    expect(gone, f"it was frozen, and a remove has left: {shown(host.living())}")


@check(
    "what its health commands call well is well: they do not vouch for what is frozen",
    "健全であることを知らせるコマンドは、凍結したアプリケーションを正常としない",
)
def health_commands_do_not_vouch_for_what_is_frozen(subject: Subject) -> None:
    if "ark_health_commands" not in subject.declaration()["hooks"]:
        return
    host = subject.host
    subject.stopped()
    # A command that asks another logical host is well as long as that one is.
    for other in subject.hosts[1:]:
        subject.running(other)
    with subject.hurried(host, {"lifekeeper.quickcheck_run": 4.0}):
        subject.running()
        # The first one asks the plugin, and notes what lives; the next may do without.
        for _ in range(2):
            end = host.quick_check()
            expect(
                end.code == 0, f"it runs, and a quickCheck ended with {end.code}: {last_of(host)}"
            )
        expect(
            end.seconds <= _QUICKLY,
            f"a quickCheck by its health commands took {end.seconds:.1f} s; allowed: {_QUICKLY:g} "
            f"s. It is made every few minutes for as long as the application runs",
        )
        host.kill(host.living(), signal.SIGSTOP)
        host.quick_check()
    told = last_of(host)
    subject.clear(host)
    for other in subject.hosts[1:]:
        subject.stopped(other)
    expect(
        told != "QuickCheck completed.",
        "all its processes are stopped (SIGSTOP), and its health commands return 0; "
        "name only commands that ask the application itself, and this logical host's",
    )
