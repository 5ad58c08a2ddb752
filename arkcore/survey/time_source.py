"""T4-2 #1: the clock follows a proper server."""

from __future__ import annotations

from dataclasses import dataclass

from arkcore.base.language import say
from arkcore.survey.check import Check

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from arkcore.base.finding import Finding
    from arkcore.survey.machine import Machine

TIME = Check("T4-2 #1", "time synchronisation has a proper server", "時刻同期のサーバー")


@dataclass(frozen=True)
class Clock:
    """How the clock is kept. `source`: "" where it follows none.

    `offset`: seconds by which the clock is known to be off its source; None where not known.
    `problem`: why nothing is known, "" where it is.
    """

    program: str = ""
    source: str = ""
    offset: float | None = None
    problem: str = ""
    missing: bool = False


def clock_of(machine: Machine) -> Clock:
    """As chrony or ntpd tell, whichever of them answers."""
    problems = []
    for ask in (_chrony, _ntp):
        clock = ask(machine)
        if not clock.problem:
            return clock
        problems.append(clock)
    told = [clock for clock in problems if not clock.missing] or problems
    return Clock(
        problem="; ".join(clock.problem for clock in told),
        missing=all(clock.missing for clock in problems),
    )


def _chrony(machine: Machine) -> Clock:
    answer = machine.run("chronyc", "-n", "-c", "sources")
    if not answer.ok:
        return Clock("chronyc", problem=answer.problem, missing=answer.missing)
    rows = [line.split(",") for line in answer.text.splitlines()]
    # Fields: mode (^ server, = peer, # reference clock), state (* followed), name, stratum …
    followed = [row[2] for row in rows if len(row) > 3 and row[1] == "*"]
    if not followed:
        return Clock("chronyc")
    tracking = machine.run("chronyc", "-n", "-c", "tracking").text.strip().split(",")
    offset = _number(tracking[4]) if len(tracking) > 4 else None
    return Clock("chronyc", followed[0], offset)


def _ntp(machine: Machine) -> Clock:
    answer = machine.run("ntpq", "-p", "-n")
    if not answer.ok:
        return Clock("ntpq", problem=answer.problem, missing=answer.missing)
    for line in answer.text.splitlines():
        fields = line[1:].split()
        # The driver of the machine's own clock is no source.
        if line[:1] in ("*", "o") and fields and not fields[0].startswith("127.127.1."):
            offset = _number(fields[8]) if len(fields) > 8 else None
            return Clock("ntpq", fields[0], None if offset is None else offset / 1000)
    return Clock("ntpq")


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def check_time_source(clock: Clock) -> Iterator[Finding]:
    if clock.missing:
        yield TIME.cannot_tell(
            clock.problem,
            say("install chrony and give it a server; or look by hand at what keeps the time",
                "chrony をインストールしてサーバーを設定するか、"
                "時刻同期の手段を手作業で確認してください"),
        )  # fmt: skip
    elif clock.problem:
        yield TIME.fail(
            say(f"no time service answers: {clock.problem}",
                f"時刻同期サービスが応答しません: {clock.problem}"),
            say("start it and have it start at boot: systemctl enable --now chronyd",
                "起動し、自動起動にしてください: systemctl enable --now chronyd"),
        )  # fmt: skip
    elif not clock.source:
        yield TIME.fail(
            say(f"{clock.program}: no server is followed",
                f"{clock.program}: 同期しているサーバーがありません"),
            say("give it a server that answers (server … iburst in chrony.conf), and wait for it "
                "to be followed",
                "応答するサーバーを設定し (chrony.conf の server … iburst)、"
                "同期するまで待ってください"),
        )  # fmt: skip
    else:
        yield TIME.ok(
            say(f"{clock.program}: follows {clock.source}",
                f"{clock.program}: {clock.source} に同期しています")
        )  # fmt: skip
