"""Two resources on one logical host: refused, or told apart."""

from __future__ import annotations

from ark_testing.checks.check import check
from ark_testing.checks.life import lasting
from ark_testing.finding import NotPossible, Unreached, expect
from ark_testing.host import Host, shown
from ark_testing.installation import Capability
from ark_testing.subject import Subject, last_of
from arkcore.machine.processes import Process


@check(
    "two resources on one logical host are refused, or told apart",
    "1 つの論理ホストの 2 つのリソースは、拒否されるか、区別される",
)
def two_resources_on_one_host_are_told_apart(subject: Subject) -> None:
    if subject.declaration()["exclusive"]:
        return  # the second one does not validate
    if Capability.TWO_HOSTS not in subject.capabilities:
        raise NotPossible(
            "its plugin allows several resources on one logical host; a second logical host, whose "
            "options the second resource would have, is not given"
        )
    host = subject.host
    subject.clear(subject.second)
    with subject.lodging() as second:
        subject.running()
        before = lasting(subject, host.living())
        end = second.restore()
        _is_unharmed(subject, before, "restored")
        if end.code != 0:
            raise Unreached(
                f"a second resource of {host.name}, with the options of {subject.second.name}, "
                f"does not start: {last_of(second)}"
            )
        _lists_its_own(host, second, "first")
        _lists_its_own(second, host, "second")
        for what, done in (("stop", "stopped"), ("force", "forced to stop")):
            subject.running(second)
            second.step(what, 2 * subject.installation.stops_within)
            _is_unharmed(subject, before, done)


def _is_unharmed(subject: Subject, before: list[Process], done: str) -> None:
    """Whether the first resource is as it was, after something was done to the second."""
    host = subject.host
    after = lasting(subject, host.living())
    expect(
        set(before) == set(after),
        f"a second resource of {host.name} was {done}: of the first lived {shown(before)} before, "
        f"{shown(after)} after; declare LogicalHostRule(exclusive=True), or tell the processes of "
        f"the two apart",
    )


def _lists_its_own(host: Host, other: Host, which: str) -> None:
    claimed = sorted(host.look().listed & set(other.living()), key=lambda each: each.pid)
    expect(
        not claimed,
        f"of two resources of {host.name} the {which} lists what is the other's: {shown(claimed)}",
    )
