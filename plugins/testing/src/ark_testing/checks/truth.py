"""The status and the list of processes: true in every state the application can be found in."""

from __future__ import annotations

from ark_testing.checks.check import check
from ark_testing.checks.life import die_and_recover, lasting, names_of
from ark_testing.decoys import decoys
from ark_testing.finding import Failed, NotPossible, Unreached, expect
from ark_testing.host import Host, Look, Lost, await_that, shown
from ark_testing.installation import Capability
from ark_testing.subject import Subject, last_of
from arkcore.base.errors import MachineError
from arkcore.base.status import Status
from arkcore.machine.processes import Process, arguments, still_lives

#: Seconds that the status of what is half dead is given, and after which it must have come back.
_WITHIN, _LATE = 2.0, 4.0
_DEFINITE = (Status.STOPPED, Status.PARTIAL)


@check(
    "a new process says STOPPED before a start, RUNNING after it, and STOPPED after a stop",
    "開始前は STOPPED、開始後は RUNNING、停止後は STOPPED と答える",
    basic=True,
)
def status_is_true_after_start_and_stop(subject: Subject) -> None:
    host = subject.host
    subject.clear(host)
    before = host.look()
    _says(before, Status.STOPPED, "before the first start")
    end = host.restore()
    # A status that raises each time takes the start's time, and the last word is of that alone.
    word = last_of(host) if end.code else ""
    if before.said is None and before.detail not in word:
        word = f"{word}; and before it {before.detail}"
    expect(end.code == 0, f"restore ended with {end.code}: {word}")
    _says(host.look(), Status.RUNNING, "after a restore that ended well")
    host.remove()
    if await_that(lambda: not host.living(), 1.0):
        _says(host.look(), Status.STOPPED, "after a remove, with nothing alive")


def _says(look: Look, wanted: Status, when: str) -> None:
    if look.said is None:
        return  # it raised, which has a check of its own
    why = f" ({look.detail})" if look.detail else ""
    expect(look.said is wanted, f"{when}: expected {wanted.name}, seen {look.said.name}{why}")


@check(
    "all its processes are listed",
    "ark_processes は自分のプロセスをすべて挙げる",
)
def every_process_is_listed(subject: Subject) -> None:
    host = subject.host
    subject.running()
    missed = missed_by(host)
    expect(not missed, f"not listed: {shown(missed)}")


def missed_by(host: Host) -> list[Process]:
    """What lives of a host and is not listed by its plugin."""
    missed = {*host.living()} - host.look().listed
    # Looked at more than once: what comes and goes may be seen by one of the two only.
    for _ in range(5):
        if missed:
            missed = {*host.living()} & missed - host.look().listed
    return sorted(missed, key=lambda each: each.pid)


@check(
    "no process is listed that is not its own, whatever its name",
    "名前が同じでも、他のプロセスは挙げない",
)
def only_its_own_are_listed(subject: Subject) -> None:
    host = subject.host
    subject.running()
    lines = [arguments(each.pid) for each in host.living()]
    with decoys(host, lines) as lookalikes:
        look = host.look()
        for call in look.calls:
            expect(
                not call.raised or call.raised in subject.exceptions,
                f"beside a process whose name holds a parenthesis, and whose arguments and "
                f"environment are in no encoding, {call.hook} raised {call.raised}; leave the "
                f"looking at processes to ctx.find_processes",
            )
        listed = look.listed
        claimed = [each for each in listed if each.pid in lookalikes.pids]
        expect(not claimed, f"of the same name, but not its own: {shown(claimed)}")
        readers = [each for each in listed if each.pid in lookalikes.readers]
        expect(
            not readers,
            f"another program that has the same arguments, as an editor or a shell may have, is "
            f"listed: {shown(readers)}",
        )
        for each in listed:
            what = lookalikes.bystander(each.pid)
            expect(not what, f"another program that has {what}, is listed: {each}")
        others = [each for host_ in subject.hosts[1:] for each in host_.living()]
        strangers = {*listed} - {*host.living()} - {*others}
        strangers = {each for each in strangers if still_lives(each)}
        machine_wide = set(host.machine_wide_living())
        wrong = [each for each in strangers if each not in machine_wide]
        expect(not wrong, f"not its own: {shown(wrong)}")
        expect(
            not listed & machine_wide,
            f"declared machine-wide, and listed: {shown(sorted(listed & machine_wide, key=str))}",
        )


