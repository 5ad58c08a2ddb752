"""Wrong plugins, one fault each. What each does wrong is told by its docstring."""

from __future__ import annotations

import functools
import glob
import locale
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterable
from typing import Any

from ark_wrong.right import Options, Right
from arkcore import (
    Application,
    ConfigurationError,
    Daemon,
    Finding,
    HealthCommand,
    Level,
    LogicalHostRule,
    Process,
    Status,
    StatusReport,
    hookimpl,
    option,
    processes,
)


def _pause(seconds: float) -> None:
    """Do nothing for a while, without a sleep, which is a fault of its own."""
    threading.Event().wait(seconds)


def _beneath(ctx: Any) -> list[Process]:
    """All that runs a program of the product's, whosever it is."""
    place = f"{ctx.options.root}/bin/"
    seen = processes.table().values()
    return [each for each in seen if processes.executable(each.pid).startswith(place)]


class SaysStoppedTooEarly(Right):
    """Once a stop was asked for, it takes it for done."""

    name = "wrong-stopped-too-early"

    def _flag(self, ctx: Any) -> str:
        return f"{ctx.options.root}/stopping-{ctx.logical_host}"

    def start(self, ctx: Any) -> None:
        if os.path.exists(self._flag(ctx)):
            os.unlink(self._flag(ctx))
        super().start(ctx)

    def stop(self, ctx: Any) -> None:
        mains = [each for each in self.processes(ctx) if each.name.startswith("rightd")]
        open(self._flag(ctx), "w").close()
        for main in mains:
            ctx.run(["/bin/kill", "-USR2", str(main.pid)])  # it takes its time then

    def status(self, ctx: Any) -> StatusReport:
        if os.path.exists(self._flag(ctx)):
            return StatusReport(Status.STOPPED, "a stop was asked for")
        return super().status(ctx)

    def processes(self, ctx: Any) -> list[Process]:
        return [] if os.path.exists(self._flag(ctx)) else super().processes(ctx)


class ClaimsAnotherHosts(Right):
    """It takes all processes of the product for its own, whichever logical host's they are."""

    name = "wrong-claims-anothers"

    def processes(self, ctx: Any) -> list[Process]:
        return [each for each in _beneath(ctx) if each.name != "right-shared"]


class MissesItsOwn(Right):
    """One kind of its processes it does not know of."""

    name = "wrong-misses-its-own"

    def processes(self, ctx: Any) -> list[Process]:
        return [each for each in super().processes(ctx) if not each.name.startswith("echo-")]


class StopsNothing(Right):
    """Its stop only says that it stops."""

    name = "wrong-stops-nothing"

    def stop(self, ctx: Any) -> None:
        ctx.log.info("stopping")


class StopAlwaysFails(Right):
    """Its stop has a word that the command does not know, and does not look at what it returns."""

    name = "wrong-stop-always-fails"

    def stop(self, ctx: Any) -> None:
        self.ctl(ctx, "halt")


class StopsByKill(Right):
    """Its ordinary stop kills."""

    name = "wrong-stops-by-kill"

    def stop(self, ctx: Any) -> None:
        for each in self.processes(ctx):
            processes.send(each, signal.SIGKILL)


class StoppedWhenLate(Right):
    """A status command that does not answer in time counts as STOPPED."""

    name = "wrong-stopped-when-late"

    def status(self, ctx: Any) -> StatusReport:
        report = super().status(ctx)
        late = report.status is Status.UNKNOWN and "had not ended" in report.detail
        return StatusReport(Status.STOPPED, report.detail) if late else report


class RunningWhileItExists(Right):
    """Its status is that its main process is there, whatever that does."""

    name = "wrong-running-while-it-exists"

    def status(self, ctx: Any) -> StatusReport:
        report = super().status(ctx)
        if report.status is Status.UNKNOWN and len(self.processes(ctx)) >= 4:
            return StatusReport(Status.RUNNING, "its processes are there")
        return report


class AsksWithoutTimeout(Right):
    """Its status waits for an answer as long as that takes."""

    name = "wrong-asks-without-timeout"

    def status(self, ctx: Any) -> StatusReport:
        while any(_state(each) == "T" for each in self.processes(ctx)):
            _pause(0.05)
        return super().status(ctx)


def _state(process: Process) -> str:
    seen = processes.look(process.pid)
    return seen.state if seen else ""


