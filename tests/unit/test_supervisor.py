"""A worker and its end: what is believed of it, and what of its making outlives it."""

from __future__ import annotations

import ctypes
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable
from typing import Any

import pytest

from arkcore.base.deadline import Deadline
from arkcore.base.errors import PluginError
from arkcore.base.status import Fault, Outcome, Verdict
from arkcore.machine import processes
from arkcore.machine.channel import Sender
from arkcore.machine.python_stack import PythonStack
from arkcore.machine.whole_output import LARGEST
from arkcore.worker.aside import Aside, answer_of, supervise_aside
from arkcore.worker.supervisor import supervise

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


class NoSignals:
    """Of a guard to which no signal comes."""

    received = 0

    def wait(self, seconds: float, *descriptors: int) -> None:
        select.select(descriptors, [], [], seconds)


def done(
    body: Callable[[Sender], None],
    how: Callable[..., Verdict] = supervise,
    *,
    within: float = 20,
    record_late: Callable[[int, PythonStack, float], str] = lambda *_: "",
) -> Verdict:
    return how(
        body,
        end=Deadline.after(within),
        tell=lambda _: None,
        signals=NoSignals(),
        prepare=lambda: None,
        doing=lambda: "",
        record_late=record_late,
    )


def block(seconds: int) -> None:
    """Wait in C, the interpreter's lock held, until the time is up or a signal comes."""
    ctypes.PyDLL(None).sleep(seconds)


def test_what_a_worker_reports_is_told() -> None:
    report = done(lambda sender: sender.report(Verdict(Outcome.FAILED, "why")))
    assert (report.outcome, report.reason) == (Outcome.FAILED, "why")


def test_a_worker_that_dies_has_answered_nothing() -> None:
    report = done(lambda _: os.kill(os.getpid(), signal.SIGKILL))
    assert report.outcome is Outcome.UNDECIDED
    assert report.reason == "the plugin's process was ended by SIGKILL"


def aside(body: Callable[[Sender], None], *, end: Deadline, **_: Any) -> Verdict:
    return Aside(body).wait(end)


@pytest.mark.parametrize("how", [supervise, supervise_aside, aside])
@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (lambda: os.kill(os.getpid(), signal.SIGKILL), "the plugin's process was ended by SIGKILL"),
        (
            lambda: os._exit(0),
            "the plugin's process ended with exit code 0 before it had answered",
        ),
        (lambda: block(1000), ""),
    ],
    ids=["signal", "exit", "hang"],
)
def test_a_plugin_that_dies_or_hangs_has_one_outcome_wherever_it_works(
    how: Callable[..., Verdict], fault: Callable[[], object], told: str
) -> None:
    def body(_: Sender) -> None:
        fault()

    verdict = done(body, how, within=20 if told else 0.5)
    assert (verdict.outcome, verdict.fault) == (Outcome.UNDECIDED, Fault.PLUGIN)
    assert (verdict.status, verdict.reason) == (None, told or verdict.reason)


def test_an_answer_that_does_not_arrive_whole_is_none() -> None:
    def body(sender: Sender) -> None:
        sender.send("answer", '{"half": ')
        sender.report(Verdict(Outcome.WELL))

    verdict = done(body, aside)
    assert (verdict.outcome, verdict.fault) == (Outcome.INTERNAL, Fault.PLUGIN)
    assert verdict.reason == "its answer did not arrive whole"


def test_an_answer_of_a_plugin_may_not_be_without_end() -> None:
    with pytest.raises(PluginError, match=f"answered more than {LARGEST} bytes"):
        answer_of(lambda: "x" * (LARGEST + 1))


def test_what_a_late_worker_reports_when_it_was_asked_where_it_hangs_is_not_believed() -> None:
    asked = []

    def body(sender: Sender) -> None:
        block(1000)
        sender.report(Verdict(Outcome.WELL))
        block(1000)

    def ask(pid: int, stack: PythonStack, _: float) -> str:
        asked.append(stack.ask(pid))
        time.sleep(0.3)  # so that its report has come
        return "/box"

    report = done(body, within=0.5, record_late=ask)
    assert "in block" in asked[0]
    assert report.outcome is Outcome.UNDECIDED
    assert report.reason.endswith("black box /box")


def test_some_of_its_time_is_kept_for_recording_what_a_late_worker_hangs_in() -> None:
    left = []

    def record(_: int, __: PythonStack, within: float) -> str:
        left.append(within)
        return ""

    done(lambda _: block(1000), within=2, record_late=record)
    assert 0 < left[0] <= 0.25


def body_that_makes(argv: list[str], then: Callable[[], object]) -> Callable[[Sender], None]:
    def body(sender: Sender) -> None:
        subprocess.Popen(argv)
        then()
        sender.report(Verdict(Outcome.WELL))

    return body


@pytest.mark.parametrize("then", ["answers", "hangs", "raises"])
def test_what_a_worker_aside_has_made_ends_with_it(started: Any, then: str) -> None:
    def go_on() -> None:
        started_by_now(started)
        if then == "hangs":
            block(1000)
        if then == "raises":
            raise RuntimeError

    argv = ["/bin/sh", "-c", 'setsid sleep "$1" & sleep "$1"', "sh", started.word]
    report = done(body_that_makes(argv, go_on), supervise_aside, within=3)
    assert report.well == (then == "answers")
    until = time.monotonic() + 5
    while alive(started) and time.monotonic() < until:
        time.sleep(0.01)
    assert alive(started) == []


def started_by_now(started: Any) -> None:
    while len(started.pids()) < 3:
        time.sleep(0.01)


def alive(started: Any) -> list[processes.Process]:
    return [each for each in map(processes.look, started.pids()) if each]
