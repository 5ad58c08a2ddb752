"""`ark drill`: says what it is about to do, asks, does it, and writes down what came of it."""

from __future__ import annotations

import os
import signal
import sys
import time
from enum import Enum

import click
from click.exceptions import Exit

from arkcore.base.deadline import Deadline
from arkcore.base.errors import ArkError, MachineError
from arkcore.cli.command import Command, OneOf, Seconds
from arkcore.cli.console import (
    complain,
    paths_here,
    print_json,
    refuse_unless_writable,
    write_file,
)
from arkcore.cli.drill import report as reports
from arkcore.cli.drill.manager import Kind, Refused
from arkcore.cli.drill.outside import Outside, Service
from arkcore.cli.drill.performance import Performance
from arkcore.cli.drill.rehearsal import Rehearsal
from arkcore.cli.drill.report import Run
from arkcore.cli.language import say
from arkcore.cli.output import put
from arkcore.cli.peer import Host, Peer
from arkcore.cli.resources import chosen, usable
from arkcore.cli.status import may_ask
from arkcore.memory.lock import NodeLock
from arkcore.resources import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn, TextIO

    from arkcore.base.paths import Paths
    from arkcore.cli.drill.leg import Leg
    from arkcore.cli.drill.manager import Drilled, Plan
    from arkcore.resources.resource import Resource


_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
#: Seconds that the manager is given, after a drill, to come to rest.
_REST = 60.0


class Which(Enum):
    """What is typed."""

    LOCAL_RECOVERY = Kind.LOCAL_RECOVERY.value
    FAILOVER = Kind.FAILOVER.value
    FAILBACK = Kind.FAILBACK.value
    ALL = "all"


@click.command("drill", cls=Command)
@click.argument(
    "which", type=OneOf(Which), metavar="DRILL", help="local-recovery, failover, failback or all."
)
@click.argument("resource", metavar="RESOURCE", help="The resource it is for.")
@click.option(
    "--client-command", metavar="COMMAND", help="A client's command; exit code 0: it was served."
)
@click.option(
    "--client-address", metavar="HOST:PORT", help="An address; a connection made: it was served."
)
@click.option(
    "--to",
    default="",
    show_default=False,
    metavar="NODE",
    help="The other node, where there is more than one.",
)
@click.option(
    "--peer",
    type=Host(),
    help="Order a switch to the other node there, by ssh, see first that it is ready, and read its "
    "RAS log for the report.",
)
@click.option(
    "--within",
    type=Seconds(min=1),
    metavar="SECONDS",
    help="How long one drill may take; by default, what the timers allow.",
)
@click.option("--yes", is_flag=True, help="Do not ask before it begins.")
@click.option(
    "--report",
    metavar="FILE",
    help="Write the result there, as Markdown, for the delivery documents.",
)
@click.option("--json", is_flag=True, help="Print the results as JSON.")
def drill(
    which: Which,
    resource: str,
    client_command: str | None,
    client_address: str | None,
    to: str,
    peer: str | None,
    within: float | None,
    yes: bool,
    report: str | None,
    json: bool,
) -> None:
    """Try local recovery, failover and failback for real, and measure them.

    local-recovery kills all processes of the application here (SIGKILL) and
    waits until the cluster manager has found out and restarted it. failover
    and failback have the manager switch it to the other node, by the
    manager's own command. all does the three, one after another.

    The service is interrupted. A client command or address, called all the
    time, tells from outside for how long. It says first what it is going to
    do and what goes along, and asks. Pacemaker's constraint of a move is
    always taken back, also after ^C. Under LifeKeeper a switch is ordered by
    the node that is to run the resource: on the other one, the command for
    the administrator is printed and waited for, or with --peer run there by
    your own ssh.

    It is refused where a node or the resource is not ready for it. The limit
    of waiting follows from the timers (LifeKeeper) or the timeouts
    (Pacemaker) of all that is stopped and started.

    Exit code: 0 passed; 1 failed, interrupted or refused.

    Examples:
      ark drill all lkjp1_ajs3 --client-address 192.0.2.10:20241
      ark drill local-recovery web --client-command "curl -sf http://web/"
      ark drill all lkjp1_ajs3 --peer rh5lkb --report drill.md
      ark drill failback lkjp1_ajs3 --yes --report failback.md
      ark drill all lkjp1_ajs3 --yes --json
    """
    paths = paths_here()
    service = _service(client_command, client_address)
    kinds = tuple(Kind) if which is Which.ALL else (Kind(which.value),)
    if not may_ask(paths, os.geteuid()):
        raise Refused("a drill kills processes and orders the cluster manager; run it as root")
    chosen(paths, [resource])
    if report not in (None, "-"):
        _refuse_unless_report_can_be_written(str(report))
    refuse_unless_writable(paths.node_lock("drill"), "drill")
    known = usable(paths, resource)
    out = sys.stderr if json or report == "-" else sys.stdout
    checking = say("checking that all is ready for the drill", "動作確認の準備状況を確認中")
    put(f"{known.name} ({known.logical_host}): {checking}", to=out, flush=True)
    lock = NodeLock(paths.node_lock("drill"), Deadline.after(0), _nothing, _nothing)
    with lock as alone:
        if not alone:
            raise Refused("another drill is at work on this node; wait until it is over")
        there = Peer(peer) if peer is not None else None
        run = Run(known, _managed(paths, known, there), kinds, service)
        rehearsal = Rehearsal(paths, run, to, within, out, there)
        rehearsal.announce()
        if not yes:
            _ask(out)
        run.began = time.time()
        _perform(paths, run, to, rehearsal, out, there)
    try:
        if report is not None:
            write_file(report, reports.markdown(run).encode(), 0o644)
    finally:
        if json:
            print_json(reports.facts(run))
        _conclude(run, report, out)
    if not run.passed:
        raise Exit(1)


