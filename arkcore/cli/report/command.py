"""The command `ark report`."""

from __future__ import annotations

import json
import time

import click

from arkcore.base.errors import ConfigurationError
from arkcore.cli.command import Command
from arkcore.cli.console import paths_here, write_file
from arkcore.cli.language import say
from arkcore.cli.output import put
from arkcore.cli.ras.cause import paragraphs
from arkcore.cli.ras.incident import incident_of
from arkcore.cli.ras.reading import When, limits_of, sources_of, tell_damage
from arkcore.cli.report.drawing import picture
from arkcore.cli.report.history import history_of
from arkcore.cli.report.offsets import found_offsets, given_offsets, refuse_unknown, shift
from arkcore.cli.report.trace import trace_of
from arkcore.ras.reader import Reader
from arkcore.ras.records import ScriptTaken

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from arkcore.cli.ras.incident import Incident
    from arkcore.ras.records import Run

#: Seconds around an incident that are shown.
_BEFORE, _AFTER = 300.0, 120.0
#: Seconds that are shown where nothing failed.
_DAY, _HOUR = 86400.0, 3600.0
#: Scripts that are read of the end of the log, to find the incident.
_SCRIPTS = 200
#: So many runs fit on a page.
_RUNS = 50_000


@click.command("report", cls=Command)
@click.argument(
    "resource", required=False, metavar="[RESOURCE]", help="Whose incident; by default, any."
)
@click.option("--at", type=When(), help="The failure at that time, or the last one before it.")
@click.option("--since", type=When(), help="A period from then on, instead of an incident.")
@click.option("--until", type=When(), help="Until then.")
@click.option(
    "--file",
    "files",
    multiple=True,
    metavar="[NODE=]PATH",
    help="Read this log, or the one in this directory, instead; - for stdin. May be repeated.",
)
@click.option(
    "--offset",
    "offsets",
    multiple=True,
    metavar="NODE=SECONDS",
    help="Add so much to the times of a node, whose clock differs. May be repeated.",
)
@click.option("--svg", "kind", flag_value="svg", help="Write the picture alone.")
@click.option("--trace", "kind", flag_value="trace", help="Write Chrome trace events instead.")
@click.option("--output", "-o", metavar="FILE", help="Where to; - for stdout.")
def report(
    resource: str | None,
    at: float | None,
    since: float | None,
    until: float | None,
    files: tuple[str, ...],
    offsets: tuple[str, ...],
    kind: str | None,
    output: str | None,
) -> None:
    """Write one page on the last incident, or on a period.

    One HTML file that needs no network: a timeline over the nodes whose logs
    are read, the times without service, every run with its log lines, the
    timers against reality. Where a start on one node is logged before the stop
    on the other that it followed, the clocks are put right by that.

    Examples:
      ark report
      ark report lkjp1_base --at 02:01 -o incident.html
      ark report --since 7d --file node1=/tmp/node1 --file node2=/tmp/node2
      ark report --trace -o trace.json
    """
    given = given_offsets(offsets)
    paths = paths_here()
    reader = Reader(sources_of(paths, files), limits=limits_of(paths))
    refuse_unknown(given, [source.node for source in reader.sources])
    if since is None and until is None:
        runs, found, used = _incident(reader, at, resource or "", given)
        began, ends = _times_of(found, runs)
        runs = [run for run in runs if run.ends >= began and run.began <= ends]
        if not any(source.is_stdin for source in reader.sources):
            # With the checks and remarks around it, too.
            runs = list(reader.runs(began - _HOUR, ends + _HOUR))
            shift(runs, used)
    else:
        began, ends = since or 0.0, float("inf") if until is None else until
        runs = list(reader.runs(began, ends))
        found, used = _found(runs, at, resource or "", given)
    tell_damage(reader, foreign=False)
    runs.sort(key=lambda run: run.began)
    shown = [run for run in runs if run.ends >= began and run.began <= ends]
    if not shown:
        raise ConfigurationError("the RAS log tells of nothing in this period")
    if len(shown) > _RUNS:
        raise ConfigurationError(f"{len(shown)} runs do not fit on a page: name a shorter period")
    first = max(began, min(run.began for run in shown)) - 1
    last = min(ends, max(run.ends for run in shown)) + 1
    history = history_of(shown, first, last)
    if kind == "svg":
        text, ending = picture(history, alone=True), "svg"
    elif kind == "trace":
        text, ending = json.dumps(trace_of(history), ensure_ascii=False), "json"
    else:
        from arkcore.cli.report.page import page

        why = paragraphs(found, paths.blackboxes) if found is not None else ()
        nodes = [source.node for source in reader.sources]
        text, ending = page(history, nodes=nodes, why=why, offsets=used), "html"
    path = output or time.strftime(f"ark-report-%Y%m%d-%H%M%S.{ending}")
    write_file(path, text.encode("utf-8", "backslashreplace"), 0o600)
    if path != "-":
        put(say(f"written: {path}", f"書き出しました: {path}"))


def _incident(
    reader: Reader, at: float | None, resource: str, given: Mapping[str, float]
) -> tuple[list[Run], Incident | None, dict[str, float]]:
    """The scripts near the incident, the incident, and what was added to nodes' times."""
    if at is not None or any(source.is_stdin for source in reader.sources):
        begin, end = (0.0, float("inf")) if at is None else (at - 7 * _DAY, at + _DAY)
        runs = list(reader.runs(begin, end))
    else:
        runs = reader.last_runs(_SCRIPTS, _tells, enough=1 << 62)
    found, used = _found(runs, at, resource, given)
    return runs, found, used


def _found(
    runs: Sequence[Run], at: float | None, resource: str, given: Mapping[str, float]
) -> tuple[Incident | None, dict[str, float]]:
    """Put the nodes' clocks right; the incident, and what was added."""
    used = {**found_offsets(runs), **given}
    shift(runs, used)
    scripts = [run for run in runs if isinstance(run, ScriptTaken) and _tells(run)]
    scripts.sort(key=lambda script: script.began)
    return incident_of(scripts, float("inf") if at is None else at, resource), used


def _tells(run: Run) -> bool:
    return isinstance(run, ScriptTaken) and (run.went_badly or run.acted)


def _times_of(found: Incident | None, runs: Sequence[Run]) -> tuple[float, float]:
    """The times around an incident; the last day where there is none."""
    if found is None:
        last = max((run.ends for run in runs), default=0.0)
        return last - _DAY, last
    began = found.began
    ends = max([began, found.script.ends, *(script.ends for script in found.then)])
    return began - _BEFORE, ends + _AFTER
