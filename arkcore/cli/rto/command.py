"""The command `ark rto`."""

from __future__ import annotations

import os

import click

from arkcore.base.errors import MachineError
from arkcore.cli.command import Command
from arkcore.cli.console import console, paths_here, print_json, write_file
from arkcore.cli.language import say
from arkcore.cli.output import put
from arkcore.cli.ras.reading import When, sources_of, tell_damage
from arkcore.cli.report.offsets import given_offsets, refuse_unknown
from arkcore.cli.resources import chosen, usable
from arkcore.cli.rto.measured import measured
from arkcore.cli.rto.settings import checking_of_lifekeeper, checking_of_pacemaker
from arkcore.cli.rto.showing import Answer, facts_of, show_answer
from arkcore.cli.rto.ways import Hierarchy, Member, ways
from arkcore.cli.timer_rows import rows_of
from arkcore.managers.pacemaker_tools import PacemakerTools
from arkcore.ras.reader import Reader
from arkcore.ras.rotated import beside
from arkcore.resources import record
from arkcore.resources.requirements import dependents, hierarchy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from arkcore.base.paths import Paths
    from arkcore.ras.source import Source
    from arkcore.resources.resource import Resource


@click.command("rto", cls=Command)
@click.argument("resource", metavar="RESOURCE", help="The resource it is for.")
@click.option(
    "--file",
    "files",
    multiple=True,
    metavar="[NODE=]PATH",
    help="Read this log, or the one in this directory, instead; - for stdin. May be repeated.",
)
@click.option("--since", type=When(), help="What was measured from then on.")
@click.option(
    "--offset",
    "offsets",
    multiple=True,
    metavar="NODE=SECONDS",
    help="Add so much to the times of a node, whose clock differs. May be repeated.",
)
@click.option("--html", metavar="FILE", help="Write a page for auditors there; - for stdout.")
@click.option("--json", is_flag=True, help="Print the facts as JSON.")
def rto(
    resource: str,
    files: tuple[str, ...],
    since: float | None,
    offsets: tuple[str, ...],
    html: str | None,
    json: bool,
) -> None:
    """Show how long a failure leaves the service down: expected, and at worst.

    For a local recovery, a failover of the hierarchy, and a failover as the
    node dies: each part with what is expected (the median of what the RAS log
    tells), the longest that was measured, and the worst by the timers. Each
    figure has its source. What nobody measured is not known, and what no timer
    bounds is told. A start after a failure counts before a planned one.

    What the manager takes between its steps is known where the logs of both
    nodes are read: --file NODE=PATH for each.

    Examples:
      ark rto lkjp1_ajs3
      ark rto lkjp1_ajs3 --file node1=/tmp/node1 --file node2=/tmp/node2
      ark rto lkjp1_ajs3 --since 90d --html rto.html
      ark rto lkjp1_ajs3 --json
    """
    if json and html == "-":
        raise click.BadParameter("--json and --html - do not go together")
    given = given_offsets(offsets)
    paths = paths_here()
    chosen(paths, [resource])
    if html not in (None, "-"):
        _refuse_unless_page_can_be_written(str(html))
    used = usable(paths, resource)
    names = hierarchy(paths, resource)
    members = {name: _member(paths, name, used) for name in names}
    under_pacemaker = record.parameters_here(paths, resource) is not None
    reader = Reader(_sources(paths, files), only=names[0] if len(names) == 1 else "", keeps=False)
    refuse_unknown(given, [source.node for source in reader.sources])
    found = measured(reader, resource, names, given, since or 0.0)
    tell_damage(reader, foreign=False)
    checking = checking_of_pacemaker if under_pacemaker else checking_of_lifekeeper
    whole = Hierarchy(
        members[resource],
        [members[name] for name in names],
        [members[name] for name in dependents(paths, resource) if name in members],
        checking(paths, used),
        found,
    )
    answer = Answer(used, whole, ways(whole))
    if html is not None:
        from arkcore.cli.rto.page import page

        write_file(html, page(answer).encode("utf-8", "backslashreplace"), 0o644)
        if html == "-":
            return
    if json:
        print_json(facts_of(answer))
    else:
        show_answer(console(), answer)
        if html is not None:
            put(say(f"\nwritten: {html}", f"\n書き出しました: {html}"))


def _member(paths: Paths, name: str, used: Resource) -> Member:
    resource = used if name == used.name else usable(paths, name)
    under_pacemaker = record.parameters_here(paths, name) is not None
    return Member(
        name,
        resource.timers,
        {row.timer.key: row for row in rows_of(paths, resource)},
        paths.resource_file(name),
        PacemakerTools(paths.prefix).timeouts(name) if under_pacemaker else {},
    )


def _sources(paths: Paths, files: Sequence[str]) -> list[Source]:
    """The logs to read; none where this node has no log yet."""
    if not files and not any(beside(paths.ras_log)):
        return []
    return sources_of(paths, files)


def _refuse_unless_page_can_be_written(path: str) -> None:
    """Before the logs are read, which takes its time."""
    directory = os.path.dirname(os.path.abspath(path))
    if os.path.isdir(path) or not os.path.isdir(directory):
        raise MachineError(f"{path}: no file can be written there; name one in a directory that is")
