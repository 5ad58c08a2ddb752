"""How long a question to the plugin takes. It is asked many times in every action."""

from __future__ import annotations

from collections.abc import Sequence

from ark_testing.checks.check import check
from ark_testing.finding import Failed, expect
from ark_testing.host import HookCall, Host, Lost
from ark_testing.subject import Subject

#: Seconds that an answer may take where nothing hangs, on a busy machine.
_ALLOWED = {"ark_status": 2.0, "ark_processes": 1.0}
#: Seconds that it may take to load the plugin.
_LOADED = 1.5
#: Seconds that a question is given, and after which its hooks must have come back for certain.
_WITHIN, _LATE = 6.0, 3.0


@check(
    "ark_status and ark_processes answer quickly",
    "ark_status と ark_processes は速やかに答える",
    basic=True,
)
def answers_come_quickly(subject: Subject) -> None:
    host = subject.host
    _loads_quickly(subject)
    subject.clear(host)
    _is_quick(host, "while nothing runs")
    started = host.step("start", subject.installation.starts_within + 2)
    if started["outcome"] == "well":  # else another check tells what is wrong with it
        host.wanted_up()
        _is_quick(host, "while it runs")


def _loads_quickly(subject: Subject) -> None:
    seconds = subject.declaration()["seconds"]
    if seconds > _LOADED:  # what was slow once may have had to wait for the machine
        seconds = min(seconds, subject.declaration_anew().get("seconds", seconds))
    expect(
        seconds <= _LOADED,
        f"importing it and asking what it declares took {seconds:.1f} s; allowed: {_LOADED:g} s. "
        f"Each action and each quickCheck does it anew: import in a hook what few of them use",
    )


def _is_quick(host: Host, when: str) -> None:
    slow = _slow(_calls(host, when))
    # What was slow once may have had to wait for the machine.
    again = _slow(_calls(host, when)) if slow else {}
    for hook in slow:
        if hook in again:
            seconds = min(slow[hook], again[hook])
            raise Failed(
                f"{when}, {hook} took {seconds:.1f} s; allowed: {_ALLOWED[hook]:g} s. A quickCheck "
                f"asks twice before it answers, and LifeKeeper gives it 22 s in all"
            )


def _calls(host: Host, when: str) -> Sequence[HookCall]:
    try:
        return host.look(_WITHIN, late=_LATE).calls
    except Lost as error:
        raise Failed(
            f"{when}, ark_status or ark_processes had not come back {_LATE:g} s after their "
            f"deadline of {_WITHIN:g} s; wait through ctx only: ctx.run, ctx.wait_until"
        ) from error


def _slow(calls: Sequence[HookCall]) -> dict[str, float]:
    return {
        call.hook: call.seconds for call in calls if call.seconds > _ALLOWED.get(call.hook, 1e9)
    }
