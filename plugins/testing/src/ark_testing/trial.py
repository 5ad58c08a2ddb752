"""One hook at a time: a declared application with a real context, in the test's own process."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ark_testing.asking import KINDS, site_of
from ark_testing.installation import LogicalHost
from ark_testing.subject import resource_text
from arkcore.base.deadline import Deadline
from arkcore.base.errors import MachineError
from arkcore.base.paths import Paths
from arkcore.base.stderr import complain
from arkcore.context import context
from arkcore.context.context import Context, StepAtWork, engine_side
from arkcore.machine import ending, offspring
from arkcore.machine.channel import Sender
from arkcore.machine.processes import Process
from arkcore.memory.state import State
from arkcore.plugin.application import make_options
from arkcore.plugin.hooks import PluggyHooks
from arkcore.plugin.hookspecs import ApplicationSpecs
from arkcore.resources import secrets
from arkcore.resources.recording import validate_and_record
from arkcore.survey.machine import Machine

#: Hooks that are handed a context: all but the declaration.
_HOOKS = tuple(
    name for name in vars(ApplicationSpecs) if name.startswith("ark_") and name != "ark_application"
)
#: Seconds in which what a trial has started is ended.
_ENDING = 10.0


class Trial:
    """A plugin with one logical host, as a validated resource of a node beneath `directory`.

    `plugin`: the object whose hooks are tried. `resource`: the resource's name. The resource file
    is validated as `ark validate` does it: `ConfigurationError` and `PluginError` say what is
    wrong with it. `files`: resource files of what `host.requires` names, by name.
    """

    def __init__(
        self,
        plugin: str,
        host: LogicalHost,
        directory: Path,
        *,
        files: Mapping[str, str] | None = None,
    ) -> None:
        # The mark of a start is seen on the whole machine: no other test may have the name.
        self.resource = f"trial-{uuid.uuid4().hex[:12]}"
        paths = Paths(str(directory / self.resource))
        own = resource_text(plugin, host, host.timers, host.options)
        for name, text in {**(files or {}), self.resource: own}.items():
            path = Path(paths.resource_file(name))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            path.chmod(0o644)
        self._resource = validate_and_record(paths, self.resource)
        self._state = State(paths, self.resource)
        self.plugin: Any = self._resource.plugin.load()
        self._hooks = PluggyHooks(self.plugin, plugin)
        # Nobody reads what is told to a guard.
        self._told = open("/dev/null", "wb", buffering=0)  # noqa: SIM115 (until `close`)

    def context(self, hook: str = "ark_status", *, within: float = 10.0) -> Context:
        """A real context, as this hook gets it in an action; its deadline is in `within` seconds.

        The hook decides how the engine treats the commands: what `ark_start` runs bears the mark
        of a start. `ValueError` for a hook that is handed no context.
        """
        if hook not in _HOOKS:
            raise ValueError(f"{hook!r} is no hook with a context; there are: {', '.join(_HOOKS)}")
        found = secrets.values_of(self._resource, self._state.paths, complain)
        values = {**self._resource.options, **found}
        options = make_options(self._hooks.application().options, values)
        if KINDS.get(hook) == context.START:
            self._state.commands.begin_starts()  # as an action does before it
        sender = Sender(self._told.fileno())
        made = Context(self._resource, options, self._state, sender, Deadline.after(within))
        engine_side(made).step = StepAtWork(KINDS.get(hook, context.STATUS))
        return made

    def call(self, hook: str, *, within: float = 10.0) -> Any:
        """Call one hook through the engine, and nothing else; what it returned, or raises.

        `ark_preflight` is handed this machine and a site of two nodes, and returns a list.
        """
        made = self.context(hook, within=within)
        if hook == "ark_preflight":
            return list(self._hooks.preflight(made, site_of(self._resource), Machine()))
        return getattr(self._hooks, hook.removeprefix("ark_"))(made)

    def close(self) -> None:
        """Kill what the hooks have left running. `MachineError` names what cannot be ended."""
        ctx = self.context(within=_ENDING)
        prefix = f"{self.resource}:"

        def find() -> set[Process]:
            marked = offspring.marked(lambda mark: mark.startswith(prefix))
            return {*marked, *ctx.started_processes()}

        left = ending.end(find, ctx.deadline, grace=0.0)
        engine = engine_side(ctx)
        engine.group.end(ctx.deadline)
        engine.group.forget()
        self._told.close()
        if left:
            raise MachineError(f"a trial's processes cannot be ended: {', '.join(map(str, left))}")