def _nothing() -> None:
    pass


def _service(command: str | None, address: str | None) -> Service | None:
    if command is not None and address is not None:
        raise click.BadParameter("--client-command and --client-address do not go together")
    try:
        if command is not None:
            return Service.of_command(command)
        return None if address is None else Service.of_address(address)
    except ValueError as error:
        option = "--client-address" if command is None else "--client-command"
        raise click.BadParameter(f"{command or address!r}: {error}", param_hint=option) from None


def _refuse_unless_report_can_be_written(path: str) -> None:
    """What is lost at the end would have to be done again."""
    directory = os.path.dirname(os.path.abspath(path))
    if os.path.isdir(path) or not os.path.isdir(directory):
        raise MachineError(f"{path}: no file can be written there; name one in a directory that is")
    if not os.access(path if os.path.exists(path) else directory, os.W_OK):
        raise MachineError(f"{path}: you may not write there; name another file")


def _managed(paths: Paths, resource: Resource, peer: Peer | None) -> Drilled:
    if record.parameters_here(paths, resource.name) is not None:
        from arkcore.cli.drill.pacemaker import PacemakerDrill

        return PacemakerDrill(resource.name, paths.prefix)
    from arkcore.cli.drill.lifekeeper import LifeKeeperDrill

    return LifeKeeperDrill(paths, resource, peer)


def _ask(out: TextIO) -> None:
    out.flush()
    if not sys.stdin.isatty():
        raise click.BadParameter("nobody can be asked here; say --yes", param_hint="--yes")
    question = say(
        "The service is interrupted by this. Go on?",
        "サービスが中断されます。続けますか?",
    )
    if not click.confirm(question, err=True):
        raise Exit(1)


def _perform(
    paths: Paths, run: Run, to: str, rehearsal: Rehearsal, out: TextIO, peer: Peer | None
) -> None:
    """The drills in a row, up to the first that does not pass; whatever happens, it is tidied."""
    # What ends a terminal ends this as ^C does.
    for number in _ENDINGS:
        signal.signal(number, _end_once)
    try:
        for kind in run.kinds:
            _title(run, kind, out)
            if run.legs:
                # What an earlier one has left would be in its way.
                run.tidied = run.drilled.tidy() or run.tidied
                _wait_for_rest(run)
            _one(paths, run, rehearsal.ready(kind, to), out, peer)
            if not run.legs[-1].passed:
                break
    except KeyboardInterrupt:
        run.interrupted = True
    except ArkError as error:
        run.problem = str(error)
    finally:
        _hear_no_more()
        try:
            run.tidied = run.drilled.tidy() or run.tidied
        except ArkError as error:
            run.problem = "; ".join(filter(None, (run.problem, str(error))))
        if not run.interrupted:
            _wait_for_rest(run)
        run.at_the_end = run.drilled.look().told
        run.ended = time.time()