class CannotForce(Right):
    """Its forced stop raises where the main process lives, and its disk is here."""

    name = "wrong-cannot-force"

    def force_stop(self, ctx: Any) -> None:
        for each in self.processes(ctx):
            if each.name.startswith("rightd") and os.path.exists(ctx.options.data):
                os.kill(each, signal.SIGKILL)  # type: ignore[arg-type]
            processes.send(each, signal.SIGKILL)


class StopsTheLastStarted(Right):
    """All logical hosts have one pid file, which holds the pid of the one started last."""

    name = "wrong-stops-the-last-started"

    def start(self, ctx: Any) -> None:
        super().start(ctx)
        ctx.wait_until(lambda: os.path.exists(f"{ctx.options.data}/ready"), within=5.0)
        with open(f"{ctx.options.data}/pid") as own, open(f"{ctx.options.root}/pid", "w") as one:
            one.write(own.read())

    def stop(self, ctx: Any) -> None:
        with open(f"{ctx.options.root}/pid") as file:
            pid = int(file.read())
        if processes.look(pid):
            ctx.run(["/bin/kill", str(pid)])


class KillsByName(Right):
    """Its forced stop kills whatever has its names and says of no other logical host to be its."""

    name = "wrong-kills-by-name"

    def force_stop(self, ctx: Any) -> None:
        names = {each.name for each in self.processes(ctx)}
        super().force_stop(ctx)
        for each in processes.table().values():
            environment = processes.environment(each.pid)
            named = any(entry.startswith(b"RIGHT_HOST=") for entry in environment)
            if each.name in names and not named:
                processes.send(each, signal.SIGKILL)


class NeedsTheSharedDisk(Right):
    """Without the shared disk it cannot tell which processes are its own."""

    name = "wrong-needs-the-shared-disk"

    def processes(self, ctx: Any) -> list[Process]:
        return super().processes(ctx) if os.path.isdir(ctx.options.data) else []


class NeedsTheProduct(Right):
    """Without the product it cannot list processes at all."""

    name = "wrong-needs-the-product"

    def processes(self, ctx: Any) -> list[Process]:
        os.listdir(f"{ctx.options.root}/bin")
        return super().processes(ctx)


class SwallowsErrors(Right):
    """Its stop does not look at what the command returned."""

    name = "wrong-swallows-errors"

    def stop(self, ctx: Any) -> None:
        self.ctl(ctx, "stop")


class TakesErrorsForStopped(Right):
    """Whatever its status command returns that it does not know, it says STOPPED."""

    name = "wrong-errors-are-stopped"

    def status(self, ctx: Any) -> StatusReport:
        report = super().status(ctx)
        broken = report.status is Status.UNKNOWN and "returned" in report.detail
        return StatusReport(Status.STOPPED, report.detail) if broken else report


class IgnoresTheDeadline(Right):
    """Its start waits until it serves, however long that takes."""

    name = "wrong-ignores-the-deadline"

    def start(self, ctx: Any) -> None:
        self.ctl(ctx, "start")
        while not os.path.exists(f"{ctx.options.data}/ready"):
            _pause(0.01)


class KeepsStateInTheClass(Right):
    """It remembers its start where no other process can see it."""

    name = "wrong-keeps-state"
    started = False

    def start(self, ctx: Any) -> None:
        super().start(ctx)
        type(self).started = True


class Prints(Right):
    """Its status prints what it found."""

    name = "wrong-prints"

    def status(self, ctx: Any) -> StatusReport:
        report = super().status(ctx)
        print(report)
        return report


class RaisesInStatus(Right):
    """Its status asks a process that is there only while it runs."""

    name = "wrong-raises-in-status"

    def status(self, ctx: Any) -> StatusReport:
        os.getpgid(self.processes(ctx)[0].pid)
        return super().status(ctx)


class StartsTwice(Right):
    """Each start adds a process beside those that are there."""

    name = "wrong-starts-twice"
    _SIDE_CAR = b"90000"

    def _side_cars(self, ctx: Any) -> list[Process]:
        mine = super().processes(ctx)
        return [each for each in mine if self._SIDE_CAR in processes.arguments(each.pid)]

    def start(self, ctx: Any) -> None:
        super().start(ctx)
        [program] = glob.glob(f"{ctx.options.root}/bin/worker-*")
        line = f"setsid {program} {self._SIDE_CAR.decode()} </dev/null >/dev/null 2>&1 &"
        ctx.run(["/bin/sh", "-c", line], env={"RIGHT_HOST": ctx.logical_host})

    def stop(self, ctx: Any) -> None:
        super().stop(ctx)
        ctx.terminate(self._side_cars(ctx))

    def status(self, ctx: Any) -> StatusReport:
        report = super().status(ctx)
        if report.status is Status.RUNNING and not self._side_cars(ctx):
            return StatusReport(Status.PARTIAL, "no side car")
        return report


