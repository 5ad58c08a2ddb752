"""What a plugin raises, returns or becomes is an outcome, and never an exit code of its own."""

from __future__ import annotations

import pytest
from support import pairs_are_whole

FAULTS = {
    "raises": "raise ValueError('of the plugin')",
    "raises BaseException": "raise BaseException('of the plugin')",
    "sys.exit": "import sys; sys.exit(0)",
    "os._exit": "import os; os._exit(0)",
    "recursion": "f = lambda: f(); f()",
    "kills itself": "import os; os.kill(os.getpid(), 9)",
    "segfault": "import ctypes; ctypes.string_at(0)",
    "interrupt": "raise KeyboardInterrupt",
}
every_fault = pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())


def hook(name: str, fault: str) -> str:
    return f"def {name}(ctx, default):\n    {fault}\n"


@every_fault
def test_in_status_a_quickcheck_is_undecided(node, fault):
    node.configure(timers={"lifekeeper.quickcheck_run": 2})
    node.run("restore")
    node.hooks(hook("ark_status", fault))
    assert node.run("quickcheck") == 0
    assert "Undecided" in node.ras[-1]
    assert len(node.daemons()) == 1


@every_fault
def test_in_start_a_restore_fails(node, fault):
    node.hooks(hook("ark_start", fault))
    assert node.run("restore") == 1
    assert node.ras[-1].startswith("Restore failed.")
    assert any(line.startswith("Start failed.") for line in node.ras)
    assert pairs_are_whole(node.ras)


@every_fault
def test_in_stop_a_remove_stops_by_force(node, fault):
    node.run("restore")
    node.hooks(hook("ark_stop", fault))
    assert node.run("remove") == 0
    assert node.daemons() == []
    assert pairs_are_whole(node.ras)


@every_fault
def test_in_processes_a_remove_never_says_stopped(node, fault):
    node.configure(timers={"remove.process": 1, "remove.cleanup": 1})
    node.run("restore")
    node.hooks(hook("ark_processes", fault))
    assert node.run("remove") == 1
    assert node.ras[-1].startswith("Remove failed.")
    assert pairs_are_whole(node.ras)


def test_why_the_processes_cannot_be_listed_does_not_flood_the_log(node):
    node.configure(timers={"remove.process": 2, "remove.cleanup": 1})
    node.run("restore")
    node.hooks(hook("ark_processes", FAULTS["raises"]))
    node.run("remove")
    # One for each part of the action: the stop, the kill, the last look for leftovers.
    told = [line for line in node.ras if line.startswith("ark_processes raised ValueError")]
    assert 1 <= len(told) <= 3


def test_what_a_plugin_prints_reaches_nobody(node):
    node.hooks("def ark_status(ctx, default):\n    print('hello')\n    return default(ctx)\n")
    program = node.start("restore")
    assert program.end() == 0
    assert "hello" not in program.stderr


def test_an_answer_that_is_no_status_is_unknown(node):
    node.configure(timers={"lifekeeper.quickcheck_run": 2})
    node.run("restore")
    node.hooks("def ark_status(ctx, default):\n    return 'RUNNING'\n")
    assert node.run("quickcheck") == 0
    assert "UNKNOWN" in node.ras[-1]
