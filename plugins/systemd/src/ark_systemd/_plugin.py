"""The plugin `systemd`: one service of systemd. Plugins for one product inherit it."""

from __future__ import annotations

from ark_systemd._group import living
from ark_systemd._options import Options
from ark_systemd._show import PATIENCE, systemctl
from ark_systemd._status import report
from arkcore import (
    Application,
    LogicalHostRule,
    Status,
    StatusReport,
    StepFailed,
    SupportClass,
    Topology,
    hookimpl,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from arkcore import Context, Finding, Process

#: Seconds for systemd to take note of a forced stop; half of what is left where that is less.
_TO_TAKE_NOTE = 5.0
#: Seconds for killed processes to be gone.
_TO_BE_GONE = 5.0


class Systemd:
    """A service of systemd.

    Inherit it to protect one product. `name`, `title`, `options`, `topologies`, `logical_host`: as
    of :class:`arkcore.Application`; `options` inherits :class:`Options`. `health` asks the product
    itself. Any hook may be written, marked with :func:`arkcore.hookimpl`.
    """

    name = "systemd"
    title = "Service of systemd"
    options: type[Options] = Options
    topologies: Sequence[Topology] = (Topology.STANDBY, Topology.MUTUAL_STANDBY)
    #: Two on one logical host are told apart by their units' control groups.
    logical_host = LogicalHostRule(exclusive=False)

    def health(self, ctx: Context, seen: StatusReport) -> StatusReport:
        """What the product itself says. Asked only where systemd says RUNNING, which is `seen`."""
        return seen

    @hookimpl
    def ark_application(self) -> Application:
        return Application(
            name=self.name,
            title=self.title,
            options=self.options,
            support=SupportClass.ACTIVE_ACTIVE,
            topologies=self.topologies,
            # No process does not prove it stopped: systemd may be about to restart it.
            runs_as_processes=False,
            logical_host=self.logical_host,
        )

    @hookimpl
    def ark_status(self, ctx: Context) -> StatusReport:
        seen = report(ctx)
        return self.health(ctx, seen) if seen.status is Status.RUNNING else seen

    @hookimpl
    def ark_processes(self, ctx: Context) -> Sequence[Process]:
        return living(ctx.options.unit)

    @hookimpl
    def ark_start(self, ctx: Context) -> None:
        """The job of systemd, awaited."""
        from ark_systemd._boot import UnitFiles

        unit: str = ctx.options.unit
        if UnitFiles(unit).links_of_boot():
            ctx.log.warning(
                f"the system starts {unit} at boot, on both nodes: systemctl disable {unit}"
            )
        # Starts that the cluster asks for are not to be refused by systemd's StartLimitBurst=. A
        # unit that systemd has forgotten has no such count: then this fails, and nothing is lost.
        systemctl(ctx, "reset-failed", timeout=PATIENCE)
        # With RemainAfterExit=yes a unit of which nothing lives may be active to systemd: a start
        # would do nothing.
        result = systemctl(ctx, "start" if living(unit) else "restart")
        if result.error:
            raise StepFailed(result.told())

    @hookimpl
    def ark_stop(self, ctx: Context) -> None:
        """The job of systemd, awaited: ExecStop, then KillSignal, after TimeoutStopSec KILL."""
        systemctl(ctx, "stop").check()

    @hookimpl
    def ark_force_stop(self, ctx: Context) -> None:
        """SIGKILL to all in the control group, by systemd; what is left is killed without it.

        The stop is handed to systemd first: then nothing is started again by Restart=, and a start
        that waits is cancelled.
        """
        within = min(_TO_TAKE_NOTE, ctx.deadline.remaining() / 4)
        stopping = systemctl(ctx, "stop", "--no-block", timeout=within)
        if stopping.ok:
            systemctl(ctx, "kill", "--signal=KILL", timeout=within)
        else:
            ctx.log.warning(
                f"systemd did not take the stop and may start the unit again: {stopping.told()}"
            )
            # Without systemd nothing else is of use.
        unit: str = ctx.options.unit
        patience = min(_TO_BE_GONE, ctx.deadline.remaining() / 2) if stopping.ok else 0.0
        if not ctx.wait_until(lambda: not living(unit), within=patience):
            ctx.terminate(living(unit), grace=0.5)

    @hookimpl
    def ark_preflight(self, ctx: Context) -> Iterable[Finding]:
        from ark_systemd._preflight import findings

        return findings(ctx)
