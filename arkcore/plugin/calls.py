"""Calls the hooks of one plugin, without pluggy."""

from __future__ import annotations

from arkcore.plugin.marker import is_marked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from arkcore.base.finding import Finding
    from arkcore.base.status import StatusReport
    from arkcore.context.context import Context
    from arkcore.machine.processes import Process
    from arkcore.plugin.application import Application
    from arkcore.plugin.health import HealthCommand
    from arkcore.survey.machine import Machine
    from arkcore.survey.site import Site


class DirectHooks:
    """Calls the one implementation of each hook directly: the way of every action.

    It and :class:`arkcore.plugin.hooks.PluggyHooks` give the same answers; a test holds them to it.
    """

    __slots__ = ("_plugin",)

    def __init__(self, plugin: object) -> None:
        self._plugin = plugin

    def _call(self, hook: str, **given: Any) -> Any:
        function = getattr(self._plugin, hook)
        return function(*[given[name] for name in arguments(function)])

    def has(self, hook: str) -> bool:
        return is_marked(self._plugin, hook)

    def application(self) -> Application:
        application: Application = self._call("ark_application")
        return application

    def status(self, ctx: Context) -> StatusReport:
        report: StatusReport = self._call("ark_status", ctx=ctx)
        return report

    def processes(self, ctx: Context) -> Sequence[Process]:
        processes: Sequence[Process] = self._call("ark_processes", ctx=ctx)
        return processes

    def start(self, ctx: Context) -> None:
        self._call("ark_start", ctx=ctx)

    def stop(self, ctx: Context) -> None:
        self._call("ark_stop", ctx=ctx)

    def force_stop(self, ctx: Context) -> None:
        self._call("ark_force_stop", ctx=ctx)

    def health_commands(self, options: object, logical_host: str) -> Sequence[HealthCommand]:
        commands: Sequence[HealthCommand] = self._call(
            "ark_health_commands", options=options, logical_host=logical_host
        )
        return commands

    def check_configuration(self, ctx: Context) -> Iterable[Finding]:
        findings: Iterable[Finding] = self._call("ark_check_configuration", ctx=ctx)
        return findings

    def preflight(self, ctx: Context, site: Site, machine: Machine) -> Iterable[Finding]:
        findings: Iterable[Finding] = self._call(
            "ark_preflight", ctx=ctx, site=site, machine=machine
        )
        return findings


def arguments(function: Any) -> tuple[str, ...]:
    """Names of a function's arguments, a method's without its instance. No `inspect` needed."""
    plain = undecorated(function)
    code = plain.__code__
    names: tuple[str, ...] = code.co_varnames[: code.co_argcount]
    return names[1:] if hasattr(function, "__func__") else names


def undecorated(function: Any) -> Any:
    plain = getattr(function, "__func__", function)
    while hasattr(plain, "__wrapped__"):
        plain = plain.__wrapped__
    return plain