class RunningWhenDead(Right):
    """Where all of it was killed, a file that is left makes it say RUNNING."""

    name = "wrong-running-when-dead"

    def status(self, ctx: Any) -> StatusReport:
        report = super().status(ctx)
        if report.status is Status.STOPPED and os.path.exists(f"{ctx.options.data}/ready"):
            return StatusReport(Status.RUNNING, "it is ready")
        return report


class ReadyTooEarly(Right):
    """It says RUNNING while it is still starting."""

    name = "wrong-ready-too-early"

    def start(self, ctx: Any) -> None:
        words = [self.command(ctx), "start", ctx.logical_host, ctx.options.data, "1.5"]
        ctx.run(words).check()

    def status(self, ctx: Any) -> StatusReport:
        report = super().status(ctx)
        if report.status is Status.STARTING:
            return StatusReport(Status.RUNNING, report.detail)
        return report


class LeavesChildren(Right):
    """It stops in a way that leaves a process behind."""

    name = "wrong-leaves-children"

    def stop(self, ctx: Any) -> None:
        words = [self.command(ctx), "stop", ctx.logical_host, ctx.options.data, "spool"]
        ctx.run(words).check()


class HandsDescriptors(Right):
    """Its start hands all that is open in its process to the daemon."""

    name = "wrong-hands-descriptors"

    def start(self, ctx: Any) -> None:
        words = [self.command(ctx), "start", ctx.logical_host, ctx.options.data]
        opened = {int(name) for name in os.listdir("/proc/self/fd") if int(name) > 2}
        with subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={"PATH": "/usr/bin:/bin"},
            pass_fds=sorted(each for each in opened if _is_open(each)),
            process_group=0,
        ) as started:
            try:
                started.wait(ctx.deadline.remaining())
            except subprocess.TimeoutExpired:
                os.killpg(started.pid, signal.SIGKILL)


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False  # the one that listed them
    return True


class ChangesItsProcess(Right):
    """Its status changes directory, and leaves a variable in the environment."""

    name = "wrong-changes-its-process"

    def status(self, ctx: Any) -> StatusReport:
        os.chdir(ctx.options.root if os.path.isdir(ctx.options.root) else "/tmp")
        os.environ["RIGHT"] = ctx.logical_host
        return super().status(ctx)


class SignalsTheMachines(Right):
    """Its forced stop kills the machine-wide process too."""

    name = "wrong-signals-the-machines"

    def force_stop(self, ctx: Any) -> None:
        super().force_stop(ctx)
        for each in _beneath(ctx):
            if each.name == "right-shared":
                processes.send(each, signal.SIGKILL)


class BelievesStalePids(Right):
    """A pid file is believed when a process of that pid lives, whichever that is."""

    name = "wrong-believes-stale-pids"

    def status(self, ctx: Any) -> StatusReport:
        report = super().status(ctx)
        if report.status is Status.STOPPED and self._lives(ctx):
            return StatusReport(Status.RUNNING, "the pid file's process lives")
        return report

    def _lives(self, ctx: Any) -> bool:
        try:
            with open(f"{ctx.options.data}/pid") as file:
                os.kill(int(file.read()), 0)
        except (OSError, ValueError):
            return False
        return True


class OverlooksADeath(Right):
    """While its main process lives, it says RUNNING, whatever has become of the others."""

    name = "wrong-overlooks-a-death"

    def status(self, ctx: Any) -> StatusReport:
        report = super().status(ctx)
        if report.status is Status.PARTIAL and "returned 2" in report.detail:
            return StatusReport(Status.RUNNING, report.detail)
        return report


class ForgetsTheHalf(Right):
    """It knows its processes by their main one; where that is dead, the others are nobody's."""

    name = "wrong-forgets-the-half"

    def processes(self, ctx: Any) -> list[Process]:
        found = super().processes(ctx)
        return found if any(each.name.startswith("rightd") for each in found) else []


