"""`ark log`: what the RAS log tells, run by run, or line by line; and the black boxes it names."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import NamedTuple

import click
from click.exceptions import Exit

from arkcore.base.errors import ConfigurationError
from arkcore.cli.command import Command
from arkcore.cli.console import complain, console, paths_here, print_json
from arkcore.cli.language import say
from arkcore.cli.output import put
from arkcore.cli.peer import Host, Peer
from arkcore.cli.ras.facts import facts_of
from arkcore.cli.ras.following import follow_lines, follow_runs
from arkcore.cli.ras.peer_log import PeerLog
from arkcore.cli.ras.reading import When, limits_of, sources_of, tell_damage
from arkcore.cli.ras.tree import tree
from arkcore.cli.styled import Text
from arkcore.ras.reader import Reader
from arkcore.ras.records import ScriptTaken

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from arkcore.base.paths import Paths
    from arkcore.cli.styled import SafeConsole
    from arkcore.ras.line import RasLine
    from arkcore.ras.records import Run
    from arkcore.ras.source import Source

#: So many runs, and lines, are shown where the command line says nothing else.
_RUNS, _LINES = 20, 40
#: So many lines, the last ones, are exported at most.
_EXPORTED = 3000
#: What took more than this share of its timer is slow.
_SLOW = 0.5


@click.command("log", cls=Command)
@click.argument(
    "resource", required=False, metavar="[RESOURCE]", help="Whose runs; by default, all."
)
@click.option(
    "--lines",
    type=click.IntRange(min=1),
    is_flag=False,
    flag_value=_LINES,
    metavar="[NUMBER]",
    help="Show lines instead of runs, by default the last 40.",
)
@click.option(
    "--number", "-n", type=click.IntRange(min=1), help="How many of the last; 20 runs, or 40 lines."
)
@click.option("--failed", "--bad", is_flag=True, help="Only what failed, was aborted or is BLIND.")
@click.option("--slow", is_flag=True, help="Only what took more than half of a timer.")
@click.option(
    "--near", is_flag=True, help="Only near misses: well, with more than 80 % of a timer."
)
@click.option("--unpaired", is_flag=True, help="Only scripts whose start or end is not in the log.")
@click.option("--host", metavar="NAME", help="Only this logical host.")
@click.option("--since", type=When(), help="From then on: 2h, 30m, 7d, 18:00, 2026-11-23T18:00.")
@click.option("--until", type=When(), help="Until then.")
@click.option(
    "--file",
    "files",
    multiple=True,
    metavar="[NODE=]PATH",
    help="Read this log, or the one in this directory, instead; - for stdin. May be repeated.",
)
@click.option("--peer", type=Host(), help="Read the other node's log too, by ssh.")
@click.option("--foreign", is_flag=True, help="Also show the lines that are none of the RAS log.")
@click.option("--follow", "-f", is_flag=True, help="Go on as lines are written; end with ^C.")
@click.option("--json", is_flag=True, help="Print the facts as JSON.")
@click.option("--export", is_flag=True, help="Print what ark drill --peer reads on the other node.")
def log(
    resource: str | None,
    lines: int | None,
    number: int | None,
    failed: bool,
    slow: bool,
    near: bool,
    unpaired: bool,
    host: str | None,
    since: float | None,
    until: float | None,
    files: tuple[str, ...],
    peer: str | None,
    foreign: bool,
    follow: bool,
    json: bool,
    export: bool,
) -> None:
    """Show what the RAS log tells: its last runs, and the black boxes they name.

    A run is a script with its steps, their commands and their times against
    their timers; or a row of quickChecks that all went well. Rotated parts
    of the log are read too.
    A black box tells what a command that was late was doing when it was ended.

    --peer reads the other node's last lines too, by your own ssh, and puts
    both logs in the order of their times: the clocks must agree.

    Examples:
      ark log lkjp1_base
      ark log --failed --since 7d
      ark log lkjp1_base --lines 500
      ark log --peer rh5lkb --failed
      ark log --file node1=/tmp/node1/ras.log --file node2=/tmp/node2/ras.log
      ark log --follow
    """
    if json and follow:
        raise click.BadParameter("--json and --follow do not go together")
    if follow and (files or peer):
        option = "--file" if files else "--peer"
        raise click.BadParameter(f"{option} and --follow do not go together")
    if export and (json or follow or files or peer):
        raise click.BadParameter("--export goes without --json, --follow, --file and --peer")
    paths = paths_here()
    if export:
        _export(paths, resource, since)
        return
    kinds = [(failed, _failed), (slow, _slow), (near, _near), (unpaired, _unpaired)]
    tests = [test for given, test in kinds if given]

    def wanted(run: Run) -> bool:
        if host not in (None, run.logical_host):
            return False
        return not tests or any(test(run) for test in tests)

    with ExitStack() as stack:
        log_of_peer = PeerLog(Peer(peer), resource, since) if peer is not None else None
        there = stack.enter_context(log_of_peer) if log_of_peer is not None else None
        sources = _sources(paths, files, there)
        reader = Reader(sources, limits=limits_of(paths), only=resource or "")
        asked = Asked(resource, number, host, since, until, there.node if there else None)
        if lines is not None:
            _of_lines(paths, reader, asked, lines, failed=failed, json=json)
            tell_damage(reader, foreign=foreign)
            if follow:
                follow_lines(console(), paths.ras_log, resource, failed)
        elif follow:
            out, last = console(), number or _RUNS
            follow_runs(out, paths.ras_log, last, resource or "", reader.limits, wanted)
        else:
            runs = _last_runs(reader, asked, wanted)
            tell_damage(reader, foreign=foreign)
            _show_runs(paths, reader, asked, runs, json=json)
    if log_of_peer is not None and log_of_peer.problem:
        complain(log_of_peer.problem)
        raise Exit(1)


class Asked(NamedTuple):
    """Which part of the logs is asked for."""

    resource: str | None
    number: int | None
    host: str | None
    since: float | None
    until: float | None
    #: The other node, on which its black boxes lie; None where only this one's are read.
    elsewhere: str | None


def _sources(paths: Paths, files: Sequence[str], there: Source | None) -> list[Source]:
    """The logs that are named, and the other node's, where it has answered."""
    try:
        return [*sources_of(paths, files), *([there] if there is not None else [])]
    except ConfigurationError as error:
        if there is None or files:
            raise
        complain(str(error))  # a standby that has never run anything
        return [there]


