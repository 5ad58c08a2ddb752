"""The forced stop alone, without the engine that kills what it leaves."""

from __future__ import annotations

import time
from dataclasses import dataclass

from ark_testing.checks.check import check
from ark_testing.finding import Failed, expect
from ark_testing.host import HookCall, await_that, shown
from ark_testing.subject import Subject

#: Seconds that a forced stop is given at least, and how many times as long as it took once.
_SHORTEST, _TIMES = 1.0, 4.0


@check(
    "ark_force_stop, called while all its processes live, raises nothing and ends them",
    "全プロセスが動いているとき、ark_force_stop は例外なくすべてを終了させる",
)
def forced_stop_ends_what_lives(subject: Subject) -> None:
    if "ark_force_stop" not in subject.declaration()["hooks"]:
        return  # the engine ends what `ark_processes` lists
    within, seen = subject.installation.stops_within, subject.once(_force)
    if seen.call is None:
        raise Failed(f"ark_force_stop did not come back within {within:g} s")
    raised = seen.call.raised
    expect(not raised, f"all its processes lived, and ark_force_stop raised {raised}")
    expect(
        not seen.left,
        f"ark_force_stop came back, and {within:g} s later there still lived {seen.left}; what it "
        f"leaves, the engine has to kill",
    )


@dataclass(frozen=True)
class _Forced:
    """A forced stop of all that runs."""

    #: None where it did not come back.
    call: HookCall | None
    seconds: float
    #: What still lived then, "" for nothing.
    left: str


def _force(subject: Subject) -> _Forced:
    host, within = subject.host, subject.installation.stops_within
    subject.running()
    began = time.monotonic()
    call = host.call_hook("ark_force_stop", within)
    gone = call is not None and await_that(lambda: not host.living(), within)
    seconds = time.monotonic() - began
    return _Forced(call, seconds, "" if gone else shown(host.living()))


def timers_of_a_late_stop(subject: Subject) -> dict[str, float]:
    """The timers of a remove whose stop comes to nothing: as short as its forced stop allows.

    An ordinary stop that hangs is waited for as long as the forced stop is given.
    """
    longest = max(_SHORTEST, subject.installation.stops_within)
    needed = 0.0
    if "ark_force_stop" in subject.declaration()["hooks"]:
        seen = subject.once(_force)
        needed = longest if seen.call is None or seen.left else _TIMES * seen.seconds
    given = min(longest, max(_SHORTEST, needed))
    return {"remove.process": 2 * given, "remove.force_reserve": given}