def _looked_at(options: Any) -> object:
    """Options of some of the plugins here; where nobody reads one, that is a fault of its own."""
    return options.colour, options.shape, options.helper, options.password


class OptionsWithoutTexts(Options):
    colour: str = option("red", "", "色", choices=("red", "blue"))


class LacksTexts(Right):
    """An option has no text in English."""

    name = "wrong-lacks-texts"

    def application(self, **more: Any) -> Application:
        return super().application(options=OptionsWithoutTexts, **more)


class OptionsInEnglish(Options):
    colour: str = option("red", "a colour", choices=("red", "blue"))


class SpeaksEnglish(Right):
    """Its options have no text in Japanese, which is no fault."""

    name = "right-in-english"

    def application(self, **more: Any) -> Application:
        return super().application(options=OptionsInEnglish, **more)


class HasNoTime(Right):
    """It declares less time for a start than that takes."""

    name = "wrong-has-no-time"

    def application(self, **more: Any) -> Application:
        return super().application(timers={"restore.process": 1}, **more)


class OptionsWithPassword(Options):
    password: str = option("", "what it is told", "パスワード", secret=True)


class TellsItsSecret(Right):
    """It hands a password to its status command as an argument."""

    name = "wrong-tells-its-secret"

    def application(self, **more: Any) -> Application:
        return super().application(options=OptionsWithPassword, **more)

    def ctl(self, ctx: Any, action: str, **more: Any) -> Any:
        words = [self.command(ctx), action, ctx.logical_host, ctx.options.data]
        return ctx.run([*words, ctx.options.password] if action == "status" else words, **more)


class OptionsWithOpenPassword(Options):
    password: str = option("", "what it is told", "パスワード")


class DeclaresNoSecret(Right):
    """A password is an option like any other, and stands in records and logs."""

    name = "wrong-declares-no-secret"

    def application(self, **more: Any) -> Application:
        return super().application(options=OptionsWithOpenPassword, **more)


class AnswersSlowly(Right):
    """Its status takes its time."""

    name = "wrong-answers-slowly"

    def status(self, ctx: Any) -> StatusReport:
        _pause(2.2)
        return super().status(ctx)


class NeedsPath(Right):
    """Its start finds a program where its caller's PATH leads."""

    name = "wrong-needs-path"

    def start(self, ctx: Any) -> None:
        if shutil.which("true"):
            super().start(ctx)


class StopNeedsTheDisk(Right):
    """Its stop reads a file on the shared disk that may be away."""

    name = "wrong-stop-needs-the-disk"

    def stop(self, ctx: Any) -> None:
        with open(f"{ctx.options.data}/pid"):
            super().stop(ctx)


class LeavesFiles(Right):
    """Each status leaves a file behind, where files are made that nobody keeps."""

    name = "wrong-leaves-files"

    def status(self, ctx: Any) -> StatusReport:
        descriptor, path = tempfile.mkstemp(prefix="right-")
        os.close(descriptor)
        report = super().status(ctx)
        if report.status is not Status.PARTIAL:
            os.unlink(path)
        return report


class PreflightMakes(Right):
    """Its preflight makes a directory that it misses."""

    name = "wrong-preflight-makes"

    def preflight(self, ctx: Any) -> Iterable[Finding]:
        os.makedirs(f"{ctx.options.root}/spool", exist_ok=True)
        return super().preflight(ctx)


class OptionsOfAnyKind(Options):
    shape: object = option("round", "a shape", "形")


class AcceptsAnything(Right):
    """An option takes whatever is written, of any type."""

    name = "wrong-accepts-anything"

    def application(self, **more: Any) -> Application:
        return super().application(options=OptionsOfAnyKind, **more)


class GivesNoAdvice(Right):
    """Its preflight says that something is wrong, and not what to do."""

    name = "wrong-gives-no-advice"

    def preflight(self, ctx: Any) -> Iterable[Finding]:
        for finding in super().preflight(ctx):
            yield Finding(finding.check, Level.FAIL, finding.seen)


class SharesItsHost(Right):
    """It allows several resources on one logical host, and takes that name for all it needs."""

    name = "wrong-shares-its-host"

    def application(self, **more: Any) -> Application:
        return super().application(logical_host=LogicalHostRule(exclusive=False), **more)

    def processes(self, ctx: Any) -> list[Process]:
        named = f"RIGHT_HOST={ctx.logical_host}".encode()
        return [each for each in _beneath(ctx) if named in processes.environment(each.pid)]


