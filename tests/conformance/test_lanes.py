"""Lanes of the conformance kit: apart from one another, and ended together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ark_testing import Capability
from ark_testing.checks import CHECKS, Check
from ark_testing.checks.check import check
from ark_testing.finding import expect
from ark_testing.host import await_that
from ark_testing.lanes import Lanes, room
from ark_testing.result import Outcome
from ark_testing.spoiling import Fault, spoilt
from ark_testing.subject import Subject
from conformance.installed import install

from arkcore.machine import processes

#: A test class as an author writes it.
TESTS = """
import pytest
from ark_testing import Capability, Conformance
from conformance.installed import install

@pytest.fixture(scope="module")
def installation(tmp_path_factory):
    return install(tmp_path_factory.mktemp("product"))

class TestRight(Conformance):
    plugin = "right"
    capabilities = frozenset(Capability)
    lanes = 2
"""


@pytest.fixture
def subject(tmp_path: Path) -> Iterator[Subject]:
    made = Subject(
        "right", install(tmp_path / "product"), tmp_path / "kit", capabilities=frozenset(Capability)
    )
    yield made
    made.close()


@pytest.fixture
def unasked(tmp_path: Path) -> Subject:
    """One whose plugin nobody has to ask."""
    return Subject("right", install(tmp_path / "product"), tmp_path / "kit", declaration={})


@pytest.fixture
def in_lanes(subject: Subject) -> Iterator[Callable[..., Lanes]]:
    """Make two lanes for these checks. What is told beside results goes to `heard`."""
    made: list[Lanes] = []

    def make(*functions: Callable[[Subject], None], heard: list[str] | None = None) -> Lanes:
        tell = (lambda _: None) if heard is None else heard.append
        made.append(Lanes(subject, [_check(each) for each in functions], 2, tell))
        return made[-1]

    yield make
    for each in made:
        each.close()


def _check(function: Callable[[Subject], None]) -> Check:
    return check("", "")(function)


def test_two_lanes_do_not_see_one_another(in_lanes: Callable[..., Lanes]) -> None:
    both = threading.Barrier(2, timeout=60)
    nodes: set[str] = set()

    def seen(subject: Subject) -> None:
        subject.running()
        both.wait()
        own, listed = set(subject.host.living()), subject.host.look().listed
        expect(own and listed <= own, f"{listed} listed, of {own}")
        nodes.add(subject.prefix)
        expect(subject.host.quick_check().code == 0, "the quickCheck failed")
        starts = [each for each in subject.host.messages() if each == "QuickCheck start."]
        expect(len(starts) == 1, f"{len(starts)} quickChecks in its log")
        subject.stopped()
        both.wait()

    def seen_too(subject: Subject) -> None:
        seen(subject)

    lanes = in_lanes(seen, seen_too)
    results = [lanes.result(_check(each)) for each in (seen, seen_too)]
    assert [(each.outcome, each.told) for each in results] == [(Outcome.KEPT, "")] * 2
    assert len(nodes) == 2


def test_an_installation_that_shares_a_name_is_not_used(
    in_lanes: Callable[..., Lanes], subject: Subject
) -> None:
    subject.installation.another = lambda: subject.installation
    heard: list[str] = []
    asked: list[Subject] = []

    def one(subject: Subject) -> None:
        asked.append(subject)

    def other(subject: Subject) -> None:
        await_that(lambda: heard, 20.0)
        asked.append(subject)

    lanes = in_lanes(one, other, heard=heard)
    assert lanes.result(_check(one)).outcome is Outcome.KEPT
    assert lanes.result(_check(other)).outcome is Outcome.KEPT
    assert asked == [subject, subject]
    [told] = heard
    assert told == "installation 2 is not used: logical host RIGHT1 is another installation's too"


def test_an_end_from_outside_puts_back_what_a_check_has_exchanged(
    in_lanes: Callable[..., Lanes],
) -> None:
    begun = threading.Event()
    kept: list[tuple[Path, bytes]] = []

    def hangs(subject: Subject) -> None:
        command = subject.host.given.commands["start"]
        kept.append((command.path, command.path.read_bytes()))
        with spoilt(command, Fault.HANGS):
            begun.set()
            subject.host.call_hook("ark_start", 100.0)

    lanes = in_lanes(hangs)
    waiting = threading.Thread(target=lanes.begin)
    waiting.start()
    assert begun.wait(60)
    began = time.monotonic()
    lanes.close()
    assert time.monotonic() - began < 30
    [(path, was)] = kept
    assert path.read_bytes() == was


@pytest.mark.parametrize(
    ("told", "load", "most", "checks"),
    [
        ("lanes = 1", 0.0, 1, CHECKS),
        ("this machine is busy, its load is 7.0", 7.0, None, CHECKS),
        ("", 0.0, None, CHECKS[:3]),
    ],
)
def test_why_checks_run_one_after_another_is_one_line(
    unasked: Subject,
    monkeypatch: pytest.MonkeyPatch,
    told: str,
    load: float,
    most: int | None,
    checks: tuple[Check, ...],
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    monkeypatch.setattr(os, "getloadavg", lambda: (load, 0.0, 0.0))
    assert room(unasked, checks, most) == (1, told)


def test_an_installation_of_which_there_is_one_has_one_lane(unasked: Subject) -> None:
    unasked.installation.another = None
    assert room(unasked, CHECKS, 4) == (1, "Installation.another is not given")


def test_a_quiet_machine_has_room_for_all_lanes(
    unasked: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    monkeypatch.setattr(os, "getloadavg", lambda: (0.5, 0.0, 0.0))
    assert room(unasked, CHECKS) == (5, "")


def _beneath(place: Path) -> list[processes.Process]:
    """All that lives and runs a program beneath a directory, or has it among its arguments."""
    found = []
    for each in processes.table().values():
        words = b" ".join(processes.arguments(each.pid))
        if f"{place}/" in processes.executable(each.pid) or f"{place}/".encode() in words:
            found.append(each)
    return found


def test_ctrl_c_ends_all_lanes_and_leaves_no_process(tmp_path: Path) -> None:
    place = tmp_path / "author"
    place.mkdir()
    (place / "test_right.py").write_text(TESTS)
    run = subprocess.Popen(
        [sys.executable, "-m", "pytest", "-q", "--basetemp", place / "t", place / "test_right.py"],
        cwd=place,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    product = place / "t/product0"

    def both() -> bool:
        first, second = (product / name / "shared" for name in (".", "another1"))
        return all(list(each.glob("*/pid")) for each in (first, second))

    try:
        assert await_that(both, 100.0)
        run.send_signal(signal.SIGINT)
        told, _ = run.communicate(timeout=60)
    finally:
        run.kill()
    assert run.returncode == 2, told
    assert "KeyboardInterrupt" in told
    assert await_that(lambda: not _beneath(place), 10.0), _beneath(place)
