"""A plugin that a type checker takes: every hook, and every public name a plugin would use."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import assert_type

from arkcore import (
    API,
    Application,
    CommandResult,
    ConfigurationError,
    Context,
    Deadline,
    Finding,
    Level,
    Log,
    LogicalHostRule,
    Machine,
    Process,
    Site,
    Status,
    StatusReport,
    StepFailed,
    SupportClass,
    Topology,
    hookimpl,
    option,
    processes,
    say,
)


class Options:
    root: str = option("/", "where", "場所")
    limit: float = option(5.0, "seconds", "秒数", minimum=1, maximum=9)
    words: list[str] = option([])

    def check(self) -> None:
        if not self.root.startswith("/"):
            raise ConfigurationError("options.root: must be an absolute path")


class Plugin:
    @hookimpl
    def ark_application(self) -> Application:
        return Application(
            api=API,
            name="right",
            title="Right",
            options=Options,
            timers={"restore.process": 60},
            support=SupportClass.ACTIVE_STANDBY,
            topologies=[Topology.STANDBY],
            logical_host=LogicalHostRule(max_bytes=10),
        )

    @hookimpl
    def ark_status(self, ctx: Context) -> StatusReport:
        options: Options = ctx.options
        result = ctx.run(["/bin/true", options.root], timeout=options.limit, env={"A": None})
        assert_type(result, CommandResult)
        assert_type(result.returncode, int | None)
        return StatusReport(Status.RUNNING if result.ok else Status.UNKNOWN, result.told())

    @hookimpl
    def ark_processes(self, ctx: Context) -> Sequence[Process]:
        found = ctx.find_processes(["/opt"], variables=["X"])
        assert_type(found, list[Process])
        return [each for each in found if processes.still_lives(each)]

    @hookimpl
    def ark_start(self, ctx: Context) -> None:
        assert_type(ctx.deadline, Deadline)
        assert_type(ctx.log, Log)
        if not ctx.wait_until(lambda: True, within=ctx.deadline.remaining()):
            raise StepFailed("it will never come")

    @hookimpl
    def ark_stop(self) -> None:
        """A hook may leave out the context."""

    @hookimpl
    def ark_force_stop(self, ctx: Context) -> None:
        with ctx.node_lock("x") as taken:
            assert_type(taken, bool)
        ctx.terminate(self.ark_processes(ctx), grace=1)

    @hookimpl
    def ark_preflight(self, ctx: Context, site: Site, machine: Machine) -> Iterable[Finding]:
        seen = machine.read("/etc/hosts")
        assert_type(seen, str | None)
        yield Finding("root", Level.OK, say(ctx.resource, "…"), number=site.nodes[0].name)


class NeedsLess(Plugin):
    @hookimpl
    def ark_preflight(self, machine: Machine) -> Iterable[Finding]:  # type: ignore[override]
        return []


class Observer:
    @hookimpl
    def ark_action_finished(self, resource: str, outcome: str) -> None:
        print(resource, outcome)