def _of_lines(
    paths: Paths, reader: Reader, asked: Asked, lines: int, *, failed: bool, json: bool
) -> None:
    found = _last_lines(reader, asked.number or lines, asked.host, asked.since, asked.until)
    if failed:
        found = [line for line in found if line.went_badly or line.black_box]
    _show_lines(paths, found, asked, json=json, several=len(reader.sources) > 1)


def _show_runs(
    paths: Paths, reader: Reader, asked: Asked, runs: Sequence[Run], *, json: bool
) -> None:
    if json:
        print_json([facts_of(run) for run in runs])
        return
    out = console()
    for run in runs:
        for line in tree(run):
            out.print(line, soft_wrap=True)
    scripts = [run for run in runs if isinstance(run, ScriptTaken) and run.node != asked.elsewhere]
    _list_boxes(out, paths, [box for script in scripts for box in script.black_boxes])
    if reader.is_cut:
        text = say(
            "What is older was not read: name a time, for instance --since 7d",
            "これより古いものは読んでいません。--since 7d のように時刻を指定してください",
        )
        out.print(Text(text, "dim"))


def _last_runs(reader: Reader, asked: Asked, wanted: Callable[[Run], bool]) -> list[Run]:
    number, since, until = asked.number, asked.since, asked.until
    if since is None and until is None and not any(each.is_stdin for each in reader.sources):
        return reader.last_runs(number or _RUNS, wanted)
    begin, end = since or 0.0, float("inf") if until is None else until
    found = [run for run in reader.runs(begin, end) if wanted(run)]
    found.sort(key=lambda run: run.began)
    return found[-number:] if number else found


def _last_lines(
    reader: Reader, number: int, host: str | None, since: float | None, until: float | None
) -> Sequence[RasLine]:
    if host is None and since is None and until is None:
        return reader.last_lines(number)
    begin, end = since or 0.0, float("inf") if until is None else until
    found = [
        line
        for line in reader.lines()
        if host in (None, line.logical_host) and begin <= line.moment < end
    ]
    return found[-number:]


def _export(paths: Paths, resource: str | None, since: float | None) -> None:
    """Print the lines, and what this node's clock says; none where nothing was logged yet."""
    from arkcore.cli.ras.exported import export_of

    try:
        reader = Reader(sources_of(paths, ()), limits=limits_of(paths), only=resource or "")
        found = list(_last_lines(reader, _EXPORTED, None, since, None))
    except ConfigurationError:
        found = []
    put(export_of(found))


# Which runs.


def _failed(run: Run) -> bool:
    return isinstance(run, ScriptTaken) and run.went_badly


def _slow(run: Run) -> bool:
    if not isinstance(run, ScriptTaken):
        return False
    return any((used.share or 0.0) > _SLOW for used in (run.used, *(s.used for s in run.steps)))


def _near(run: Run) -> bool:
    return isinstance(run, ScriptTaken) and run.is_near


def _unpaired(run: Run) -> bool:
    return isinstance(run, ScriptTaken) and not run.is_paired


# Showing.


def _show_lines(
    paths: Paths, found: Sequence[RasLine], asked: Asked, *, json: bool, several: bool
) -> None:
    if json:
        print_json([_facts(line) for line in found])
        return
    out = console()
    for line in found:
        if several:
            out.print(Text(f"{line.node}  ", "dim"), end="", soft_wrap=True)
        print_line(out, line)
    here = [line.black_box for line in found if line.node != asked.elsewhere]
    _list_boxes(out, paths, here)


def print_line(out: SafeConsole, line: RasLine) -> None:
    style = "red" if line.went_badly else "yellow" if line.black_box else ""
    out.print(Text(line.text, style), soft_wrap=True)


def _facts(line: RasLine) -> dict[str, object]:
    return {
        "at": line.at,
        "resource": line.resource,
        "logical_host": line.logical_host,
        "message": line.message,
        "went_badly": line.went_badly,
        "black_box": line.black_box or None,
        "node": line.node,
    }


def _list_boxes(out: SafeConsole, paths: Paths, named: Sequence[str]) -> None:
    boxes = sorted(set(named) - {""})
    boxes = [box for box in boxes if os.path.dirname(box) == paths.blackboxes]
    if boxes:
        out.print(say("\nBlack boxes named above:", "\n上の行が示すブラックボックス:"))
        for box in boxes:
            gone = "" if os.path.exists(box) else say("  (gone)", "  (削除済み)")
            out.print(f"  {box}{gone}")
