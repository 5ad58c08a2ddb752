"""Numbers that no clock, process or scheduler has: wherever they stand, they count for nothing."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from arkcore.base.errors import ConfigurationError
from arkcore.base.paths import Paths
from arkcore.base.quickjson import loads_plain
from arkcore.cli.console import iso, moment
from arkcore.managers.lifekeeper import find_lifekeeper
from arkcore.managers.ocf import Operation
from arkcore.memory.attempts import Attempt
from arkcore.memory.files import boot_id
from arkcore.memory.intent import Wanted
from arkcore.memory.maintenance import Maintenance
from arkcore.memory.open_script import OpenScript
from arkcore.memory.state import State
from arkcore.survey.answers import (
    FORMAT,
    Answers,
    DiskAnswer,
    ResourceAnswer,
    decode,
    encode,
    told_time,
)

#: As they may be written in a JSON file; Python alone reads some of them.
NUMBERS = st.sampled_from(
    [
        *("1e999", "-1e999", "NaN", "Infinity", "-Infinity", "1e300", "-1e300"),
        *("9" * 400, "9" * 5000, "-" + "9" * 4000),
        *("1e11", "0.1", "-1", "true", "null", '"7"', "[]", "{}"),
    ]
)
KEYS = ["wanted", "since", "before", "by", "at", "boot", "processes", "leaders", "programs"]
KEYS += ["attempts", "outcome", "status", "first", "last", "failed", "waiting", "until", "pid"]
KEYS += ["script", "began", "told", "due", "reason", "action"]


@st.composite
def contents(draw: st.DrawFn) -> str:
    """A state file: each value a number of that kind, or a list of such."""

    def value() -> str:
        kind = draw(st.integers(0, 3))
        numbers = [draw(NUMBERS) for _ in range(2)]
        return [
            numbers[0],
            f"[{', '.join(numbers)}]",
            f"[[{', '.join(numbers)}]]",
            f'["restart", {numbers[0]}]',
        ][kind]

    keys = draw(st.lists(st.sampled_from(KEYS), unique=True, max_size=8))
    fixed = {"boot": json.dumps(boot_id())} if draw(st.booleans()) else {}
    parts = {**{key: value() for key in keys}, **fixed}
    return "{" + ", ".join(f'"{key}": {text}' for key, text in parts.items()) + "}"


FILES = ["wanted", "force", "commands", "processes", "sessions", "attempts", "verdict", "blind"]
FILES += ["preempted", "undecided", "maintenance_over"]


@given(contents())
@example('{"wanted": "down", "by": [1e999, 1]}')
@example('{"since": NaN, "until": ' + "9" * 4000 + "}")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_number_in_a_state_file_raises_anything(paths: Paths, content: str) -> None:
    memory = State(paths, "toy1")
    files = [f"{memory.directory}/{name}.json" for name in FILES]
    for file in [*files, paths.maintenance("toy1"), paths.open_script("toy1")]:
        os.makedirs(os.path.dirname(file), exist_ok=True)
        Path(file).write_text(content)
    clock = memory.undecided_clock(timer=480, gap=360)
    maintenance = Maintenance(paths, "toy1")
    assert memory.intent.wanted in Wanted
    memory.intent.forget_dead_remove(lambda pid, start: False)
    memory.forced_stop.age()
    memory.commands.all()
    memory.processes.known()
    memory.sessions.read()
    memory.attempts.count(Attempt.RESTART, 100)
    memory.preemption.by()
    clock.observe()
    clock.elapsed()
    clock.withdraw()
    maintenance.active()
    maintenance.describe()
    maintenance.tell_ended()
    OpenScript(paths, "toy1").left_open()
    verdict, blind = memory.verdict.read(), memory.blindness.read()
    for at in (verdict.at, verdict.since, blind and blind.since):
        moment(at)
        iso(at)


@pytest.mark.parametrize("number", ["1e999", "NaN", "-Infinity", "9" * 400])
def test_a_file_with_a_number_that_none_of_ours_has_is_nothing(number: str) -> None:
    with pytest.raises(ValueError, match="not a number to reckon with"):
        loads_plain(f'{{"wanted": "down", "since": {number}}}'.encode())


@pytest.mark.parametrize("at", [1e300, -1.0, float("nan"), float("inf"), 10**400, True, "7", None])
def test_what_no_calendar_shows_is_no_time(at: object) -> None:
    assert (moment(at), iso(at)) == ("", None)


# A peer's answers.

ANSWERS = Answers(
    format=FORMAT,
    salt="",
    node="rh5lkb",
    taken_at=1.8e9,
    site={},
    node_file={},
    versions={},
    addresses=[],
    virtual={},
    disks={"LH": DiskAnswer("/dev/sda", 7, "x")},
    mounted=[],
    time_source="",
    offset=0.5,
    manager_installed=True,
    resources={"toy1": ResourceAnswer("toy", "Toy", "LH", True)},
    findings=[],
)


def answers_with(where: tuple[str, ...], number: str) -> bytes:
    facts = msgspec.json.decode(encode(ANSWERS))
    inner: Any = facts
    for key in where[:-1]:
        inner = inner[key]
    inner[where[-1]] = "HERE"
    return json.dumps(facts).replace('"HERE"', number).encode()


@given(
    st.sampled_from(
        [
            ("taken_at",),
            ("offset",),
            ("disks", "LH", "size"),
            ("resources", "toy1", "restored"),
            ("resources", "toy1", "recovered"),
        ]
    ),
    NUMBERS,
)
@example(("taken_at",), "1e300")
@example(("disks", "LH", "size"), "9" * 400)
def test_a_peer_s_number_is_used_or_refused_in_one_line(where: tuple[str, ...], text: str) -> None:
    try:
        answers = decode(answers_with(where, text), "peer.json")
    except ConfigurationError as error:
        told = str(error)
    else:
        told = "peer.json: not the answers of a node: no"
        told_time(answers.taken_at)
        for resource in answers.resources.values():
            told_time(resource.restored)
            told_time(resource.recovered)
    assert told.startswith("peer.json: not the answers of a node: ")
    assert "\n" not in told


# Managers.


@given(st.text("0123456789", min_size=1, max_size=5000) | st.sampled_from(["1e999", "NaN", "-1"]))
@example("9" * 400)
@example("9" * 5000)
def test_no_timeout_or_interval_of_pacemaker_s_raises_anything(text: str) -> None:
    meta = "OCF_RESKEY_CRM_meta_"
    operation = Operation({f"{meta}timeout": text, f"{meta}interval": text})
    assert operation.timeout is None or 0 < operation.timeout <= 10**9
    assert 0 <= operation.interval <= 10**9
    assert operation.ends is None or operation.ends.at > 0


@pytest.mark.parametrize("text", ["1e999", "nan", "-1", "9" * 5000, "x"])
def test_no_interval_of_lifekeeper_s_raises_anything(tmp_path: Path, text: str) -> None:
    file = tmp_path / "etc/default/LifeKeeper"
    file.parent.mkdir(parents=True)
    file.write_text(f"LKCHECKINTERVAL={text}\nREMOTETIMEOUT={text}\n")
    found = find_lifekeeper({}, str(tmp_path))
    assert (found.check_interval, found.remote_timeout) == (120.0, 900.0)
