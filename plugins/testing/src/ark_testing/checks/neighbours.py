"""Whatever is done to one logical host is done to no other, and to nothing of the machine's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ark_testing.checks.check import check
from ark_testing.checks.life import lasting
from ark_testing.decoys import decoys
from ark_testing.finding import expect
from ark_testing.host import Host, await_that, shown
from ark_testing.installation import Capability
from ark_testing.subject import Subject, last_of
from arkcore.base.status import Status
from arkcore.machine.processes import Process, still_lives


@dataclass(frozen=True)
class _Ending:
    """What a stop or a forced stop of the first logical host did to those around it."""

    what: str
    #: Of its own: what was left.
    left: Sequence[str]
    decoys_hit: Sequence[str]
    machine_wide_hit: Sequence[str]
    #: What became of the second logical host, "" where nothing did.
    other: str


def _end_in_company(subject: Subject) -> list[_Ending]:
    """Stop the first logical host, then force it, beside lookalikes and the second one.

    It is stopped as the one that was started first, and as the one that was started last: a file
    that both have by mistake is that of the last.
    """
    host, others = subject.host, subject.hosts[1:]
    if Capability.TWO_HOSTS not in subject.capabilities:
        others = []
    for each in others:
        subject.stopped(each)
    subject.running()
    seen = []
    for what in ("stop", "stop", "force") if others else ("stop", "force"):
        for each in (*others, host):
            subject.running(each)
        shared = [each for one in subject.hosts for each in one.machine_wide_living()]
        before = [lasting(subject, each.living()) for each in others]
        with decoys(host) as lookalikes:
            host.step(what, 2 * subject.installation.stops_within)
            hit = lookalikes.dead()
        await_that(lambda: not host.living(), 1.0)
        seen.append(
            _Ending(
                what,
                [shown([each]) for each in host.living()],
                hit,
                [str(each) for each in shared if not still_lives(each)],
                "".join(map(_change, [subject] * len(others), others, before)),
            )
        )
    return seen


def _change(subject: Subject, other: Host, before: list[Process]) -> str:
    after = lasting(subject, other.living())
    if set(before) != set(after):
        return f"{other.name}: {shown(before)} before, {shown(after)} after"
    end = other.quick_check()
    return "" if end.code == 0 else f"its quickCheck: {last_of(other)}"


@check(
    "a stop and a forced stop end nothing but its own, whatever that is called",
    "停止・強制停止は、名前が同じでも他のプロセスを終了させない",
)
def stop_and_forced_stop_end_only_their_own(subject: Subject) -> None:
    for seen in subject.once(_end_in_company):
        hit = ", ".join(seen.decoys_hit)
        expect(not hit, f"of another application, and ended by a {seen.what}: {hit}")
        if seen.what == "force":
            expect(not seen.left, f"left after a forced stop: {'; '.join(seen.left)}")


@check(
    "machine-wide processes outlive a stop and a forced stop",
    "マシン共通のプロセスは、停止・強制停止の後も残る",
)
def machine_wide_processes_are_left_alone(subject: Subject) -> None:
    for seen in subject.once(_end_in_company):
        hit = ", ".join(seen.machine_wide_hit)
        expect(not hit, f"declared machine-wide, and ended by a {seen.what}: {hit}")


@check(
    "a stop and a forced stop of one logical host leave the other as it was",
    "一方の論理ホストの停止・強制停止は、他方に影響しない",
    Capability.TWO_HOSTS,
)
def stopping_one_host_leaves_the_other(subject: Subject) -> None:
    for seen in subject.once(_end_in_company):
        expect(not seen.other, f"changed by a {seen.what} of another logical host: {seen.other}")


@check(
    "two logical hosts that run side by side are told apart",
    "並行して動く 2 つの論理ホストを区別できる",
    Capability.TWO_HOSTS,
)
def two_hosts_are_told_apart(subject: Subject) -> None:
    both = _both_running(subject)
    for host, other in (both, both[::-1]):
        look = host.look()
        claimed = sorted(look.listed & set(other.living()), key=lambda each: each.pid)
        expect(
            not claimed,
            f"{host.name} lists what is {other.name}'s: {shown(claimed)}",
        )
        expect(look.said is Status.RUNNING, f"beside {other.name}, {host.name} is {look.detail}")


@check(
    "the death of one logical host does not show in the status of the other",
    "一方の論理ホストの異常は、他方の状態に現れない",
    Capability.TWO_HOSTS,
)
def death_of_one_host_is_no_other_s(subject: Subject) -> None:
    host, other = _both_running(subject)
    host.kill(host.living())
    look = other.look()
    expect(look.said is Status.RUNNING, f"{host.name} is dead, and {other.name} is {look.detail}")
    dead = host.look()
    expect(
        dead.said is not Status.RUNNING,
        f"{host.name} is dead, {other.name} runs, and {host.name} is said to be RUNNING: "
        f"{dead.detail}",
    )
    end = other.quick_check()
    expect(end.code == 0, f"{host.name} is dead, and the quickCheck of {other.name}: {end.code}")


def _both_running(subject: Subject) -> tuple[Host, Host]:
    for host in (subject.host, subject.second):
        subject.running(host)
    return subject.host, subject.second
