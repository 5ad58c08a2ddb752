"""What one part of an action works with, in a worker."""

from __future__ import annotations

from arkcore.actions.asking import Asking
from arkcore.context.context import StepAtWork, engine_side
from arkcore.machine.channel import Event

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from arkcore.base.deadline import Deadline
    from arkcore.context.context import Context
    from arkcore.machine.channel import Sender
    from arkcore.machine.processes import Process
    from arkcore.memory.state import State
    from arkcore.plugin.calls import DirectHooks
    from arkcore.resources.resource import Resource


class Work:
    """What one part of an action is handed. The steps are functions of the other modules.

    `strangers`: what was below the guard before the action began; None where its other children
    are not this action's.
    """

    def __init__(
        self,
        resource: Resource,
        hooks: DirectHooks,
        ctx: Context,
        state: State,
        sender: Sender,
        deadline: Deadline,
        strangers: Collection[Process] | None,
    ) -> None:
        self.resource = resource
        self.hooks = hooks
        self.ctx = ctx
        self.engine = engine_side(ctx)
        self.state = state
        self.sender = sender
        self.deadline = deadline
        self.strangers = strangers
        self.asking = Asking(resource, hooks, ctx, self.engine, state, sender)
        #: Whether the last look of `is_gone` showed that nothing lives that a start has made.
        self.starts_left_nothing = False

    def timer(self, key: str) -> float:
        return self.resource.timers[key]

    def now(self, text: str) -> None:
        """Say what is being done now."""
        self.sender.send(Event.NOW, text)

    def begin(self, kind: str, deadline: Deadline) -> None:
        """Begin a step, whose commands are of a `kind`."""
        self.engine.step = StepAtWork(kind)
        self.ctx.deadline = deadline
        self.asking.forget_answer()  # what was so before this step says nothing of how it went
