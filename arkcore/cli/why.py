"""`ark why`: the last failure in one paragraph."""

from __future__ import annotations

import click

from arkcore.cli.command import Command
from arkcore.cli.console import console, iso, paths_here, print_json
from arkcore.cli.language import say
from arkcore.cli.ras.cause import paragraphs
from arkcore.cli.ras.facts import facts_of
from arkcore.cli.ras.incident import incident_of
from arkcore.cli.ras.reading import When, limits_of, sources_of, tell_damage
from arkcore.cli.styled import Text
from arkcore.ras.reader import Reader
from arkcore.ras.records import ScriptTaken

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from arkcore.cli.ras.incident import Incident
    from arkcore.ras.records import Run

#: Scripts that are read of the end of the log: those that failed, and those that acted.
_SCRIPTS = 200


@click.command("why", cls=Command)
@click.argument(
    "resource", required=False, metavar="[RESOURCE]", help="Whose failure; by default, any."
)
@click.option("--at", type=When(), help="The failure at that time, or the last one before it.")
@click.option(
    "--file",
    "files",
    multiple=True,
    metavar="[NODE=]PATH",
    help="Read this log, or the one in this directory, instead; - for stdin. May be repeated.",
)
@click.option("--json", is_flag=True, help="Print the facts as JSON.")
def why(resource: str | None, at: float | None, files: tuple[str, ...], json: bool) -> None:
    """Say why the last script failed: which step, when, after how long of how much.

    Then the reason, what the commands returned and the product wrote, the
    black box and what hung in it, the scripts that came next, and where to
    look. One line where nothing failed; the exit code is 0 in both cases.

    Examples:
      ark why
      ark why lkjp1_base --at 02:01
      ark why --file node1=/tmp/node1/ras.log --file node2=/tmp/node2/ras.log
    """
    paths = paths_here()
    reader = Reader(sources_of(paths, files), limits=limits_of(paths))

    def tells(run: Run) -> bool:
        return isinstance(run, ScriptTaken) and (run.went_badly or run.acted)

    if at is None and not any(source.is_stdin for source in reader.sources):
        runs = reader.last_runs(_SCRIPTS, tells, enough=1 << 62)
    else:
        runs = sorted(filter(tells, reader.runs()), key=lambda run: run.began)
    tell_damage(reader, foreign=False)
    scripts = [run for run in runs if isinstance(run, ScriptTaken)]
    found = incident_of(scripts, float("inf") if at is None else at, resource or "")
    if json:
        step = found.step if found else None
        print_json(
            {
                "failed": facts_of(found.script) if found and not found.taken_over else None,
                "lost": _lost(found) if found and found.taken_over else None,
                "step": step.step.value[0] if step else None,
                "step_began": iso(step.began) if step else None,
                "next": [facts_of(each) for each in found.then] if found else [],
                "text": paragraphs(found, paths.blackboxes) if found else [],
            }
        )
        return
    out = console()
    if found is None:
        out.print(say("Nothing failed in the RAS log.", "RAS ログに失敗はありません。"))
        return
    for text in paragraphs(found, paths.blackboxes):
        out.print(Text(text), soft_wrap=not out.is_terminal)


def _lost(found: Incident) -> dict[str, Any]:
    """The node that was lost, and what shows it, as facts."""
    assert found.taken_over is not None
    return {
        "node": found.script.node,
        "resource": found.script.resource,
        "logical_host": found.script.logical_host,
        "ran_since": iso(found.script.ends),
        "taken_over_by": found.taken_over.node,
        "taken_over": iso(found.taken_over.began),
    }
