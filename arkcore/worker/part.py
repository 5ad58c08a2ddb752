"""One part of an action: what a worker is handed, and how it loads the plugin and does it."""

from __future__ import annotations

import gc
import os

from arkcore.actions.work import Work
from arkcore.base.errors import ConfigurationError, PluginError, described
from arkcore.base.status import Fault, Outcome, Verdict
from arkcore.base.stderr import complain
from arkcore.context.context import Context
from arkcore.machine.channel import Event
from arkcore.plugin.application import make_options
from arkcore.plugin.calls import DirectHooks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from typing import Any

    from arkcore.base.deadline import Deadline
    from arkcore.machine.channel import Sender
    from arkcore.machine.processes import Process
    from arkcore.memory.state import State
    from arkcore.resources.resource import Resource


def _nobody_observes(_: bool) -> None:
    """What is asked is no observation of the application."""


class Part:
    """What one part of an action is handed.

    `work`: what is done. `deadline`: when it must be over; `end`: when its worker is killed.
    """

    __slots__ = (
        "deadline",
        "end",
        "is_quick",
        "notes",
        "observed",
        "resource",
        "state",
        "strangers",
        "traced",
        "work",
    )

    def __init__(
        self,
        work: Callable[[Work], Verdict],
        resource: Resource,
        state: State,
        deadline: Deadline,
        end: Deadline | None = None,
    ) -> None:
        self.work = work
        self.resource = resource
        self.state = state
        self.deadline = deadline
        self.end = end
        #: Whether it is a quick check, and does without all it can.
        self.is_quick = False
        #: Told whether the application is being asked, or a node-wide lock awaited.
        self.observed: Callable[[bool], None] = _nobody_observes
        #: Where commands are noted; None: in `state`.
        self.notes: State | None = None
        #: What was below the guard before the action began; None where the guard's other children
        #: are not this action's.
        self.strangers: Collection[Process] | None = None
        #: Whether every hook call is told.
        self.traced = False


class _SecretMissing(Exception):
    """The value of a secret option cannot be had: nobody can be asked."""


def _secrets_of(part: Part, sender: Sender) -> dict[str, Any]:
    """The values of the secret options, which `sender` tells to nobody from now on."""
    from arkcore.resources import secrets

    try:
        found = secrets.values_of(part.resource, part.state.paths, complain)
    except ConfigurationError as error:
        raise _SecretMissing(str(error)) from error
    sender.hidden = secrets.texts_to_hide(found)
    return found


def do_part(sender: Sender, part: Part) -> None:
    """Load the plugin, do the part, and report."""
    if os.sched_getscheduler(0) != os.SCHED_OTHER or os.getpriority(os.PRIO_PROCESS, 0):
        from arkcore.context.scheduling import be_ordinary

        be_ordinary()
    try:
        plugin = part.resource.plugin.load()
        hooks = DirectHooks(plugin)
        if not part.is_quick:
            from arkcore.plugin.contract import check_hooks

            gc.enable()  # what is not a quick check may take long, and make much
            # A recorded copy, which serves where the file is broken, may be older than the plugin.
            check_hooks(plugin, part.resource.plugin.name)
        if part.traced:
            from arkcore.plugin.trace import TracedHooks

            hooks = TracedHooks(hooks, lambda text: sender.send(Event.TRACE, text))
        model = hooks.application().options
        values = part.resource.options
        if part.resource.secrets:
            values = {**values, **_secrets_of(part, sender)}
        options = make_options(model, values)
    except _SecretMissing as error:
        sender.report(Verdict(Outcome.INTERNAL, str(error), fault=Fault.CONFIGURATION))
        return
    except PluginError as error:
        sender.report(Verdict(Outcome.INTERNAL, str(error), fault=Fault.PLUGIN))
        return
    except BaseException as error:  # whatever its declaration raises, nobody could be asked
        text = f"plugin {part.resource.plugin.name}: {described(error)}"
        sender.report(Verdict(Outcome.INTERNAL, text, fault=Fault.PLUGIN))
        return
    ctx = Context(
        part.resource,
        options,
        part.state,
        sender,
        part.deadline,
        observed=part.observed,
        notes=part.notes,
        watches=not part.is_quick,
        end=part.end,
    )
    work = Work(part.resource, hooks, ctx, part.state, sender, part.deadline, part.strangers)
    sender.report(part.work(work))
