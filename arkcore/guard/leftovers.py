"""Ending what our own commands have left running, and nothing of a product that is well."""

from __future__ import annotations

import os
import time

from arkcore.base import budget
from arkcore.base.call import Action
from arkcore.base.status import Outcome
from arkcore.context.context import STATUS
from arkcore.machine import processes
from arkcore.machine.descent import has_children

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from arkcore.actions.work import Work
    from arkcore.base.status import Verdict
    from arkcore.guard.case import Case
    from arkcore.resources.timers import Timers


class Leftovers:
    """What one action has left below this guard.

    `part`: has a worker do something, with `within` seconds. `strangers`: what was below this
    process before the action began: the caller's, or a dependent's.
    """

    def __init__(
        self,
        case: Case,
        timers: Timers,
        part: Callable[..., Verdict],
        strangers: set[processes.Process],
    ) -> None:
        self._case = case
        self._timers = timers
        self._part = part
        self._strangers = strangers

    def sweep(self, action: Action, verdict: Verdict, *, started: bool) -> None:
        """End what commands have left running below this guard, unless it is the product.

        `started`: this guard has started a product, its own or a dependent's.
        """
        state = self._case.state
        if not has_children():
            state.commands.forget_kind(STATUS)
            return
        if verdict.outcome is Outcome.INTERNAL:
            return
        well = verdict.outcome is Outcome.WELL
        may_have_started = action in (Action.RESTORE, Action.RECOVER)
        if may_have_started and well and self._only_the_product_is_below():
            state.commands.forget_all()
            return
        timers = self._timers
        all_in_all = timers[f"{action.word}.process"] + timers[f"{action.word}.cleanup"]
        left = self._case.began_at + all_in_all - time.monotonic()
        self.end(action, budget.for_sweep(left), started=started or well)

    def _only_the_product_is_below(self) -> bool:
        """Whether all that has come below this guard was recorded as the product, when RUNNING."""
        recorded = self._case.state.processes.known()
        below = processes.descendants({os.getpid()}) - self._strangers
        return all((each.pid, each.start) in recorded for each in below)

    def end(self, action: Action, within: float, *, started: bool) -> None:
        """End it, within so many seconds; what `started` says is the product stays."""
        if action in (Action.QUICK_CHECK, Action.REMOVE):
            self._part(hurry_all, within=within)
            return
        # A product that this guard has started, or a dependent's, is its child as well.
        report = self._part(hurry if started else hurry_failed_start, within=within)
        if report.outcome is Outcome.UNDECIDED:
            self._part(hurry_without_plugin, within=within)

    def end_aborted(self, action: Action) -> None:
        """End what an action that was killed has left."""
        within = budget.for_aborted(self._timers[f"{action.word}.process"])
        self._part(end_leftovers, within=within)


# In a worker. What ends leftovers is loaded where there are any.


def end_leftovers(
    work: Work, *, adopted: bool = False, ask_plugin: bool = True, hurry: bool = False
) -> Verdict:
    from arkcore.actions import leftovers

    return leftovers.end_leftovers(work, adopted=adopted, ask_plugin=ask_plugin, hurry=hurry)


def hurry(work: Work) -> Verdict:
    return end_leftovers(work, hurry=True)


def hurry_failed_start(work: Work) -> Verdict:
    return end_leftovers(work, adopted=True, hurry=True)


def hurry_all(work: Work) -> Verdict:
    return end_leftovers(work, adopted=True, ask_plugin=False, hurry=True)


def hurry_without_plugin(work: Work) -> Verdict:
    return end_leftovers(work, ask_plugin=False, hurry=True)
