"""Ends what the engine's own commands have left running. A product that runs is no leftover."""

from __future__ import annotations

import os

from arkcore.actions.below import newcomers
from arkcore.base.status import Outcome, Verdict
from arkcore.base.text import listed
from arkcore.context import context
from arkcore.machine import ending, offspring, processes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from arkcore.actions.work import Work
    from arkcore.machine.processes import Process


def end_leftovers(
    work: Work, *, adopted: bool = False, ask_plugin: bool = True, hurry: bool = False
) -> Verdict:
    """End what our commands have left running; a well-started product is no leftover.

    `adopted`: also end all that has come below the guard. Not to be set where the guard has started
    the product, whose daemons are below it too. `ask_plugin`: ask the plugin which processes are
    the product's. Not to be set where nothing was started, or the plugin cannot tell. `hurry`:
    nothing follows, and there is little time.
    """
    work.now("ending what our commands left behind")
    commands = work.state.commands.all()
    spare = work.resource.application.machine_wide
    users = work.engine.owner.whose_marks()

    def find() -> list[Process]:
        product = work.asking.list_processes(grouped=False) if ask_plugin else None
        # The processes of a start may be the product: they are ended only where that is known.
        ended = {
            each.mark: (each.pid, each.start)
            for each in commands
            if each.kind != context.START or product is not None
        }
        found = left_of(ended, users) | _copies_of_the_guard(work)
        if adopted:
            found |= newcomers(work)
        found -= {*(product or ()), *work.engine.owner.spared}
        return list(offspring.apart_from(spare, found, processes.table())) if found else []

    # Half of the time, so that the other half is left for what follows.
    by = work.deadline if hurry else work.deadline.sooner(work.deadline.remaining() / 2)
    left = ending.end(find, by, spare=spare, grace=0.3 if hurry else 1.0)
    if left:
        reason = f"could not be ended: {listed(left)}"
        work.ctx.log.warning(reason)
        return Verdict(Outcome.FAILED, reason)
    work.state.commands.forget([each.mark for each in commands])
    return Verdict(Outcome.WELL)


def _copies_of_the_guard(work: Work) -> set[Process]:
    """Forks of this engine that a plugin has left: no product runs the guard's very call."""
    guard = os.getppid()
    own = processes.arguments(guard)
    return {
        each
        for each in newcomers(work)
        if processes.arguments(each.pid) == own
        and processes.executable(each.pid) == processes.executable(guard)
    }


def left_of(commands: dict[str, tuple[int, int]], users: Collection[int] | None) -> set[Process]:
    """The live processes that came of `commands`: by mark, the pid and start time of each.

    `users`: those whose processes a mark alone shows; None is everybody.
    """
    seen = processes.table()
    found = offspring.marked(lambda mark: mark in commands, seen.values(), users)
    roots = set()
    for pid, start in commands.values():
        process = seen.get(pid)
        if process is not None and process.start == start:
            found.add(process)
            roots.add(pid)
            # A process that has lost its parent is still found in the command's group or session.
            found |= {each for each in seen.values() if pid in (each.pgrp, each.session)}
    return found | processes.descendants(roots, seen)
