"""Many questions aside: how many at once, and that none has a part in another's end."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from arkcore.base.deadline import Deadline
from arkcore.base.errors import ArkError
from arkcore.worker.aside import Question
from arkcore.worker.several import Turn, in_turn

PROCESSORS = len(os.sched_getaffinity(0))


def answers(
    names: Sequence[str], work: Callable[[str], Any], within: Callable[[str], float] = lambda _: 30
) -> dict[str, Any]:
    """What `work` returns for each name, or the text of its error; in the order they were over."""
    questions: dict[str, Question] = {}
    found: dict[str, Any] = {}

    def begin(name: str) -> Turn:
        questions[name] = Question(lambda: work(name))
        return Turn(name, questions[name].aside, Deadline.after(within(name)))

    def over(turn: Turn) -> None:
        try:
            found[turn.name] = questions[turn.name].answer(turn.end)
        except ArkError as error:
            found[turn.name] = str(error)

    in_turn(names, begin, over)
    return found


def test_each_gets_its_own_answer() -> None:
    names = [f"r{number}" for number in range(3 * PROCESSORS)]
    assert answers(names, lambda name: f"{name}!") == {name: f"{name}!" for name in names}


def test_one_that_dies_and_one_that_raises_spoil_no_other() -> None:
    def work(name: str) -> str:
        if name == "dies":
            os.kill(os.getpid(), 9)
        if name == "raises":
            raise ArkError("it is wrong")
        return name

    found = answers(["dies", "raises", "a", "b", "c"], work)
    assert found.pop("dies") == "the plugin's process was ended by SIGKILL"
    assert found.pop("raises") == "it is wrong"
    assert found == {"a": "a", "b": "b", "c": "c"}


def test_those_that_hang_are_late_alone() -> None:
    hanging = [f"hangs{number}" for number in range(PROCESSORS)]

    def work(name: str) -> str:
        time.sleep(1000 if name in hanging else 0)
        return name

    # The others come behind as many that hang as may be at work at first.
    found = answers([*hanging, "a", "b"], work, lambda name: 0.3 if name in hanging else 30)
    assert (found["a"], found["b"]) == ("a", "b")
    assert all(found[name].startswith("no answer within ") for name in hanging)


def test_where_all_wait_more_are_at_work(tmp_path: Path) -> None:
    names = [f"r{number}" for number in range(4 * PROCESSORS)]

    def work(name: str) -> str:
        # Each waits until all of them are at work.
        (tmp_path / name).touch()
        while len(os.listdir(tmp_path)) < len(names):
            time.sleep(0.005)
        return name

    assert answers(names, work) == {name: name for name in names}


def is_open(descriptor: int) -> bool:
    return os.path.lexists(f"/proc/self/fd/{descriptor}")


def test_none_inherits_where_another_is_heard() -> None:
    def pipes(_: str) -> int:
        return sum(stat.S_ISFIFO(os.fstat(each).st_mode) for each in range(3, 100) if is_open(each))

    [alone] = answers(["r"], pipes).values()
    assert set(answers([f"r{each}" for each in range(2 * PROCESSORS)], pipes).values()) == {alone}


def test_an_error_of_the_asker_s_ends_those_at_work(tmp_path: Path) -> None:
    def work() -> None:
        (tmp_path / "pid").write_text(str(os.getpid()))
        (tmp_path / "pid").rename(tmp_path / "begun")
        time.sleep(1000)

    def begin(name: str) -> Turn:
        if name == "second":
            while not (tmp_path / "begun").exists():
                time.sleep(0.005)
            raise ArkError("not to be asked")
        return Turn(name, Question(work).aside, Deadline.after(30))

    with pytest.raises(ArkError, match="not to be asked"):
        in_turn(["first", "second"], begin, lambda turn: None)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "begun").read_text()), 0)


def test_what_the_machine_has_no_means_for_is_asked_later() -> None:
    asked: list[str] = []

    def begin(name: str) -> Turn:
        if len(asked) - len(over) >= 1:
            raise BlockingIOError("no process can be made")
        asked.append(name)
        return Turn(name, Question(lambda: name).aside, Deadline.after(30))

    over: list[str] = []
    in_turn(["a", "b", "c"], begin, lambda turn: over.append(turn.name))
    assert over == asked == ["a", "b", "c"]