@check(
    "when all its processes are killed, a quickCheck fails",
    "全プロセスが強制終了されたら、監視は異常と判定する",
)
def status_is_true_after_the_death_of_all(subject: Subject) -> None:
    seen = subject.once(die_and_recover)
    if not seen.definite:
        raise Failed(f"nothing of it lives, and it is {seen.look.status.name}: {seen.look.detail}")
    if seen.look.said is Status.RUNNING:
        raise Failed("nothing of it lives, and it is said to be RUNNING")
    code = seen.quick_check.code
    expect(code == 1, f"nothing of it lives, and quickCheck ended with {code}")


@check(
    "when one of its processes is killed, whichever it is, it is not RUNNING until that is back",
    "どのプロセスが強制終了されても、戻るまで RUNNING と答えない",
)
def status_is_true_after_each_death(subject: Subject) -> None:
    host = subject.host
    subject.running()
    for name in names_of(subject, host.living()):
        subject.running()
        # The youngest of that name: the eldest is often the one that the others depend on.
        whole = names_of(subject, host.living())
        victims = [each for each in host.living() if each.name == name]
        if not victims:
            continue
        host.kill(victims[-1:])
        seen = host.look()

        def true() -> bool:
            nonlocal seen
            seen = host.look()
            if seen.said is Status.RUNNING:
                return names_of(subject, host.living()) >= whole  # noqa: B023 (used at once)
            return True

        if not await_that(true, subject.installation.notices_within):
            raise Failed(f"{name} was killed, and it is still said to be RUNNING: {seen.detail}")


@check(
    "when half of it is dead, what lives is known, not RUNNING, and ended by a remove",
    "半分が停止した状態を RUNNING とせず、残りを停止できる",
    Capability.SEVERAL_PROCESSES,
)
def half_death_is_seen(subject: Subject) -> None:
    host = subject.host
    subject.running()
    living = lasting(subject, host.living())
    if len(living) < 2:
        raise Unreached(f"it has one process only: {shown(living)}")
    # The eldest ones: with them goes what knows of the others.
    host.kill(living[: len(living) // 2])
    try:
        seen = host.look(_WITHIN, late=_LATE)
    except Lost as error:
        raise Failed(
            f"half of it is dead, and ark_status or ark_processes had not come back {_LATE:g} s "
            f"after their deadline of {_WITHIN:g} s; wait through ctx only"
        ) from error

    def noticed() -> bool:
        nonlocal seen
        seen = host.look()
        return seen.said is not Status.RUNNING

    if not await_that(noticed, subject.installation.notices_within):
        raise Failed(f"half of it is dead, and it is said to be RUNNING: {seen.detail}")
    missed = missed_by(host)
    expect(not missed, f"half of it is dead, and not listed any more: {shown(missed)}")
    end = host.remove()
    expect(end.code == 0, f"remove ended with {end.code}: {last_of(host)}")
    gone = await_that(lambda: not host.living(), min(subject.installation.stops_within, 3.0))
    expect(gone, f"left after a remove: {shown(host.living())}")


@check(
    "another program that has got the pid of a dead process is not taken for it",
    "終了したプロセスの pid を再利用した別のプロセスを、自分のものと取り違えない",
)
def stale_pids_are_not_believed(subject: Subject) -> None:
    host = subject.host
    subject.running()
    dead = host.living()
    host.kill(dead)
    # Asking has the parent bury them too, which makes their pids free.
    if host.look().said is Status.RUNNING:
        raise Unreached("it is said to be RUNNING as it is")
    try:
        impostors = host.parent.take_pids([each.pid for each in dead])
    except MachineError as error:
        raise NotPossible(f"{error} (it takes root, and Linux 5.5)") from error
    look = host.look()
    try:
        expect(
            look.said is not Status.RUNNING,
            f"all of it is dead, another program has the pid of one, and it is said to be RUNNING: "
            f"{look.detail}",
        )
        taken = [each for each in look.listed if each in impostors]
        expect(not taken, f"listed as its own, for their pids: {shown(taken)}")
        end = host.remove()
        expect(end.code == 0, f"remove ended with {end.code}: {last_of(host)}")
        _hits_none(impostors, "a remove")
        # Where something else of it still lives, the hooks are called.
        for hook in ("ark_stop", "ark_force_stop"):
            if hook in subject.declaration()["hooks"]:
                host.call_hook(hook, min(subject.installation.stops_within, _WITHIN))
                _hits_none(impostors, hook)
    finally:
        host.kill(impostors)


def _hits_none(impostors: list[Process], what: str) -> None:
    hit = [str(each) for each in impostors if not still_lives(each)]
    expect(
        not hit,
        f"{what} has ended another program that had the pid of a dead one: {hit}; signal by "
        f"ctx.signal or ctx.terminate, and never the pid of a file",
    )