class UnmarkedHook(Right):
    """Its forced stop is not marked, so that the engine's own is done in its place."""

    name = "wrong-unmarked-hook"

    def ark_force_stop(self, ctx: Any) -> None:
        self.force_stop(ctx)


class AsyncHook(Right):
    """Its start is a coroutine, which nobody awaits."""

    name = "wrong-async-hook"

    @hookimpl
    async def ark_start(self, ctx: Any) -> None:  # type: ignore[override]
        self.start(ctx)


class StartsNothing(Right):
    """Its start does nothing."""

    name = "wrong-starts-nothing"

    def start(self, ctx: Any) -> None:
        ctx.log.info("starting")


class MisspeltHook(Right):
    """One of its hooks has a name that no hook has."""

    name = "wrong-misspelt-hook"

    @hookimpl
    def ark_prefight(self, ctx: Any) -> Iterable[Finding]:
        return self.preflight(ctx)


class MisspellsAnOverride(Daemon):
    """A method that it means to override has another name: nobody calls it."""

    name, title, options = "wrong-misspells-an-override", "Right", Options

    def start(self, ctx: Any) -> None:
        ctx.start_daemon(["/bin/sleep", "86400"])

    def health(self, ctx: Any) -> StatusReport:
        return StatusReport(Status.RUNNING if self.processes(ctx) else Status.STOPPED)

    def stopp(self, ctx: Any) -> None:
        ctx.signal(self.processes(ctx), "INT")


class ConfigurationRaises(Right):
    """Its check of the configuration raises where it finds none."""

    name = "wrong-configuration-raises"

    @hookimpl
    def ark_check_configuration(self, ctx: Any) -> Iterable[Finding]:
        with open(f"{ctx.options.root}/right.conf") as file:
            yield Finding("configuration", Level.OK, file.name)


class ConfigurationMakes(Right):
    """Its check of the configuration makes the one that it misses."""

    name = "wrong-configuration-makes"

    @hookimpl
    def ark_check_configuration(self, ctx: Any) -> Iterable[Finding]:
        with open(f"{ctx.options.root}/right.conf", "a") as file:
            yield Finding("configuration", Level.OK, file.name)


class ConfigurationGivesNoAdvice(Right):
    """Its check of the configuration says that it is wrong, and no more."""

    name = "wrong-configuration-gives-no-advice"

    @hookimpl
    def ark_check_configuration(self, ctx: Any) -> Iterable[Finding]:
        yield Finding("configuration", Level.FAIL, "it is wrong")


class LeaksDescriptors(Right):
    """Each status leaves a file open."""

    name = "wrong-leaks-descriptors"

    def status(self, ctx: Any) -> StatusReport:
        os.open("/dev/null", os.O_RDONLY)
        return super().status(ctx)


class LeavesAChild(Right):
    """Its status begins a process and does not await it."""

    name = "wrong-leaves-a-child"

    def status(self, ctx: Any) -> StatusReport:
        report = super().status(ctx)
        if report.status is Status.PARTIAL:
            os.posix_spawn("/bin/true", ["true"], {})
        return report


class SetsTheLocale(Right):
    """Its status sets the locale of its process."""

    name = "wrong-sets-the-locale"

    def status(self, ctx: Any) -> StatusReport:
        locale.setlocale(locale.LC_ALL, "C.UTF-8")
        return super().status(ctx)


@functools.cache
def _began(host: str) -> float:
    return time.time()


class RemembersAnswers(Right):
    """It remembers an answer in a cache of its module's, where no other process can see it."""

    name = "wrong-remembers-answers"

    def start(self, ctx: Any) -> None:
        super().start(ctx)
        _began(ctx.logical_host)


class OptionsWithUser(Options):
    user: str = option("", "the user it runs as", "実行ユーザー", kind="user")


class IgnoresItsUser(Right):
    """It has an option for the user, and runs as whoever starts it."""

    name = "wrong-ignores-its-user"

    def application(self, **more: Any) -> Application:
        return super().application(options=OptionsWithUser, **more)


class OptionsOfTheMachine(Options):
    helper: str = option(shutil.which("true") or "", "a helper", "補助プログラム")


