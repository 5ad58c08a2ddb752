"""A child of ours: awaited by its pid, ended for certain, and how it died."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from arkcore.machine.child import Child, Death, How

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


def raise_something() -> None:
    raise KeyboardInterrupt


def hang() -> None:
    while True:
        time.sleep(1000)


@pytest.mark.parametrize(
    ("work", "how", "code", "told"),
    [
        (lambda: None, How.EXITED, 0, "ended with exit code 0 before it had answered"),
        (raise_something, How.EXITED, 1, "ended with exit code 1 before it had answered"),
        (lambda: os._exit(7), How.EXITED, 7, "ended with exit code 7 before it had answered"),
        (lambda: sys.exit(0), How.EXITED, 1, "ended with exit code 1 before it had answered"),
        (lambda: os.kill(os.getpid(), 9), How.SIGNALLED, -9, "was ended by SIGKILL"),
        (lambda: os.kill(os.getpid(), 15), How.SIGNALLED, -15, "was ended by SIGTERM"),
    ],
)
def test_how_it_died_by_itself_is_told(
    work: Callable[[], object], how: How, code: int, told: str
) -> None:
    death = Child.fork(work).end(patience=20)
    assert (death.how, death.code) == (how, code)
    assert death.told("before it had answered") == told


def test_one_that_we_ended_was_ended_by_no_one_else() -> None:
    death = Child.fork(hang).end(dying=20)
    assert death.how is How.ENDED
    assert death.told() == "was ended, for it did not end by itself"


def test_one_that_exits_in_time_is_not_ended() -> None:
    assert Child.fork(lambda: time.sleep(0.1)).end(patience=20).how is How.EXITED


def test_one_that_cannot_be_ended_is_told_so_and_not_awaited() -> None:
    child = Child.fork(hang)
    death = child.end(dying=0)
    assert (death.how, death.told()) in [
        (How.STUCK, "cannot be ended"),
        (How.ENDED, "was ended, for it did not end by itself"),
    ]
    assert child.end(dying=20).how is How.ENDED


def test_its_end_wakes_whoever_sleeps_over_it() -> None:
    reading, writing = os.pipe()
    child = Child.fork(lambda: select.select([reading], [], [], 60))
    os.write(writing, b"go")
    began = time.monotonic()
    child.sleep(30)
    assert child.is_over() or time.monotonic() - began < 30
    child.end(patience=20)
    os.close(reading)
    os.close(writing)


def test_it_leaves_no_descriptor_open() -> None:
    before = os.listdir("/proc/self/fd")
    child = Child.fork(lambda: None)
    child.sleep(0)
    child.end(patience=20)
    assert os.listdir("/proc/self/fd") == before


def test_a_signal_to_one_that_is_dead_reaches_nobody() -> None:
    child = Child.fork(lambda: None)
    child.end(patience=20)
    child.send(signal.SIGKILL)
    assert child.code == 0


IGNORED = """
import signal, sys
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
from arkcore.machine.child import Child
death = Child.fork(lambda: None).end(patience=20)
print(death.how.name, death.code, death.told("before it had answered"))
"""


def test_where_sigchld_is_ignored_nobody_can_tell_how_it_died() -> None:
    done = subprocess.run([sys.executable, "-c", IGNORED], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("UNKNOWN None ended before it had answered\n", "")


def test_a_death_shows_what_it_is() -> None:
    assert repr(Death(How.EXITED, 3)) == "Death(EXITED, 3)"
