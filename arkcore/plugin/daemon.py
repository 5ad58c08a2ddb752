"""A plugin for a daemon, of which an author writes what only the author knows."""

from __future__ import annotations

from arkcore.base.errors import PluginError
from arkcore.plugin.application import Application
from arkcore.plugin.marker import hookimpl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from arkcore.base.status import StatusReport
    from arkcore.context.context import Context
    from arkcore.machine.processes import Process
    from arkcore.plugin.application import LogicalHostRule, SupportClass, Topology

#: The methods that every daemon has to fill in, and those that it may.
_NEEDED = ("start", "health")
_OPTIONAL = ("stop", "pid_file", "processes")
#: What a daemon may declare of its application, besides name, title and options.
_DECLARED = (
    "api",
    "timers",
    "support",
    "topologies",
    "force_before_restart",
    "runs_as_processes",
    "start_code_decides",
    "machine_wide",
    "logical_host",
)
#: All that a subclass may write without a mark.
OVERRIDABLE = (*_NEEDED, *_OPTIONAL, "name", "title", "options", "process_name", *_DECLARED)
#: CO_VARARGS of a code object: it takes any number of arguments.
_TAKES_ANY = 0x04


class Daemon:
    """The hooks of a daemon: fill in `start` and `health`, and `stop` where TERM is not its stop.

    `name`, `title`, `options` and, where they differ, all other arguments of
    :class:`arkcore.Application` are attributes of the class; `process_name` is what the process of
    `pid_file` must be called. Any hook may be written, marked with
    :func:`arkcore.hookimpl`. A helper's name begins with `_`.
    """

    name = ""
    title = ""
    options: type = object
    #: What the process of `pid_file` must be called; "" is anything, a stranger's name too.
    process_name: str = ""

    if TYPE_CHECKING:
        api: int
        timers: Mapping[str, float]
        support: SupportClass
        topologies: Sequence[Topology]
        force_before_restart: bool
        runs_as_processes: bool
        start_code_decides: bool
        machine_wide: Sequence[str]
        logical_host: LogicalHostRule

    def start(self, ctx: Context) -> None:
        """Start it: `ctx.start_daemon(...)`, or a command that returns: `ctx.run(...).check()`."""
        raise NotImplementedError

    def health(self, ctx: Context) -> StatusReport:
        """Ask it how it is: `ctx.tcp`, `ctx.http`, `ctx.unix`, `ctx.udp`, or a command."""
        raise NotImplementedError

    def stop(self, ctx: Context) -> None:
        """Stop it in good order; by TERM to its processes, where this is not overridden."""
        ctx.signal(self.processes(ctx))

    def pid_file(self, ctx: Context) -> str:
        """The file that it writes its process id to; "" where it has none, or needs none."""
        return ""

    def processes(self, ctx: Context) -> Sequence[Process]:
        """What came of its starts, and the process that its pid file names."""
        path = self.pid_file(ctx)
        if not path:
            return ctx.started_processes()
        return ctx.pid_file(path, name=self.process_name, user=_user_of(ctx)).processes

    # The hooks.

    @hookimpl
    def ark_application(self) -> Application:
        for method in _NEEDED:
            if getattr(type(self), method) is getattr(Daemon, method):
                raise PluginError(
                    f"plugin {self.name}: {type(self).__name__} is a Daemon without {method}"
                )
        for method in (*_NEEDED, *_OPTIONAL):
            if not _takes_context(getattr(self, method)):
                raise PluginError(
                    f"plugin {self.name}: {type(self).__name__}.{method} must have the arguments "
                    f"(self, ctx)"
                )
        if not isinstance(self.process_name, str):
            raise PluginError(
                f"plugin {self.name}: {type(self).__name__}.process_name must be a text"
            )
        more: Any = {key: getattr(self, key) for key in _DECLARED if hasattr(self, key)}
        return Application(name=self.name, title=self.title, options=self.options, **more)

    @hookimpl
    def ark_status(self, ctx: Context) -> StatusReport:
        return self.health(ctx)

    @hookimpl
    def ark_processes(self, ctx: Context) -> Sequence[Process]:
        return self.processes(ctx)

    @hookimpl
    def ark_start(self, ctx: Context) -> None:
        living = self.processes(ctx)
        if living:  # the engine starts what is not there: somebody else has been quicker
            ctx.log.warning(f"not started: there lives pid {living[0]} already")
            return
        path = self.pid_file(ctx)
        if path:
            ctx.expect_pid_file(path, user=_user_of(ctx))
        self.start(ctx)

    @hookimpl
    def ark_stop(self, ctx: Context) -> None:
        self.stop(ctx)


def _takes_context(method: Any) -> bool:
    """Whether `method` can be called with one argument. No action loads `inspect` for it."""
    code = getattr(method, "__code__", None)
    if code is None:
        return callable(method)  # nothing tells of its arguments
    most = code.co_argcount - hasattr(method, "__self__")
    least = most - len(method.__defaults__ or ())
    return least <= 1 and (most >= 1 or bool(code.co_flags & _TAKES_ANY))


def _user_of(ctx: Context) -> str:
    user = getattr(ctx.options, "user", "")
    return user if isinstance(user, str) else ""
