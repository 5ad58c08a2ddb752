"""Start and stop: each as often as one likes, and over when it says so."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ark_testing.checks.check import check
from ark_testing.finding import Failed, Unreached, expect
from ark_testing.host import Host, Look, await_that, shown
from ark_testing.installation import Capability
from ark_testing.lifekeeper import ProgramEnd
from ark_testing.subject import Subject, last_of
from arkcore.base.status import Status
from arkcore.machine.processes import Process, still_lives


@check(
    "a stop where nothing ever ran is well",
    "一度も開始していなくても、停止は正常に終わる",
)
def stop_is_well_where_nothing_ever_ran(subject: Subject) -> None:
    host = subject.host
    subject.clear(host)
    end = host.remove()
    expect(end.code == 0, f"remove ended with {end.code}: {last_of(host)}")
    expect(not host.living(), f"a remove has started something: {shown(host.living())}")


@check(
    "a second restore changes nothing",
    "起動中の開始は何も変えない",
)
def second_restore_changes_nothing(subject: Subject) -> None:
    host = subject.host
    subject.running()
    before = lasting(subject, host.living())
    end = host.restore()
    expect(end.code == 0, f"the second restore ended with {end.code}: {last_of(host)}")
    # What answered its questions may be about to end.
    within = subject.installation.starts_within
    same = await_that(lambda: set(lasting(subject, host.living())) == set(before), within)
    after = lasting(subject, host.living())
    expect(same, f"before the second restore lived {shown(before)}; after it {shown(after)}")


@check(
    "ark_start, called while it runs, makes no second copy and harms none",
    "起動中に ark_start を呼んでも、二重に起動せず、壊れない",
)
def second_start_makes_no_second_copy(subject: Subject) -> None:
    host = subject.host
    subject.running()
    before = lasting(subject, host.living())
    within = subject.installation.starts_within
    call = host.call_hook("ark_start", within)
    if call is None:
        raise Failed(f"ark_start did not come back within {within:g} s")
    same = await_that(lambda: set(lasting(subject, host.living())) == set(before), within)
    after = lasting(subject, host.living())
    expect(same, f"before the second start lived {shown(before)}; after it {shown(after)}")
    expect(_says_running(subject, host), "after the second start it is not RUNNING any more")


@check(
    "when a restore ends well, it serves",
    "開始が正常に終わったとき、サービスが利用できる",
    Capability.READINESS,
)
def running_means_that_it_serves(subject: Subject) -> None:
    if subject.host.given.serves is None:
        raise Unreached("the installation gives no LogicalHost.serves")
    for host in subject.hosts:
        if host.given.serves is not None:
            _serves_once_it_runs(subject, host, host.given.serves)
    for host in subject.hosts[1:]:
        subject.stopped(host)


def _serves_once_it_runs(subject: Subject, host: Host, serves: Callable[[], bool]) -> None:
    subject.stopped(host)
    expect(
        _why_unserved(serves) is not None,
        f"LogicalHost.serves of {host.name} says that it serves while nothing of it runs",
    )
    end = host.restore()
    expect(end.code == 0, f"restore of {host.name} ended with {end.code}: {last_of(host)}")
    why = _why_unserved(serves)
    expect(
        why is None,
        f"the restore of {host.name} ended well, for its status was RUNNING, but it did not "
        f"serve{why}",
    )


def _why_unserved(serves: Callable[[], bool]) -> str | None:
    """None where it serves; otherwise why not, as far as `serves` tells."""
    try:
        return None if serves() else ""
    except OSError as error:  # what refuses a client, and what is late
        return f": {error}"


#: Seconds after which what is still there has not merely been looked at too early.
_LONG_AFTER = 3.0


@dataclass(frozen=True)
class _Removal:
    """A remove of what ran, and a second one: how they ended and what they left."""

    first: ProgramEnd
    last_word: str
    #: What lived when the first had ended and not a while later, and what still did.
    left_at_once: Sequence[str]
    left_for_good: Sequence[str]
    second: ProgramEnd
    #: What the RAS log told of the first, and which daemons a KILL has ended.
    messages: Sequence[str]
    killed: Sequence[str]


#: Seconds that a busy machine may add to an ordinary stop.
_MOMENT = 3.0
#: What the engine says before it stops by force.
_FORCE = "Force stopping."
#: What the engine says of what it finds in the control group of the start, and ends itself.
_ENDED_FOR_IT = "ending what the stop has left of the start: "


def _remove_twice(subject: Subject) -> _Removal:
    host = subject.host
    subject.running()
    told = len(host.messages())
    ran = {each.pid: str(each) for each in lasting(subject, host.living())}
    host.parent.ended_by()
    process = subject.timer(host, "remove.process")
    with subject.hurried(host, {"remove.process": process + _MOMENT}):
        first, last_word = host.remove(), last_of(host)
        messages = host.messages()[told:]
        ended_by = host.parent.ended_by()
        at_once = host.living()
        await_that(lambda: not host.living(), _LONG_AFTER)
        for_good = host.living()
        # With the same timers: other ones would have the resource validated anew.
        second = host.remove()
    killed = [pid for pid, number in ended_by.items() if number == signal.SIGKILL]
    # Without control groups nobody would have found it.
    ended = [each for each in messages if each.startswith(_ENDED_FOR_IT)]
    return _Removal(
        first,
        last_word,
        [shown([each]) for each in at_once if each not in for_good],
        [*(shown([each]) for each in for_good), *ended],
        second,
        messages,
        [ran[pid] for pid in killed if pid in ran],
    )


@check(
    "an ordinary remove of a healthy application needs no forced stop",
    "正常なアプリケーションの通常の停止に、強制停止を必要としない",
    basic=True,
)
def remove_needs_no_forced_stop(subject: Subject) -> None:
    seen = subject.once(_remove_twice)
    if _FORCE in seen.messages:
        before = [each for each in seen.messages[: seen.messages.index(_FORCE)] if each[:1] != "|"]
        raise Failed(
            f"it ran, ark_stop did not end it, and the engine stopped it by force; the last that "
            f"was told before: {before[-1]}; look at what the stop command returns (.check())"
        )
    killed = ", ".join(seen.killed)
    expect(
        not killed,
        f"ended by SIGKILL in an ordinary stop: {killed}; have ark_stop ask it to end, and leave "
        f"the KILL to the forced stop",
    )


@check(
    "when a remove ends well, nothing is still being stopped",
    "停止が正常に終わったとき、停止処理は残っていない",
)
def stop_is_over_when_it_says_so(subject: Subject) -> None:
    _stopping_is_not_stopped(subject)
    seen = subject.once(_remove_twice)
    expect(seen.first.code == 0, f"remove ended with {seen.first.code}: {seen.last_word}")
    early = "; ".join(seen.left_at_once)
    expect(not early, f"remove ended well, and there still lived, for a while: {early}")


def _stopping_is_not_stopped(subject: Subject) -> None:
    """What lives after `ark_stop` came back is listed, or it is not called STOPPED."""
    host = subject.host
    subject.running()
    host.call_hook("ark_stop", subject.installation.stops_within)
    before, look = set(host.living()), host.look()
    overlooked = before & set(host.living()) - look.listed
    if look.said is Status.STOPPED and overlooked:
        told = shown(sorted(overlooked, key=lambda each: each.pid))
        ends = await_that(lambda: not any(map(still_lives, overlooked)), _LONG_AFTER)
        # What stays for good is what `stop_leaves_nothing_behind` tells.
        expect(
            not ends, f"while it was being stopped it was said to be STOPPED; there lived {told}"
        )


@check(
    "after a remove nothing of it is left",
    "停止後に何も残らない",
)
def stop_leaves_nothing_behind(subject: Subject) -> None:
    seen = subject.once(_remove_twice)
    expect(not seen.left_for_good, f"left after a remove: {'; '.join(seen.left_for_good)}")


@check(
    "a second remove is well",
    "停止済みの停止は正常に終わる",
)
def second_remove_is_well(subject: Subject) -> None:
    seen = subject.once(_remove_twice)
    expect(seen.second.code == 0, f"the second remove ended with {seen.second.code}")


@check(
    "a crashed application is recovered: nothing that the dead one left keeps it from starting",
    "異常終了後に復旧できる（残ったファイルが再起動を妨げない）",
)
def crash_is_recovered_from(subject: Subject) -> None:
    seen = subject.once(die_and_recover)
    code = seen.recovery.code
    expect(code == 0, f"recover ended with {code}: {seen.last_word}")
    expect(not seen.afterwards, f"recover ended well; the status is {seen.afterwards}")


@dataclass(frozen=True)
class Death:
    """The death of all of it, what was seen of that, and the recover after it."""

    #: What the plugin said last, and whether the engine made a definite state of it in time.
    look: Look
    definite: bool
    quick_check: ProgramEnd
    recovery: ProgramEnd
    last_word: str
    #: The status after a recover that ended well, "" where that is RUNNING.
    afterwards: str


def die_and_recover(subject: Subject) -> Death:
    """Kill all that runs, watch it, and recover it; for `Subject.once`."""
    host = subject.host
    subject.running()
    host.kill(host.living())
    look = host.look()

    def definite() -> bool:
        nonlocal look
        look = host.look()
        return look.status in (Status.STOPPED, Status.PARTIAL)

    in_time = await_that(definite, subject.installation.notices_within)
    quick_check = host.quick_check()
    recovery, last_word = host.recover(), last_of(host)
    well = recovery.code != 0 or _says_running(subject, host)
    afterwards = "" if well else host.look().detail
    return Death(look, in_time, quick_check, recovery, last_word, afterwards)


def lasting(subject: Subject, found: list[Process]) -> list[Process]:
    """Those of `found` that do not come and go by themselves."""
    return [each for each in found if each.name not in subject.installation.comes_and_goes]


def names_of(subject: Subject, found: list[Process]) -> Counter[str]:
    return Counter(each.name for each in lasting(subject, found))


def _says_running(subject: Subject, host: Host) -> bool:
    within = subject.installation.starts_within
    return await_that(lambda: host.look().status is Status.RUNNING, within)
