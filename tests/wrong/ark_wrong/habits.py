"""Wrong plugins with habits of shell scripts and of other machines, one fault each."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterable
from typing import Any

from ark_wrong.right import CODES, Options, Right
from arkcore import (
    Application,
    Finding,
    HealthCommand,
    Level,
    Process,
    Status,
    StatusReport,
    StepFailed,
    hookimpl,
    option,
    processes,
)


def _beside() -> list[Process]:
    """What was started beside the process that asks: not by a test that runs at the same time."""
    asked_by = processes.look(os.getppid())
    beside = asked_by.ppid if asked_by else 0
    return [each for each in processes.table().values() if each.ppid == beside]


class TakesAKillForAnAnswer(Right):
    """A status command that a signal has ended counts as STOPPED."""

    name = "wrong-takes-a-kill-for-an-answer"

    def status(self, ctx: Any) -> StatusReport:
        result = self.ctl(ctx, "status", timeout=ctx.options.patience)
        if result.returncode is not None and result.returncode < 0:
            return StatusReport(Status.STOPPED, result.told())
        return super().status(ctx)


class DecodesStrictly(Right):
    """It takes for granted in which encoding its status command speaks."""

    name = "wrong-decodes-strictly"

    def status(self, ctx: Any) -> StatusReport:
        result = self.ctl(ctx, "status", timeout=ctx.options.patience)
        if result.returncode not in CODES:
            return StatusReport(Status.UNKNOWN, result.raw.decode("utf-8"))
        return super().status(ctx)


class ReadsTheLastLine(Right):
    """Where its status command is late, it takes for granted that it has said something."""

    name = "wrong-reads-the-last-line"

    def status(self, ctx: Any) -> StatusReport:
        result = self.ctl(ctx, "status", timeout=ctx.options.patience)
        if result.late:
            return StatusReport(Status.UNKNOWN, result.output.splitlines()[-1])
        return super().status(ctx)


class CleansUpInStatus(Right):
    """Its status removes the pid file of what is dead, which may be starting at that moment."""

    name = "wrong-cleans-up-in-status"

    def status(self, ctx: Any) -> StatusReport:
        report = super().status(ctx)
        if report.status is Status.STOPPED and os.path.exists(f"{ctx.options.data}/pid"):
            os.unlink(f"{ctx.options.data}/pid")
        return report


class LeavesAHelper(Right):
    """Its status begins a helper that goes on in the background."""

    name = "wrong-leaves-a-helper"

    def status(self, ctx: Any) -> StatusReport:
        ctx.run(["/usr/bin/setsid", "-f", "/bin/sleep", "5"])
        return super().status(ctx)


class MakesTheMissingDisk(Right):
    """It makes its directory where that is not there, beneath the mount point of the disk."""

    name = "wrong-makes-the-missing-disk"

    def status(self, ctx: Any) -> StatusReport:
        os.makedirs(ctx.options.data, exist_ok=True)
        return super().status(ctx)


class OptionsThatMake(Options):
    def check(self) -> None:
        if os.path.isdir(self.root):
            os.makedirs(f"{self.root}/spool", exist_ok=True)


class MakesWhileValidating(Right):
    """The check of its options makes a directory that it misses."""

    name = "wrong-makes-while-validating"

    def application(self, **more: Any) -> Application:
        return super().application(options=OptionsThatMake, **more)


class HasNoTimeForItsStop(Right):
    """It gives its stop command less time than that may take."""

    name = "wrong-has-no-time-for-its-stop"

    def stop(self, ctx: Any) -> None:
        self.ctl(ctx, "stop", timeout=1.0).check()


class StopsByThePidFile(Right):
    """Its stop signals the pid that a file holds, whoever has it."""

    name = "wrong-stops-by-the-pid-file"

    def stop(self, ctx: Any) -> None:
        if not os.path.exists(ctx.options.data):
            raise StepFailed("the disk is away")
        if os.path.exists(f"{ctx.options.data}/pid"):
            with open(f"{ctx.options.data}/pid") as file:
                ctx.run(["/bin/kill", file.read().strip() or "none"])
        ctx.wait_until(lambda: not self.processes(ctx), within=5.0)


class TrustsThePidFile(Right):
    """It takes for granted that a pid file holds a pid."""

    name = "wrong-trusts-the-pid-file"

    def status(self, ctx: Any) -> StatusReport:
        report = super().status(ctx)
        try:
            with open(f"{ctx.options.data}/pid") as file:
                lives = processes.look(int(file.read())) is not None
        except FileNotFoundError:
            return report
        return report if lives else StatusReport(report.status, "its pid file is old")


class ClearsTheDisk(Right):
    """Its forced stop kills whatever is at work on the shared disk, as `fuser -k` does."""

    name = "wrong-clears-the-disk"

    def force_stop(self, ctx: Any) -> None:
        super().force_stop(ctx)
        for each in processes.table().values():
            try:
                if os.readlink(f"/proc/{each.pid}/cwd") == ctx.options.data:
                    processes.send(each, signal.SIGKILL)
            except OSError:
                continue


class GoesByTheEnvironment(Right):
    """Whatever has its variable is listed, the shell of an operator too."""

    name = "wrong-goes-by-the-environment"

    def processes(self, ctx: Any) -> list[Process]:
        named = f"RIGHT_HOST={ctx.logical_host}".encode()
        found = [each for each in _beside() if named in processes.environment(each.pid)]
        return super().processes(ctx) + found


class ReadsEveryCommandLine(Right):
    """It reads others' command lines, and takes them for UTF-8."""

    name = "wrong-reads-every-command-line"

    def processes(self, ctx: Any) -> list[Process]:
        for each in _beside():
            b" ".join(processes.arguments(each.pid)).decode("utf-8")
        return super().processes(ctx)


