"""The plugin `postgresql`: the server of one data directory."""

from __future__ import annotations

import signal

from ark_postgresql import _facts
from ark_postgresql._options import Options
from ark_postgresql._owned import owned, postmasters
from ark_postgresql._status import ask
from arkcore import (
    Application,
    LogicalHostRule,
    StatusReport,
    StepFailed,
    SupportClass,
    Topology,
    hookimpl,
    processes,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from arkcore import Context, Finding, Process

#: Seconds for an immediate shutdown: after 5 the postmaster kills its children, then it ends.
_IMMEDIATE_SECONDS = 10.0


class Postgresql:
    """PostgreSQL, as a primary."""

    @hookimpl
    def ark_application(self) -> Application:
        return Application(
            name="postgresql",
            title="PostgreSQL",
            options=Options,
            support=SupportClass.ACTIVE_ACTIVE,
            topologies=(Topology.STANDBY, Topology.MUTUAL_STANDBY),
            runs_as_processes=True,
            # Each is recognised by its data directory.
            logical_host=LogicalHostRule(exclusive=False),
        )

    @hookimpl
    def ark_status(self, ctx: Context) -> StatusReport:
        return ask(ctx)

    @hookimpl
    def ark_processes(self, ctx: Context) -> Sequence[Process]:
        return owned(ctx.options)

    @hookimpl
    def ark_start(self, ctx: Context) -> None:
        from ark_postgresql._start import start

        start(ctx)

    @hookimpl
    def ark_stop(self, ctx: Context) -> None:
        """The fast shutdown: open transactions are rolled back, and nobody is waited for.

        Signalled and not told through pg_ctl, which believes the number in postmaster.pid: after
        a crash that may be another server's. It needs neither the disk nor a program, either.
        """
        heads = postmasters(owned(ctx.options))
        if not heads:
            raise StepFailed("its postmaster is gone: nobody is there to stop the rest in order")
        for each in heads:
            _send(ctx, each, _facts.FAST.value, "fast shutdown")

    @hookimpl
    def ark_force_stop(self, ctx: Context) -> None:
        """The immediate shutdown: no checkpoint, so the next start recovers from the log.

        A child without a postmaster obeys the same signal.
        """
        living = owned(ctx.options)
        for each in postmasters(living) or living:
            _send(ctx, each, _facts.IMMEDIATE.value, "immediate shutdown")
        within = min(_IMMEDIATE_SECONDS, ctx.deadline.remaining() / 2)
        if not ctx.wait_until(lambda: not owned(ctx.options), within=within):
            ctx.terminate(owned(ctx.options), grace=0.5)

    @hookimpl
    def ark_preflight(self, ctx: Context) -> Iterable[Finding]:
        from ark_postgresql._preflight import findings

        return findings(ctx)


def _send(ctx: Context, process: Process, name: str, what: str) -> None:
    ctx.log.info(f"{what}: {name} to {process}")
    processes.send(process, signal.Signals[name])
    processes.send(process, signal.SIGCONT)  # a stopped process hears nothing else
