"""What a PostgreSQL server is doing: asked by a real connection, judged by codes and one word.

No message is read: they come in the server's language.
"""

from __future__ import annotations

from ark_postgresql import _facts, _pid_file
from ark_postgresql._disk import look
from ark_postgresql._owned import owned, postmaster, postmasters
from ark_postgresql._programs import run
from arkcore import Choice, Status, StatusReport

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ark_postgresql._disk import Disk
    from ark_postgresql._options import Options
    from ark_postgresql._pid_file import PidFile
    from arkcore import CommandResult, Context, Process

#: Our own query, whose answer nothing that a server or psql writes by itself can be taken for.
_QUERY = "select 'ark:in recovery:' || pg_is_in_recovery()"
_PRIMARY, _RECOVERING = "ark:in recovery:false", "ark:in recovery:true"
#: Seconds that pg_isready waits.
_PROBE_SECONDS = 2


class Answer(Choice):
    """What a connection says of the server."""

    PRIMARY = "it is a primary"
    RECOVERING = "it answers, in recovery"
    #: It refuses connections, as while it starts, stops or recovers from a crash.
    REJECTING = "it accepts no connection now"
    #: It takes connections, but ours came to nothing: too many, no such database, not allowed.
    REFUSED = "it serves others, but not this check"
    NOTHING = "it does not answer"


def judge(answer: Answer, word: str, *, is_standby: bool) -> Status:
    """The status of a server whose postmaster lives.

    `word`: the last line of postmaster.pid. `is_standby`: it never becomes a primary by itself.
    """
    if answer is Answer.PRIMARY:
        return Status.RUNNING
    if answer is Answer.RECOVERING:
        # Restoring from an archive it becomes a primary at the end.
        return Status.PARTIAL if is_standby else Status.STARTING
    if word == _facts.STOPPING.value:
        return Status.STOPPING
    if answer is Answer.REJECTING:
        # Also where the word is "ready": after a backend's crash it goes on saying that.
        return Status.STARTING
    if word == _facts.STARTING.value and answer is Answer.NOTHING:
        return Status.STARTING
    return Status.UNKNOWN


def ask(ctx: Context) -> StatusReport:
    """What the server of the data directory is doing on this node."""
    options: Options = ctx.options
    disk = look(ctx)
    file = _pid_file.of(disk)
    if file is None or postmaster(options, file.pid, disk.real) is None:
        return _without_postmaster(options, disk, file)
    if options.port and file.port and options.port != file.port:
        # Whoever answers at the port of the options would be another server.
        told = f"it was started by other hands: on port {file.port}, not {options.port}"
        return StatusReport(Status.UNKNOWN, told)
    answer, told = _connect(ctx, disk.version, file)
    if answer is Answer.PRIMARY:
        return StatusReport(Status.RUNNING, told)
    # While it was asked, the word may have changed.
    disk = look(ctx)
    file = _pid_file.of(disk) or file
    status = judge(answer, file.word, is_standby=disk.is_standby)
    notes = [answer.value, told, f"{_facts.PID_FILE.value} says {file.word or 'nothing yet'}"]
    if disk.is_standby:
        notes.append(f"{_facts.STANDBY_FILE.value} makes it a standby")
    return StatusReport(status, "; ".join(notes))


def _connect(ctx: Context, version: str, file: PidFile) -> tuple[Answer, str]:
    options: Options = ctx.options
    if not file.port or not file.host:
        return Answer.NOTHING, "it has not told yet where it listens"
    asked = run(
        ctx,
        version,
        _facts.CLIENT.value,
        *("-X", "-A", "-t", "-q", "-w"),
        *("-h", file.host, "-p", str(file.port), "-d", options.database),
        *("-U", options.database_user or options.user, "-c", _QUERY),
        timeout=options.status_timeout,
    )
    lines = asked.output.splitlines()
    if asked.ok and _PRIMARY in lines:
        return Answer.PRIMARY, asked.told()
    if asked.ok and _RECOVERING in lines:
        return Answer.RECOVERING, asked.told()
    told = _told(asked)
    if asked.late or asked.error:
        return Answer.NOTHING, told
    if asked.returncode != _facts.NOT_CONNECTED.code:
        return Answer.REFUSED, told
    probed = run(
        ctx,
        version,
        _facts.PROBE.value,
        *("-q", "-h", file.host, "-p", str(file.port), "-d", options.database),
        *("-t", str(_PROBE_SECONDS)),
        timeout=_PROBE_SECONDS + 1,
    )
    told = f"{told}; {probed.told()}"
    if probed.returncode == _facts.ACCEPTING.code:
        return Answer.REFUSED, told
    if probed.returncode == _facts.REJECTING.code:
        return Answer.REJECTING, told
    return Answer.NOTHING, told


def _told(result: CommandResult) -> str:
    return ": ".join([result.told(), *result.last_lines(1)])


def _without_postmaster(options: Options, disk: Disk, file: PidFile | None) -> StatusReport:
    """Where postmaster.pid names no live postmaster of this data directory."""
    living = owned(options)
    if not living:
        return StatusReport(Status.STOPPED, _why_nothing(disk, file))
    seen = _listed(living)
    if not postmasters(living):
        return StatusReport(Status.PARTIAL, f"its postmaster is gone, but there lives {seen}")
    if disk.error:
        return StatusReport(Status.UNKNOWN, f"{disk.problem}; there lives {seen}")
    # It has only just begun, is a single-user server, or its file was taken away.
    told = f"{_facts.PID_FILE.value} does not name it, but there lives {seen}"
    return StatusReport(Status.UNKNOWN, told)


def _why_nothing(disk: Disk, file: PidFile | None) -> str:
    if file is not None:
        return f"no process; {_facts.PID_FILE.value} was left behind and names {file.pid}"
    return f"no process; {disk.problem}" if disk.error else "no process"


def _listed(living: list[Process]) -> str:
    shown = ", ".join(str(each) for each in living[:5])
    return shown if len(living) <= 5 else f"{shown} and {len(living) - 5} more"