def _end_once(number: int, frame: object) -> NoReturn:
    """The first such signal interrupts; a second one must not interrupt what then is taken back."""
    _hear_no_more()
    raise KeyboardInterrupt


def _hear_no_more() -> None:
    for number in _ENDINGS:
        signal.signal(number, signal.SIG_IGN)


def _wait_for_rest(run: Run) -> None:
    """Until the manager has nothing left to do, so that what it says is more than a moment's."""
    end = Deadline.after(_REST)
    at_rest: float | None = None
    while not end.passed:
        settled = run.drilled.look().settled
        at_rest = (at_rest or time.monotonic()) if settled else None
        if at_rest is not None and time.monotonic() - at_rest >= 1.0:
            return
        time.sleep(0.2)


def _one(paths: Paths, run: Run, plan: Plan, out: TextIO, peer: Peer | None) -> None:
    if run.service is None:
        _with_client(paths, run, plan, None, out, peer)
        return
    with Outside(run.service) as outside:
        outside.wait_for_answer()
        _with_client(paths, run, plan, outside, out, peer)


def _with_client(
    paths: Paths, run: Run, plan: Plan, outside: Outside | None, out: TextIO, peer: Peer | None
) -> None:
    def tell(text: str, at: float) -> None:
        try:
            put(f"{reports.clock(at)}  {text}", to=out, flush=True)
        except OSError:
            pass  # nobody reads any more: it goes on, to its report

    performance = Performance(paths, run.resource, run.drilled, plan, outside, tell, peer)
    run.legs.append(performance.leg)
    performance.run()
    leg = performance.leg
    if leg.passed:
        tell(say(", ", "、").join([say("passed", "合格"), reports.duration_of(leg)]), leg.ended)
    else:
        tell(say(f"FAILED: {leg.reason}", f"不合格: {leg.reason}"), leg.ended)


def _title(run: Run, kind: Kind, out: TextIO) -> None:
    number = list(run.kinds).index(kind) + 1
    put(f"\n{number} {kind.title}", to=out, flush=True)


def _conclude(run: Run, report: str | None, out: TextIO) -> None:
    put(f"\n{run.resource.name}: {run.verdict}", to=out)
    for leg in run.legs:
        parts = _parts(run, leg)
        put(f"  {leg.plan.kind.title}: {say(', ', '、').join(parts)}", to=out)
        for remark in leg.remarks:
            put(f"    {remark}", to=out)
        if text := reports.elsewhere(run, leg):
            put(f"    {text}", to=out)
    for kind in run.left_out:
        put(f"  {kind.title}: {say('left out', '未実施')}", to=out)
    if run.service is None:
        put(f"  {reports.unverified()}", to=out)
    if run.interrupted:
        on = say(
            "only the actions that the manager has begun go on",
            "クラスターマネージャーが開始済みの処理だけが続きます",
        )
        put(f"  {on}: ark status {run.resource.name} --watch", to=out)
    for text in (run.tidied, run.at_the_end):
        if text:
            put(f"  {text}", to=out)
    if report not in (None, "-"):
        put(say(f"  report: {report}", f"  報告書: {report}"), to=out)
    out.flush()
    if run.problem:
        complain(run.problem)


def _parts(run: Run, leg: Leg) -> Sequence[str]:
    parts = [say("passed", "合格") if leg.passed else say("FAILED", "不合格")]
    if leg.passed:
        parts.append(reports.duration_of(leg))
    if run.service is not None and leg.struck is not None:
        parts.append(reports.unserved(leg))
    return [*parts, *([leg.reason] if leg.reason else [])]
