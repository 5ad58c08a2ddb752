"""A question to the machine or the manager: its whole answer, or why there is none."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from arkcore.machine.whole_output import LARGEST
from arkcore.managers.ocf import Operation
from arkcore.managers.pacemaker import Pacemaker
from arkcore.managers.pacemaker_tools import PacemakerTools
from arkcore.worker.question import Answer, How, ask_command
from arkcore.worker.signals import Signals

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


def shell(script: str, within: float = 30) -> Answer:
    return ask_command(["/bin/sh", "-c", script], within)


# What is an answer.


@pytest.mark.parametrize("number", [300, 5000])
def test_an_answer_of_many_lines_arrives_whole(number: int) -> None:
    answer = shell(f"seq -f 'a-resource-of-a-long-name-%05g' {number}")
    names = [f"a-resource-of-a-long-name-{each:05}" for each in range(1, number + 1)]
    assert (answer.how, answer.output.split()) == (How.ANSWERED, names)


def test_an_answer_may_be_as_large_as_is_allowed() -> None:
    answer = shell(f"head -c {LARGEST} /dev/zero | tr '\\0' x")
    assert answer.ok
    assert answer.output == "x" * LARGEST


def test_an_answer_that_is_too_large_is_none() -> None:
    answer = shell(f"head -c {LARGEST + 1} /dev/zero | tr '\\0' x")
    assert (answer.how, answer.output, answer.whole) == (How.TOO_LARGE, "", False)
    assert answer.why == f"sh answered more than the {LARGEST} bytes that an answer may have"


def test_a_command_that_never_stops_writing_fills_no_memory() -> None:
    answer = ask_command(["/bin/sh", "-c", "exec yes"], within=1)
    assert (answer.how, answer.output) == (How.LATE, "")


def test_a_return_code_other_than_0_is_told_with_the_whole_output() -> None:
    answer = shell("echo stopping; exit 1")
    assert (answer.how, answer.returncode, answer.output) == (How.FAILED, 1, "stopping\n")
    assert answer.why == "sh returned 1"


def test_what_a_signal_ended_has_answered_nothing() -> None:
    answer = shell("echo half an answ; kill -9 $$")
    assert (answer.how, answer.output, answer.why) == (How.DIED, "", "sh was ended by SIGKILL")


def test_what_is_late_has_answered_nothing() -> None:
    answer = shell("echo half an answ; exec sleep 1000", within=0.5)
    assert (answer.how, answer.output) == (How.LATE, "")
    assert answer.why == "sh did not answer within 0.5 s"


def test_a_command_that_is_not_there_is_told_so() -> None:
    answer = ask_command(["/no/such"])
    assert answer.how is How.NOT_RUN
    assert answer.why == "/no/such cannot be run: No such file or directory"


def test_errors_tear_no_line_of_an_answer() -> None:
    script = "printf 'first sec'; echo a warning >&2; echo ond; echo another >&2"
    answer = shell(script)
    assert (answer.output, answer.errors) == ("first second\n", "a warning\nanother\n")


def test_a_flood_of_errors_is_no_answer_too_large() -> None:
    answer = shell("echo here; yes | head -c 9000000 >&2; echo the last >&2")
    assert (answer.how, answer.output) == (How.ANSWERED, "here\n")
    assert len(answer.errors) < LARGEST


def test_a_question_leaves_no_descriptor_open() -> None:
    before = os.listdir("/proc/self/fd")
    shell("true")
    ask_command(["/no/such"])
    assert os.listdir("/proc/self/fd") == before


def test_a_late_question_ends_no_other_ones_command() -> None:
    answers: list[Answer] = []
    other = threading.Thread(target=lambda: answers.append(shell("sleep 2; echo here")))
    other.start()
    assert shell("exec sleep 1000", within=0.3).how is How.LATE
    other.join()
    assert [each.output for each in answers] == ["here\n"]


# Whoever is told to end.


def test_whoever_is_told_to_end_waits_for_no_answer_of_a_manager(
    started: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Signals, "told_to_end", False)
    soon = threading.Timer(0.2, lambda: setattr(Signals, "told_to_end", True))
    soon.start()
    began = time.monotonic()
    assert ask_command(["/bin/sleep", started.word], within=30).how is How.TOLD_TO_END
    assert time.monotonic() - began < 15
    soon.join()


def test_a_manager_is_asked_also_by_one_that_was_told_to_end_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Signals, "told_to_end", True)
    assert ask_command(["/bin/echo", "an answer"], within=30).output == "an answer\n"


# What a manager is believed.


def tool(prefix: Path, name: str, script: str) -> None:
    path = prefix / "usr/sbin" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def manages(prefix: Path, resource: str) -> bool | None:
    return Pacemaker("toy", Operation({}, None), str(prefix)).manages(resource)


@pytest.mark.parametrize("number", [300, 5000])
def test_pacemaker_has_every_resource_that_it_lists(tmp_path: Path, number: int) -> None:
    tool(tmp_path, "crm_resource", f"seq -f resource-number-%04g {number}")
    names = {f"resource-number-{each:04}" for each in range(1, number + 1)}
    assert PacemakerTools(str(tmp_path)).resources() == names
    assert manages(tmp_path, f"resource-number-{number // 2:04}") is True
    assert manages(tmp_path, "resource-number-0000") is False


@pytest.mark.parametrize(
    "script",
    [
        "echo other; exec sleep 100",
        "echo other; kill -9 $$",
        "echo other; exit 102",
        f"echo other; yes | head -c {LARGEST}",
        "echo 'NO resources configured'",
    ],
    ids=["late", "killed", "failed", "too large", "none"],
)
def test_no_resource_is_denied_where_the_list_is_not_whole(tmp_path: Path, script: str) -> None:
    tool(tmp_path, "crm_resource", script)
    assert manages(tmp_path, "rsc") is None


def test_a_warning_of_the_tool_hides_no_resource(tmp_path: Path) -> None:
    tool(tmp_path, "crm_resource", "printf 'a\\nb'; echo 'warning: Blind faith' >&2; printf 'c\\n'")
    assert PacemakerTools(str(tmp_path)).resources() == {"a", "bc"}


@pytest.mark.parametrize(
    ("defaults", "known"),
    [("exit 105", {"start": 20.0, "stop": 20.0}), ("exit 102", {}), ("exec sleep 100", {})],
    ids=["none", "not connected", "late"],
)
def test_a_default_timeout_that_the_cluster_does_not_tell_is_not_guessed(
    tmp_path: Path, defaults: str, known: dict[str, float]
) -> None:
    tool(tmp_path, "cibadmin", f"case $* in *op_defaults*) {defaults};; esac; echo '<primitive/>'")
    assert PacemakerTools(str(tmp_path)).timeouts("rsc") == known
