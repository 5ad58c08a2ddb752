"""The forced stop alone, without the engine that kills what it leaves."""

from __future__ import annotations

from ark_testing.checks.check import check
from ark_testing.finding import Failed, expect
from ark_testing.host import await_that, shown
from ark_testing.subject import Subject


@check(
    "ark_force_stop, called while all its processes live, raises nothing and ends them",
    "全プロセスが動いているとき、ark_force_stop は例外なくすべてを終了させる",
)
def forced_stop_ends_what_lives(subject: Subject) -> None:
    if "ark_force_stop" not in subject.declaration()["hooks"]:
        return  # the engine ends what `ark_processes` lists
    host = subject.host
    subject.running()
    within = subject.installation.stops_within
    call = host.call_hook("ark_force_stop", within)
    if call is None:
        raise Failed(f"ark_force_stop did not come back within {within:g} s")
    expect(not call.raised, f"all its processes lived, and ark_force_stop raised {call.raised}")
    gone = await_that(lambda: not host.living(), within)
    expect(
        gone,
        f"ark_force_stop came back, and {within:g} s later there still lived "
        f"{shown(host.living())}; what it leaves, the engine has to kill",
    )