class DependsOnTheMachine(Right):
    """A default is what the machine and the caller's PATH make of it."""

    name = "wrong-depends-on-the-machine"

    def application(self, **more: Any) -> Application:
        return super().application(options=OptionsOfTheMachine, **more)


class OptionsWithOneTooMany(Options):
    unheard_of: int = option(1, "a number", "数")


class IgnoresAnOption(Right):
    """It has an option that nothing reads."""

    name = "wrong-ignores-an-option"

    def application(self, **more: Any) -> Application:
        return super().application(options=OptionsWithOneTooMany, **more)


class SlowWhenHalfDead(Right):
    """Its status takes its time where its main process is dead and others live."""

    name = "wrong-slow-when-half-dead"

    def status(self, ctx: Any) -> StatusReport:
        # Only once it has served: of one that begins, a look may meet the workers alone.
        names = [each.name for each in self.processes(ctx)]
        has_served = os.path.exists(f"{ctx.options.data}/ready")
        if has_served and names and not any(each.startswith("rightd") for each in names):
            _pause(8.0)
        return super().status(ctx)


class OneHostIsReadyTooEarly(ReadyTooEarly):
    """Of one logical host it says RUNNING while that is still starting."""

    name = "wrong-one-host-ready-too-early"

    def start(self, ctx: Any) -> None:
        (Right if ctx.logical_host == "RIGHT1" else ReadyTooEarly).start(self, ctx)

    def status(self, ctx: Any) -> StatusReport:
        return (Right if ctx.logical_host == "RIGHT1" else ReadyTooEarly).status(self, ctx)


class BelievesItsNeighbour(Right):
    """While the product runs at all, it says RUNNING of a logical host that is dead."""

    name = "wrong-believes-its-neighbour"

    def status(self, ctx: Any) -> StatusReport:
        report = super().status(ctx)
        neighbours = [each for each in _beneath(ctx) if each.name.startswith("rightd")]
        if report.status is Status.STOPPED and neighbours:
            return StatusReport(Status.RUNNING, "the product runs")
        return report


class OptionsThatStumble(Options):
    def check(self) -> None:
        os.listdir(self.root)


class StumblesOverAValue(Right):
    """The check of its options takes for granted that a directory is there."""

    name = "wrong-stumbles-over-a-value"

    def application(self, **more: Any) -> Application:
        return super().application(options=OptionsThatStumble, **more)


class OptionsOnTheDisk(Options):
    def check(self) -> None:
        if not os.path.isdir(self.data):
            raise ConfigurationError(f"options.data = {self.data!r}: is not there")


class ValidatesTheDisk(Right):
    """Its options are valid only where the shared disk is."""

    name = "wrong-validates-the-disk"

    def application(self, **more: Any) -> Application:
        return super().application(options=OptionsOnTheDisk, **more)


class TalksAtEachCheck(Right):
    """Each status of what runs writes a line to the RAS log."""

    name = "wrong-talks-at-each-check"

    def status(self, ctx: Any) -> StatusReport:
        report = super().status(ctx)
        if report.status is Status.RUNNING:
            ctx.log.warning("looked at it")
        return report


class GrepsCommandLines(Right):
    """Whatever has its directory in the command line is listed, an editor or a shell too."""

    name = "wrong-greps-command-lines"

    def processes(self, ctx: Any) -> list[Process]:
        found = super().processes(ctx)
        for each in processes.table().values():
            words = processes.arguments(each.pid)
            # The product's own commands have it too, and an environment.
            if ctx.options.data.encode() in words and not processes.environment(each.pid):
                found.append(each)
        return found


class SignalsInStatus(Right):
    """Its status asks by a signal."""

    name = "wrong-signals-in-status"

    def status(self, ctx: Any) -> StatusReport:
        ctx.signal(self.processes(ctx), "CONT")
        return super().status(ctx)


class HasNoPatience(Right):
    """It declares so little time for a status that one late answer is a failure."""

    name = "wrong-has-no-patience"

    def application(self, **more: Any) -> Application:
        return super().application(timers={"quickcheck.process": 1}, **more)


class VouchesForAnything(Right):
    """Its health command says well, however the application is."""

    name = "wrong-vouches-for-anything"

    @hookimpl
    def ark_health_commands(self) -> list[HealthCommand]:
        return [HealthCommand(["/bin/true"])]
