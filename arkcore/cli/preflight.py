"""`ark preflight`: the checks before an installation, by their number in the cluster guide."""

from __future__ import annotations

import click
from click.exceptions import Exit
from rich.padding import Padding
from rich.table import Table

from arkcore.base.errors import ArkError
from arkcore.base.finding import Finding, Level
from arkcore.cli.command import Command
from arkcore.cli.configuration import findings_about
from arkcore.cli.console import complain, console, paths_here, print_json, show, write_file
from arkcore.cli.examine import examined
from arkcore.cli.language import say
from arkcore.cli.output import put
from arkcore.cli.peer import PeerError, answers_from, is_file
from arkcore.cli.styled import Text
from arkcore.survey.answers import encode
from arkcore.survey.machine import Machine
from arkcore.survey.pair import check_pair
from arkcore.survey.report import Group, Result, word
from arkcore.survey.site_file import EXAMPLE, EXAMPLE_JA, read_site

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arkcore.base.paths import Paths
    from arkcore.cli.styled import SafeConsole
    from arkcore.survey.answers import Answers
    from arkcore.survey.site import Site

_STYLES = {
    Level.OK: "green",
    Level.WARN: "yellow",
    Level.FAIL: "red bold",
    Level.UNKNOWN: "magenta",
    Level.NOT_APPLICABLE: "dim",
}


@click.command("preflight", cls=Command)
@click.argument(
    "resources",
    nargs=-1,
    metavar="[RESOURCE]...",
    help="Only check the configuration of these resources' products.",
)
@click.option(
    "--export", metavar="FILE", help="Write this node's answers there, for the other; - for stdout."
)
@click.option(
    "--peer",
    metavar="HOST|FILE",
    help="The other node by ssh, or its answers (- for stdin): check the pair too.",
)
@click.option(
    "--report",
    metavar="FILE",
    help="Write the result there, as Markdown, for the delivery documents.",
)
@click.option("--json", is_flag=True, help="Print the facts as JSON.")
@click.option("--example", is_flag=True, help="Print a site file to begin with.")
def preflight(
    resources: tuple[str, ...],
    export: str | None,
    peer: str | None,
    report: str | None,
    json: bool,
    example: bool,
) -> None:
    """Check the servers before an installation.

    Every check of chapter 4 of the cluster guide, by its number: names,
    packages, SELinux, disk, time, network, and those of the plugins. What
    the pair is stands in /etc/ark/site.toml, the same file on both nodes.
    Nothing is changed. What this machine cannot tell is "unknown".

    For the pair: --peer NODE2 asks the other node by your own ssh, which
    measures the time difference too. Or --export on one node, bring the file
    to the other, --peer FILE there.

    With RESOURCE, its plugin alone is asked, about the configuration of its
    product as the next start would read it; no site file is needed.

    Exit code: 0 nothing failed, 1 something failed, 2 wrong usage.

    Examples:
      ark preflight lkapp
      ark preflight --example > /etc/ark/site.toml
      ark preflight
      ark preflight --peer rh5lkb
      ark preflight --export /root/node2.json
      ark preflight --peer /root/node2.json --report /root/preflight.md
    """
    if example:
        put(say(EXAMPLE, EXAMPLE_JA).removesuffix("\n"))
        return
    _refuse_what_excludes(export, peer, report, json)
    paths = paths_here()
    if resources:
        if any(each is not None for each in (export, peer, report)):
            raise click.BadParameter("RESOURCE goes with --json alone: nothing else is checked")
        _check_products(paths, resources, json=json)
        return
    code = preflight_on(paths, Machine(), export=export, peer=peer, report=report, json=json)
    if code:
        raise Exit(code)


def _check_products(paths: Paths, names: tuple[str, ...], *, json: bool) -> None:
    """Show what the plugins find in the configuration of their products; exit 1 where one fails."""
    found: dict[str, list[Finding]] = {}
    for name in names:
        try:
            found[name] = findings_about(paths, name)
        except ArkError as error:
            found[name] = [Finding("plugin", Level.FAIL, str(error))]
    if json:
        print_json({
            name: [[each.check, each.level.value, each.seen, each.advice] for each in each_found]
            for name, each_found in found.items()
        })  # fmt: skip
    else:
        out = console()
        for name, each_found in found.items():
            out.print(Text(name, "bold"))
            if each_found:
                _show_group(out, Group(name, each_found, None))
            else:
                put(say("  its plugin checks no configuration",
                        "  プラグインによる設定の確認はありません"))  # fmt: skip
    if any(each.level is Level.FAIL for every in found.values() for each in every):
        raise Exit(1)


def _refuse_what_excludes(
    export: str | None, peer: str | None, report: str | None, json: bool
) -> None:
    if export is not None and peer is not None:
        raise click.BadParameter(
            "one node exports, the other takes its answers with --peer: give one of the two"
        )
    if export == "-" and (json or report == "-"):
        raise click.BadParameter("--export - fills stdout: leave --json and --report - out")
    if report == "-" and json:
        raise click.BadParameter("--report - fills stdout: leave --json out")


def preflight_on(
    paths: Paths,
    machine: Machine,
    *,
    export: str | None = None,
    peer: str | None = None,
    report: str | None = None,
    json: bool = False,
) -> int:
    """The command on `machine`; its exit code."""
    site = read_site(paths)
    # The peer's answers first: straight, the clock is compared with the moment of their coming.
    there, problem = None, ""
    try:
        there = answers_from(peer) if peer is not None else None
    except PeerError as error:
        problem = str(error)  # this node's half is shown all the same
    arrived = machine.clock()
    here = examined(paths, site, machine, there)
    straight = peer is not None and (peer == "-" or not is_file(peer))
    result = _judged(site, here, there, arrived, piped=straight)
    if report is not None:
        write_file(report, result.markdown(machine.clock()).encode(), 0o644)
    if export is not None:
        write_file(export, encode(here), 0o600, new=True)
    if json:
        print_json(result.facts())
    elif "-" not in (export, report):
        _show(result)
        _tell_next(result, export)
    if problem:
        complain(problem)
    return 1 if result.failed or problem else 0


def _judged(
    site: Site, here: Answers, there: Answers | None, arrived: float, *, piped: bool
) -> Result:
    if there is None:
        return Result(site, here, None, None)
    pair = list(check_pair(site, here, there, arrived, piped=piped))
    return Result(site, here, there, pair)


def _show(result: Result) -> None:
    out = console()
    for group in result.groups:
        out.print(Text(group.name, "bold"))
        _show_group(out, group)
        out.print()
    out.print(Text(result.summary(), _STYLES[Level.FAIL if result.failed else Level.OK]))


def _show_group(out: SafeConsole, group: Group) -> None:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for each in group.findings:
        told = Text(f"{each.check}: {each.seen}")
        if each.advice:
            told.append(f"\n→ {each.advice}", _STYLES[each.level])
        table.add_row(Text(word(each.level), _STYLES[each.level]), each.number, told)
    show(out, Padding(table, (0, 0, 0, 2)))


def _tell_next(result: Result, export: str | None) -> None:
    if export is not None:
        other = next(node.name for node in result.site.nodes if node.name != result.here.node)
        put(say(f"Written: {export}. Bring it to {other}: ark preflight --peer FILE",
                  f"書き出し: {export}。{other} に渡して: ark preflight --peer FILE"))  # fmt: skip
    elif not result.whole:
        other = next(node.name for node in result.site.nodes if node.name != result.here.node)
        put(say(f"For the pair: ark preflight --peer {other}",
                f"2 台の照合: ark preflight --peer {other}"))  # fmt: skip
