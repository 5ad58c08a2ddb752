"""Two calls at once on one resource: each cell of the table."""

from __future__ import annotations

import itertools

import pytest
from support import pairs_are_whole, wait_for

ACTIONS = ("restore", "remove", "quickcheck", "recover")

# Holds the action at work inside one of its hooks until the gate is opened.
GATE = """
import os, time
def hold(ctx):
    open(f"{ctx.options.home}/held", "w").close()
    while not os.path.exists(f"{ctx.options.home}/open"):
        time.sleep(0.01)
"""
HELD_IN = {
    "restore": "def ark_start(ctx, default):\n    hold(ctx)\n    default(ctx)\n",
    "remove": "def ark_stop(ctx, default):\n    hold(ctx)\n    default(ctx)\n",
    "quickcheck": "def ark_status(ctx, default):\n    hold(ctx)\n    return default(ctx)\n",
    "recover": "def ark_stop(ctx, default):\n    hold(ctx)\n    default(ctx)\n",
}


def held(node, action):
    """Start `action` and wait until it is held within its hook."""
    if action != "restore":
        assert node.run("restore") == 0
    if action == "recover":
        node.hooks(
            GATE
            + HELD_IN["recover"]
            + "from arkcore import Status, StatusReport\n"
            + "def ark_status(ctx, default):\n"
            + "    opened = os.path.exists(f'{ctx.options.home}/open')\n"
            + "    return default(ctx) if opened else StatusReport(Status.STOPPED)\n"
        )
    else:
        node.hooks(GATE + HELD_IN[action])
    program = node.start(action)
    wait_for(lambda: (node.home / "held").exists())
    return program


def let_go(node):
    (node.home / "open").touch()


@pytest.mark.parametrize(
    ("holder", "newcomer"),
    [
        ("restore", "quickcheck"),
        ("remove", "quickcheck"),
        ("quickcheck", "quickcheck"),
        ("recover", "quickcheck"),
        ("recover", "recover"),
    ],
)
def test_the_newcomer_is_skipped(node, holder, newcomer):
    first = held(node, holder)
    assert node.run(newcomer) == 0
    assert f"Skipped: {holder} is at work." in node.ras[-1]
    let_go(node)
    assert first.end() == 0


@pytest.mark.parametrize(
    ("holder", "newcomer", "end"),
    [
        ("restore", "restore", "RUNNING"),
        ("restore", "recover", "RUNNING"),
        ("remove", "restore", "RUNNING"),
        ("remove", "remove", "STOPPED"),
        ("remove", "recover", "STOPPED"),
        ("recover", "restore", "RUNNING"),
    ],
)
def test_the_newcomer_waits_and_asks_again(node, holder, newcomer, end):
    first = held(node, holder)
    second = node.start(newcomer)
    wait_for(lambda: waits_for_the_lock(node, second))
    let_go(node)
    assert first.end() == 0
    assert second.end() == 0
    assert len(node.daemons()) == (1 if end == "RUNNING" else 0)
    assert pairs_are_whole(node.ras)


@pytest.mark.parametrize(
    ("holder", "newcomer"),
    [
        ("restore", "remove"),
        ("recover", "remove"),
        ("quickcheck", "restore"),
        ("quickcheck", "remove"),
        ("quickcheck", "recover"),
    ],
)
def test_the_newcomer_preempts(node, holder, newcomer):
    first = held(node, holder)
    second = node.start(newcomer)
    code = first.end()
    let_go(node)
    assert second.end() == 0
    assert code == (1 if holder == "restore" else 0)
    assert any(f"Pre-empted by {newcomer}" in line or "wanted = down" in line for line in node.ras)
    assert len(node.daemons()) == (0 if newcomer == "remove" else 1)
    assert pairs_are_whole(node.ras)


def waits_for_the_lock(node, program) -> bool:
    """Whether the newcomer has opened the lock's file, so that it is in the queue for it."""
    from pathlib import Path

    lock = node.prefix / "run/ark/resources/toy1/action.lock"
    try:
        names = list(Path(f"/proc/{program.process.pid}/fd").iterdir())
        return any(name.resolve() == lock for name in names)
    except OSError:
        return False


def test_of_twenty_quickchecks_at_once_each_ends_with_0_and_a_whole_pair(node):
    assert node.run("restore") == 0
    programs = [node.start("quickcheck") for _ in range(20)]
    assert [program.end() for program in programs] == [0] * 20
    assert node.ras.count("QuickCheck start.") == 20
    assert sum(line.startswith("QuickCheck completed.") for line in node.ras) == 20


def test_a_newcomer_that_waits_too_long_fails_and_says_for_whom(node):
    node.configure(timers={"restore.process": 2})
    node.hooks(GATE + HELD_IN["restore"])
    node.configure(timers={"restore.process": 30})
    first = node.start("restore")
    wait_for(lambda: (node.home / "held").exists())
    node.configure(timers={"restore.process": 1})
    assert node.run("restore") == 1
    assert "is still at work" in node.ras[-1]
    let_go(node)
    assert first.end() == 0


@pytest.mark.parametrize(
    ("one", "other"),
    list(
        itertools.combinations_with_replacement(("restore", "remove", "quickcheck", "recover"), 2)
    ),
)
def test_of_twenty_calls_at_once_none_leaves_anything_undecided(node, one, other):
    node.configure(timers={"force_stop_wait": 0})
    assert node.run("restore") == 0
    programs = [node.start(action) for _ in range(10) for action in (one, other)]
    codes = [program.end() for program in programs]
    assert set(codes) <= {0, 1}
    for script in ("Restore", "Remove", "QuickCheck", "Recover"):
        began = sum(line == f"{script} start." for line in node.ras)
        ended = sum(
            line.startswith((f"{script} completed.", f"{script} failed.")) for line in node.ras
        )
        assert began == ended
    # Whatever came last: what the manager says now is done, and is so.
    assert node.run("remove") == 0
    assert node.processes() == []
    assert node.run("restore") == 0
    assert len(node.daemons()) == 1
    assert node.run("quickcheck") == 0