class ListsByACommand(Right):
    """It has a command list its processes."""

    name = "wrong-lists-by-a-command"

    def processes(self, ctx: Any) -> list[Process]:
        ctx.run(["/bin/ps", "-e"])
        return super().processes(ctx)


class SleepsAfterItsStart(Right):
    """Its start sleeps for a while, as scripts do."""

    name = "wrong-sleeps-after-its-start"

    def start(self, ctx: Any) -> None:
        super().start(ctx)
        time.sleep(0.2)


class BelievesTheClock(Right):
    """It compares the time of a file with the wall clock's."""

    name = "wrong-believes-the-clock"

    def status(self, ctx: Any) -> StatusReport:
        report = super().status(ctx)
        if report.status is Status.RUNNING:
            age = time.time() - os.stat(f"{ctx.options.data}/ready").st_mtime
            if age > 1800:
                return StatusReport(Status.STOPPED, f"no sign of life for {age:.0f} s")
        return report


class PrintsOnStderr(Right):
    """Its status prints on stderr what it found."""

    name = "wrong-prints-on-stderr"

    def status(self, ctx: Any) -> StatusReport:
        report = super().status(ctx)
        print(report, file=sys.stderr)
        return report


class ForetellsItsFile(Right):
    """Its status writes to a file in /tmp, whose name everybody knows, and removes it."""

    name = "wrong-foretells-its-file"

    def status(self, ctx: Any) -> StatusReport:
        path = f"/tmp/right-{os.getpid()}.out"
        with open(path, "w") as file:
            file.write(ctx.logical_host)
        os.unlink(path)
        return super().status(ctx)


class OptionsWithPassword(Options):
    password: str = option("", "what it is told", "パスワード", secret=True)


class ShowsItsPasswordFile(Right):
    """It hands a password over in a file that everybody can read."""

    name = "wrong-shows-its-password-file"

    def application(self, **more: Any) -> Application:
        return super().application(options=OptionsWithPassword, **more)

    def start(self, ctx: Any) -> None:
        with open(f"{ctx.options.data}/password", "w") as file:
            file.write(ctx.options.password)
        super().start(ctx)


class VouchesForItsNeighbour(Right):
    """Its health command asks another logical host."""

    name = "wrong-vouches-for-its-neighbour"

    @hookimpl
    def ark_health_commands(self, options: Any) -> list[HealthCommand]:
        data = f"{os.path.dirname(options.data)}/RIGHT2"
        return [HealthCommand([f"{options.root}/bin/ctl", "status", "RIGHT2", data], timeout=2.0)]


class StopsOnlyWhatIsWell(Right):
    """Its stop does nothing where its status is not RUNNING."""

    name = "wrong-stops-only-what-is-well"

    def stop(self, ctx: Any) -> None:
        if self.status(ctx).status in (Status.RUNNING, Status.STARTING, Status.PARTIAL):
            super().stop(ctx)


class RemembersItsNode(Right):
    """A file on the shared disk keeps it where it ran last."""

    name = "wrong-remembers-its-node"

    def _owner(self, ctx: Any) -> str:
        return f"{ctx.options.data}/owner"

    def start(self, ctx: Any) -> None:
        node = os.uname().nodename
        if os.path.exists(self._owner(ctx)):
            with open(self._owner(ctx)) as file:
                owner = file.read()
            if owner != node:
                raise StepFailed(f"{owner} has it")
        super().start(ctx)
        with open(self._owner(ctx), "w") as file:
            file.write(node)

    def stop(self, ctx: Any) -> None:
        super().stop(ctx)
        if os.path.exists(self._owner(ctx)):
            os.unlink(self._owner(ctx))


class ConfigurationNeedsTheDisk(Right):
    """Its check of the configuration fails on the standby node."""

    name = "wrong-configuration-needs-the-disk"

    @hookimpl
    def ark_check_configuration(self, ctx: Any) -> Iterable[Finding]:
        data = ctx.options.data
        level = Level.OK if os.path.isdir(data) else Level.FAIL
        yield Finding("data", level, data, "mount the shared disk")


class OptionsWithWords(Options):
    words: list[str] = option([], "more words", "追加の引数")


class AddsToItsOptions(Right):
    """Each status adds a word to a list that an option holds."""

    name = "wrong-adds-to-its-options"

    def application(self, **more: Any) -> Application:
        return super().application(options=OptionsWithWords, **more)

    def status(self, ctx: Any) -> StatusReport:
        ctx.options.words.append("-q")
        return super().status(ctx)


class HasAShellReadItsOptions(Right):
    """It makes a shell's text of its options."""

    name = "wrong-has-a-shell-read-its-options"

    def stop(self, ctx: Any) -> None:
        text = f"{self.command(ctx)} stop {ctx.logical_host} {ctx.options.data}"
        ctx.run(["/bin/sh", "-c", text]).check()
