"""The resource of a call whose record does not serve: it is validated in a worker, or stands in."""

from __future__ import annotations

import time

from arkcore.base import budget, quickjson
from arkcore.base.call import Action
from arkcore.base.deadline import Deadline
from arkcore.base.errors import ArkError, NodeError, PluginError
from arkcore.base.status import Fault, Outcome, Verdict
from arkcore.base.stderr import complain
from arkcore.machine.channel import Event
from arkcore.resources import record
from arkcore.resources.resource import from_mapping, to_mapping
from arkcore.resources.timers import Timers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from arkcore.guard.case import Case
    from arkcore.guard.workers import Workers
    from arkcore.machine.channel import Sender
    from arkcore.resources.resource import Resource


class Loading:
    """Validates the resource of one call."""

    def __init__(self, case: Case, workers: Workers) -> None:
        self._case = case
        self._workers = workers
        self._limit = case.limit
        if self._limit is None and case.call.action is Action.QUICK_CHECK:
            # Loading counts as well; the resource's own timers, once known, set the limit anew.
            known = record.last_known_good(case.paths, case.call.resource)
            limit = case.call.caller.run_limit(known.timers if known else Timers({}))
            self._limit = None if limit is None else Deadline(case.began_at + limit)

    def validated(self) -> tuple[Resource | None, str]:
        """The resource, recorded; or what is wrong."""
        return self._validated(self._case.call.caller.manages, essentials=False)

    def essentials(self, manages: Callable[[str], bool | None]) -> Resource | None:
        """What can be looked at and stopped, where the rest of its values is wrong.

        Nothing is recorded. `manages`: as the caller's own.
        """
        if self._case.fault not in (Fault.CONFIGURATION, Fault.NODE):
            return None  # no plugin is there that could be asked
        fault = self._case.fault
        resource, _ = self._validated(manages, essentials=True)
        self._case.fault = fault
        return resource

    def _validated(
        self, manages: Callable[[str], bool | None], *, essentials: bool
    ) -> tuple[Resource | None, str]:
        call, paths = self._case.call, self._case.paths
        name, parameters = call.resource, call.parameters
        told: list[str] = []

        def body(sender: Sender) -> None:
            from arkcore.resources.recording import validate_and_record
            from arkcore.resources.validation import validate_essentials

            validate = validate_essentials if essentials else validate_and_record
            try:
                resource = validate(paths, name, parameters, manages)
                sender.hand_over(Event.RESOURCE, quickjson.dumps(to_mapping(resource)))
                sender.report(Verdict(Outcome.WELL))
            except ArkError as error:
                sender.report(Verdict(Outcome.INTERNAL, str(error), fault=fault_of(error)))

        def hear(event: Event) -> None:
            if event.kind == Event.RESOURCE:
                told.extend(event.texts)
            elif event.kind == Event.REMARK:
                complain(event.texts[-1])

        limit = self._limit.at if self._limit is not None else None
        end = Deadline(budget.of_loading(time.monotonic(), limit))
        report = self._workers.do_aside(body, end, hear)
        if not report.well:
            self._case.fault = report.fault
            return None, report.reason
        try:
            # Handed over as it was validated: a record that cannot be written costs time, no more.
            resource = from_mapping(quickjson.loads("".join(told).encode()))
            resource.given = parameters
            return resource, ""
        except (IndexError, KeyError, TypeError, ValueError) as error:
            where = parameters.where(name) if parameters else paths.resource_file(name)
            return None, f"{where}: its values did not arrive whole ({error})"


def fault_of(error: ArkError) -> Fault:
    """Who is to blame that a resource is unusable."""
    if isinstance(error, NodeError):
        return Fault.NODE
    return Fault.PLUGIN if isinstance(error, PluginError) else Fault.CONFIGURATION
