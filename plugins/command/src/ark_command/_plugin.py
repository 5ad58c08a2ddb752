"""The application whose commands stand in the resource file."""

from __future__ import annotations

import os

from ark_command._options import OTHER, Options, address_and_port
from arkcore import (
    Application,
    Finding,
    HealthCommand,
    Level,
    LogicalHostRule,
    SilentDisk,
    Status,
    StatusReport,
    StepFailed,
    SupportClass,
    Topology,
    ask_path,
    hookimpl,
    say,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from arkcore import CommandResult, Context, Process, Sighting

#: What a shell returns for "cannot be run" and "not found": no word about the application.
_SHELL_CODES = (126, 127)

_INTERPRETERS = ("sh", "bash", "dash", "ksh", "zsh", "perl", "ruby", "python")


class Command:
    """The plugin `command`."""

    def __init__(self, of_this_node: Sequence[str] | None = None) -> None:
        #: Directories whose file systems no other node writes to, where those are not the usual.
        self._of_this_node = of_this_node
        #: Whether this worker was told to stop the application in good order.
        self._stopping = False
        #: Whether a start was preceded by a forced stop: then a process in doubt is a stranger.
        self._doubt_is_over = False

    @hookimpl
    def ark_application(self) -> Application:
        return Application(
            name="command",
            title="Own commands",
            options=Options,
            support=SupportClass.ACTIVE_ACTIVE,
            topologies=(Topology.STANDBY, Topology.MUTUAL_STANDBY),
            # A start through systemd or sudo leaves nothing to recognise its processes by.
            runs_as_processes=False,
            # Each is recognised by what its own start made, its own pid file and its own port.
            logical_host=LogicalHostRule(exclusive=False),
        )

    # Status.

    @hookimpl
    def ark_status(self, ctx: Context) -> StatusReport:
        options: Options = ctx.options
        if options.status:
            return self._told_by_command(ctx)
        if options.pid_file:
            return self._told_by_pid_file(ctx)
        return _told_by_tcp(ctx)

    @hookimpl
    def ark_health_commands(self, options: Options) -> Sequence[HealthCommand]:
        # A command of another user costs more to start; and 0 may mean something else.
        if not options.status or options.user or options.status_codes.get("0") != "RUNNING":
            return ()
        return [HealthCommand(options.status)]

    def _told_by_command(self, ctx: Context) -> StatusReport:
        options: Options = ctx.options
        try:
            absent = _absent(options.status)
        except SilentDisk as error:
            return StatusReport(
                Status.UNKNOWN, f"status command {options.status[0]} is not run: {error}"
            )
        if absent:
            return self._without_status_command(ctx, absent)
        result = _run(ctx, options.status)
        status = _status_of(result, options.status_codes)
        lines = result.last_lines(1) if status is not Status.RUNNING else []
        return StatusReport(status, ": ".join([result.told(), *lines]))

    def _without_status_command(self, ctx: Context, absent: str) -> StatusReport:
        """Where the disk that holds it is away or nothing was ever installed, nothing can run."""
        try:
            start = _absent(ctx.options.start)
        except SilentDisk:
            start = ""
        if not start:
            return StatusReport(Status.UNKNOWN, f"status command {absent} does not exist")
        living = self.ark_processes(ctx)
        if living:
            alive = ", ".join(str(process) for process in living)
            return StatusReport(Status.UNKNOWN, f"{absent} does not exist; there live: {alive}")
        return StatusReport(Status.STOPPED, f"not here: neither {absent} nor {start} exists")

    def _told_by_pid_file(self, ctx: Context) -> StatusReport:
        from arkcore import Belief

        sighting = self._sighting(ctx)
        if sighting.belief is Belief.DOUBT and self._doubt_is_over:
            return StatusReport(Status.STOPPED, f"{sighting.detail}; taken for a stranger's")
        return sighting.report

    def _sighting(self, ctx: Context) -> Sighting:
        options: Options = ctx.options
        name, where = options.process_name, self._of_this_node
        return ctx.pid_file(options.pid_file, name=name, user=options.user, of_this_node=where)

    def _stranger(self, ctx: Context) -> str:
        """Why a stop command that reads the pid file could stop a stranger; "" if it could not."""
        return self._sighting(ctx).stranger if ctx.options.pid_file else ""

    # Processes.

    @hookimpl
    def ark_processes(self, ctx: Context) -> list[Process]:
        return self._sighting(ctx).processes if ctx.options.pid_file else ctx.started_processes()

    # Start and stop.

    @hookimpl
    def ark_start(self, ctx: Context) -> None:
        options: Options = ctx.options
        if options.pid_file:
            ctx.expect_pid_file(options.pid_file, user=options.user)
        _refuse_silent(options.start)
        result = _run(ctx, options.start)
        if result.error:
            raise StepFailed(result.told())

    @hookimpl
    def ark_stop(self, ctx: Context) -> None:
        options: Options = ctx.options
        self._stopping = True
        stranger = self._stranger(ctx)
        if stranger:
            raise StepFailed(f"{options.stop[0]} is not run: it could stop a stranger; {stranger}")
        _refuse_silent(options.stop)
        result = _run(ctx, options.stop)
        if result.returncode not in options.stop_codes:
            codes = " or ".join(map(str, options.stop_codes))
            ended = result.error or result.late
            raise StepFailed(result.told() + ("" if ended else f", expected {codes}"))

    @hookimpl
    def ark_force_stop(self, ctx: Context) -> None:
        options: Options = ctx.options
        # Before a start: whoever asked had the time to see it clear up. A stop never ends in doubt.
        self._doubt_is_over = not self._stopping
        stranger = self._stranger(ctx) if options.force_stop else ""
        if stranger:
            ctx.log.warning(
                f"{options.force_stop[0]} is not run: it could end a stranger; {stranger}"
            )
        silent = _silence_of(options.force_stop) if options.force_stop and not stranger else ""
        if silent:
            ctx.log.warning(silent)
        if not options.force_stop or stranger or silent:
            ctx.terminate(self.ark_processes(ctx))
            return
        # Half is kept for the engine, which ends what this command leaves alive.
        # Its return code decides nothing: what lives afterwards does.
        _run(ctx, options.force_stop, timeout=ctx.deadline.remaining() / 2)

    # Before anything is protected.

    @hookimpl
    def ark_preflight(self, ctx: Context) -> Iterable[Finding]:
        options: Options = ctx.options
        for key in ("start", "stop", "force_stop", "status"):
            argv: list[str] = getattr(options, key)
            if argv:
                yield _look_at(key, argv, options.user)
        if options.user:
            yield _look_at_user("user", options.user)
        if options.process_user:
            yield _look_at_user("process_user", options.process_user)


def _told_by_tcp(ctx: Context) -> StatusReport:
    options: Options = ctx.options
    host, port = address_and_port(options.tcp)
    report = ctx.tcp(host, port, within=options.tcp_timeout, check_user=True)
    if report.status is Status.RUNNING and _all_we_knew_are_gone(ctx):
        # Somebody answers, but nobody we know: another program on the port, or the application
        # after a restart by other hands. To be found out, neither believed nor forced away.
        return StatusReport(
            Status.UNKNOWN, f"{report.detail}, but every process recorded of it is gone"
        )
    return report


def _all_we_knew_are_gone(ctx: Context) -> bool:
    """Whether processes of it were known once and none is alive, nor any that a start made."""
    return ctx.recorded_processes_are_gone() and not ctx.started_processes()


def _run(ctx: Context, argv: list[str], *, timeout: float | None = None) -> CommandResult:
    options: Options = ctx.options
    return ctx.run(
        argv,
        timeout=timeout,
        user=options.user or None,
        env=options.env,
        encoding=options.encoding,
    )


def _status_of(result: CommandResult, codes: dict[str, str]) -> Status:
    """UNKNOWN where the command gave no answer: late, not run, or ended by a signal."""
    code = result.returncode
    if code is None or code < 0 or result.late or result.error:
        return Status.UNKNOWN
    name = codes.get(str(code))
    if name is None and code not in _SHELL_CODES:
        name = codes.get(OTHER)
    return Status[name or "UNKNOWN"]


def _silence_of(argv: Sequence[str]) -> str:
    """Why running `argv` would hold up the worker; "" where its disk answers."""
    try:
        _absent(argv)
    except SilentDisk as error:
        return f"{argv[0]} is not run: {error}"
    return ""


def _refuse_silent(argv: Sequence[str]) -> None:
    silent = _silence_of(argv)
    if silent:
        raise StepFailed(silent)


def _absent(argv: Sequence[str]) -> str:
    """The file without which `argv` cannot run and which does not exist; "" where all are there.

    `SilentDisk` where their disk does not answer.
    """
    absent: str = ask_path(argv[0], lambda: _first_absent(argv))
    return absent


def _first_absent(argv: Sequence[str]) -> str:
    for path in (argv[0], script_of(argv)):
        if path:
            try:
                os.stat(path)
            except (FileNotFoundError, NotADirectoryError):
                return path
            except OSError:
                continue  # it may be there: running it will tell
    return ""


def script_of(argv: Sequence[str]) -> str:
    """The script an interpreter is handed, where its path is absolute; else ""."""
    if os.path.basename(argv[0]).rstrip("0123456789.") not in _INTERPRETERS:
        return ""
    for word in argv[1:]:
        if word.startswith("/"):
            return word
        if not word.startswith("-") or word in ("-c", "-m", "-e", "-s", "-"):
            return ""
    return ""


def _look_at(key: str, argv: Sequence[str], user: str) -> Finding:
    try:
        finding: Finding = ask_path(argv[0], lambda: _found(key, argv, user))
    except SilentDisk as error:
        return Finding(
            f"options.{key}",
            Level.FAIL,
            say(f"{argv[0]}: {error}", f"{argv[0]} のディスクが応答しません"),
            say("repair or unmount the disk", "ディスクを修復するか、アンマウントしてください"),
        )
    return finding


def _found(key: str, argv: Sequence[str], user: str) -> Finding:
    from arkcore import fault_of_command

    absent = _first_absent(argv)
    if absent:
        return Finding(
            f"options.{key}",
            Level.WARN,
            say(f"{absent} does not exist", f"{absent} がありません"),
            say(
                "right only where it lies on a disk that is mounted elsewhere now",
                "他方のノードにマウントされたディスク上にある場合だけ、問題ありません",
            ),
        )
    if not os.access(argv[0], os.X_OK):
        return Finding(
            f"options.{key}",
            Level.FAIL,
            say(f"{argv[0]} is not executable", f"{argv[0]} は実行できません"),
            f"chmod +x {argv[0]}",
        )
    fault = fault_of_command(argv, user)
    if fault:
        who = user or "root"
        return Finding(
            f"options.{key}",
            Level.FAIL,
            say(f"it runs as {who}, and {fault}", f"{who} で実行しますが、{fault}"),
            say(
                "have root own it and all above it, or name its user in options.user",
                "パス全体の所有者を root にするか、options.user でユーザーを指定してください",
            ),
        )
    for path in filter(None, (argv[0], script_of(argv))):
        if os.stat(path).st_mode & 0o022:
            return Finding(
                f"options.{key}",
                Level.WARN,
                say(
                    f"{path} can be written by others, who so decide what is run here",
                    f"{path} は他のユーザーが書き込めるため、ここで実行する内容を変えられます",
                ),
                f"chmod go-w {path}",
            )
    return Finding(f"options.{key}", Level.OK, argv[0])


def _look_at_user(key: str, user: str) -> Finding:
    import pwd

    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        return Finding(
            f"options.{key}",
            Level.FAIL,
            say(f"no user {user!r} here", f"ユーザー {user!r} がいません"),
            f"useradd {user}",
        )
    return Finding(
        f"options.{key}",
        Level.OK,
        say(f"{user}, user id {entry.pw_uid}", f"{user} (ユーザー ID {entry.pw_uid})"),
    )
