"""On what occasion an application was started: planned, after a failure, or by a person.

A start after a failure may have more to do than a planned one, such as the recovery of a database.
So a duration that was measured tells little without its occasion.
"""

from __future__ import annotations

from enum import Enum

from arkcore.base.call import Action
from arkcore.base.status import Outcome
from arkcore.machine.channel import Step
from arkcore.ras.records import Checks, ScriptTaken

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arkcore.ras.records import Run


class Occasion(Enum):
    """Why an application was started. The value is the word in JSON."""

    #: The stop before it was an orderly one, and no failure came before that stop.
    PLANNED = "planned"
    #: A failure came before it: a failed check, a restart, a stop that failed, a node that died.
    FAILURE = "after_failure"
    #: A person started it, in maintenance.
    PERSON = "by_person"
    #: The log does not tell what came before it.
    UNKNOWN = "unknown"


class Occasions:
    """Tells the occasion of each start of one resource.

    It hears the runs of the resource in the order of their ends, those of all nodes whose logs are
    read. A failure on a node whose log is not read is not seen: then a start counts as planned.
    """

    def __init__(self) -> None:
        #: Whether something failed since the application last ran.
        self._failed = False
        #: Whether it runs, as far as the log tells; None: the log does not tell.
        self._is_up: bool | None = None

    def hear(self, run: Run) -> Occasion | None:
        """The occasion of the start in `run`; None where `run` started nothing that came up."""
        if isinstance(run, Checks):
            self._runs()
        elif isinstance(run, ScriptTaken) and not run.skipped:
            if run.well and any(step.well for step in run.of(Step.START)):
                occasion = self._occasion_of(run)
                self._runs()
                return occasion
            self._take(run)
        return None

    def _occasion_of(self, script: ScriptTaken) -> Occasion:
        if script.in_maintenance:
            return Occasion.PERSON
        # What was up, and was started without a stop, died: alone, or with its node.
        broken = self._failed or self._is_up is True or bool(script.of(Step.FORCE))
        if script.action is Action.RECOVER or broken:
            return Occasion.FAILURE
        return Occasion.UNKNOWN if self._is_up is None else Occasion.PLANNED

    def _runs(self) -> None:
        self._failed, self._is_up = False, True

    def _take(self, script: ScriptTaken) -> None:
        """A script that started nothing, or nothing that came up."""
        action = script.action
        if script.outcome in (Outcome.UNDECIDED, Outcome.INTERNAL):
            return
        if not script.well:
            # A check that was ended from outside tells nothing of the application.
            was_ended = action is Action.QUICK_CHECK and script.outcome is not Outcome.FAILED
            self._failed |= script.went_badly and not was_ended
        elif action is not Action.REMOVE:
            self._runs()  # it was found running
        elif script.acted or self._is_up is False:
            self._is_up = False
        elif not self._failed:
            # It had ended before its stop: shut down with the node, or dead.
            self._is_up = None
