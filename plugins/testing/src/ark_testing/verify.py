"""`ark verify`: the conformance kit on a resource as it is configured, on a test node."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import click
from click.exceptions import Exit

from arkcore.base.errors import ConfigurationError, MachineError
from arkcore.base.status import Status, StatusReport
from arkcore.cli.command import Command
from arkcore.cli.console import complain, paths_here, print_json, refuse_unless_writable
from arkcore.cli.language import say
from arkcore.cli.look import look_at
from arkcore.cli.output import put
from arkcore.cli.resources import chosen, usable
from arkcore.managers.here import cluster_of
from arkcore.memory.intent import Wanted
from arkcore.memory.lock import holder_of
from arkcore.memory.maintenance import Maintenance
from arkcore.memory.state import State
from arkcore.resources.resource import Resource

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from ark_testing.checks import Check
    from ark_testing.verification import Result
    from arkcore.base.paths import Paths

#: Seconds the application is given to say how it is before anything begins.
_ASKING = 20.0


def _list(ctx: click.Context, _: click.Parameter, asked: bool) -> None:
    """Print the checks that there are, and end, before anything else is asked for."""
    if not asked or ctx.resilient_parsing:
        return
    from ark_testing.checks import CHECKS

    for check in CHECKS:
        if not check.for_authors:
            put(f"{check.name}: {say(check.text, check.text_ja)}")
    ctx.exit()


@click.command("verify", cls=Command)
@click.argument("resource", metavar="RESOURCE", help="What is verified.")
@click.option(
    "--list",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_list,
    help="List the checks, and verify nothing.",
)
@click.option(
    "--second", metavar="RESOURCE", help="Another one of the same plugin, to run beside the first."
)
@click.option("--check", multiple=True, metavar="NAME", help="This check only; repeatable.")
@click.option(
    "--comes-and-goes",
    multiple=True,
    metavar="NAME",
    help="A process of this name may end without fault; repeatable.",
)
@click.option("--yes", is_flag=True, help="Do not ask before it begins.")
@click.option(
    "--force", is_flag=True, help="Also where it runs here: stopped first, started at the end."
)
@click.option("--json", is_flag=True, help="Print the results as JSON.")
def verify(
    resource: str,
    second: str | None,
    check: tuple[str, ...],
    comes_and_goes: tuple[str, ...],
    yes: bool,
    force: bool,
    json: bool,
) -> None:
    """Prove on a test node that a plugin keeps what every plugin promises.

    The application is started, stopped, killed, forced and called in messy
    surroundings, again and again, by the programs that the cluster calls. Its
    own directories are used, so never verify where its data matter. Our own
    files are left alone: logs and states are those of a node made for it.

    It is refused where the resource is in service or wanted up here, or where
    it runs; --force stops it first, in maintenance, and starts it at the end.

    Exit code: 1 where a promise is broken, or verifying is refused.

    Examples:
      ark verify --list
      ark verify lkjp1_base --yes
      ark verify lkjp1_base --check crash_is_recovered_from --yes --json
    """
    paths = paths_here()
    names = [resource, *([second] if second else [])]
    chosen(paths, names)
    checks = _chosen_checks(check)
    refuse_unless_writable(paths.state(resource), "verify")
    resources = [usable(paths, name) for name in names]
    _refuse_what_cannot_be(paths, resources)
    running = _running(paths, resources)
    objections = [told for each in resources if (told := _objection(paths, each.name, running))]
    if objections and not force:
        complain(f"refused: {objections[0]}; --force does it all the same")
        raise Exit(1)
    if not yes:
        _ask(resources)
    with ExitStack() as stack:
        for name in names:
            if name in running:
                stack.enter_context(_Aside(paths, name))
        tell = _silent if json else _told
        results = _verified(paths, resources, comes_and_goes, checks, tell)
    _report(resource, resources[0].plugin.name, results, json)


def _chosen_checks(asked: Sequence[str]) -> list[Check]:
    from ark_testing.checks import CHECKS

    known = {each.name: each for each in CHECKS if not each.for_authors}
    for name in asked:
        if name not in known:
            raise ConfigurationError(f"no check {name!r}; there are: {', '.join(known)}")
    return [known[name] for name in known if not asked or name in asked]


def _refuse_what_cannot_be(paths: Paths, resources: Sequence[Resource]) -> None:
    for each in resources:
        for point in each.mount_points:
            if not os.path.ismount(point):
                raise MachineError(f"{each.name}: {point} is not mounted here; mount it first")
    if len(resources) == 2 and resources[0].plugin.name != resources[1].plugin.name:
        plugins = " and ".join(f"{each.name} ({each.plugin.name})" for each in resources)
        raise ConfigurationError(f"--second: must be of the same plugin; given: {plugins}")


def _running(paths: Paths, resources: Sequence[Resource]) -> set[str]:
    """Those that do not say STOPPED. `MachineError` where nobody can be asked."""
    found = set()
    for name, seen in look_at(paths, resources, _ASKING).items():
        if not isinstance(seen, StatusReport):
            raise MachineError(f"{name}: {seen}")
        if seen.status is not Status.STOPPED:
            found.add(name)
    return found


def _objection(paths: Paths, name: str, running: set[str]) -> str:
    cluster = cluster_of(paths, name, os.environ)
    if cluster.in_service(name):
        return f"{name} is in service here"
    if State(paths, name).intent.wanted is Wanted.UP:
        return f"the cluster manager wants {name} up here"
    if holder_of(paths.state(name)) is not None:
        return f"an action of {name} is at work"
    return f"{name} runs here" if name in running else ""


def _ask(resources: Sequence[Resource]) -> None:
    named = ", ".join(f"{each.name} ({each.logical_host})" for each in resources)
    if not sys.stdin.isatty():
        raise click.BadParameter("nobody can be asked here; say --yes", param_hint="--yes")
    english = f"{named}: started, killed and stopped again and again, on this node. Go on?"
    japanese = f"{named}: このノードで開始、強制終了、停止を繰り返します。続けますか?"
    if not click.confirm(say(english, japanese), err=True):
        raise Exit(1)


class _Aside:
    """A resource that runs here: stopped, in maintenance, until the end of the `with`."""

    def __init__(self, paths: Paths, name: str) -> None:
        self._name = name
        self._maintenance = Maintenance(paths, name)
        self._was = self._maintenance.active()

    def __enter__(self) -> None:
        if not self._was and not self._maintenance.begin(None):
            raise MachineError(f"{self._name}: maintenance has NOT begun")
        try:
            self._run("remove")
        except MachineError:
            self._leave()
            raise

    def __exit__(self, *_: object) -> None:
        try:
            self._run("restore")
        finally:
            self._leave()

    def _run(self, action: str) -> None:
        words = [sys.executable, "-m", "arkcore.cli.main", "run", action, self._name, "--force"]
        done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False)
        if done.returncode:
            raise MachineError(f"{self._name}: its {action} failed; see ark log {self._name}")

    def _leave(self) -> None:
        if not self._was:
            self._maintenance.end()


def _verified(
    paths: Paths,
    resources: Sequence[Resource],
    comes_and_goes: Sequence[str],
    checks: Sequence[Check],
    tell: Callable[[Result], None],
) -> list[Result]:
    from ark_testing.configured import capabilities_of, installation_of, with_secrets
    from ark_testing.subject import Subject
    from ark_testing.verification import run_checks

    resources = [with_secrets(each, paths) for each in resources]
    first, second = resources[0], resources[1] if len(resources) == 2 else None
    if len(checks) > 1:
        complain(
            say(
                "checks run one after another: a configured resource is one installation",
                "設定済みのリソースは 1 つのインストールなので、検査を順に実行します",
            )
        )
    files = dict(_required(paths, [name for each in resources for name in each.requires]))
    installation = installation_of(first, second, files, comes_and_goes)
    with tempfile.TemporaryDirectory(prefix="ark-verify-") as directory:
        subject = Subject(
            first.plugin.name,
            installation,
            Path(directory),
            capabilities=capabilities_of(installation),
            spares=True,
        )
        try:
            results = run_checks(subject, checks, tell, complain, lanes=1)
            for host in subject.hosts:
                subject.stopped(host)  # in the ordinary way, where that will do
        finally:
            subject.close()
    return results


def _required(paths: Paths, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The resource files of what is required, and of what that requires."""
    from arkcore.resources.requirements import required_by_file

    ahead, seen = list(names), set[str]()
    while ahead:
        name = ahead.pop()
        if name in seen:
            continue
        seen.add(name)
        yield name, Path(paths.resource_file(name)).read_text("utf-8")
        ahead += required_by_file(paths, name)


# Telling.


def _words(result: Result) -> str:
    from ark_testing.verification import Outcome

    return {
        Outcome.KEPT: say("kept", "適合"),
        Outcome.BROKEN: say("BROKEN", "不適合"),
        Outcome.UNREACHED: say("not reached", "未到達"),
        Outcome.NOT_RUN: say("not run", "対象外"),
    }[result.outcome]


def _told(result: Result) -> None:
    promise = say(result.check.text, result.check.text_ja)
    name = result.check.name
    put(f"{_words(result)}: {name}: {promise} ({result.seconds:.1f} s)", flush=True)
    if result.told:
        put(f"    {result.told}", flush=True)
    for warning in result.warnings:
        put(f"    {say('warning', '警告')}: {warning}", flush=True)


def _silent(_: Result) -> None:
    pass


def _report(resource: str, plugin: str, results: Sequence[Result], json: bool) -> None:
    from ark_testing.verification import Outcome

    count = {each: sum(result.outcome is each for result in results) for each in Outcome}
    bad = count[Outcome.BROKEN] + count[Outcome.UNREACHED]
    if json:
        print_json(_facts(resource, plugin, results, bad == 0))
    else:
        total = len(results) - count[Outcome.NOT_RUN]
        kept = count[Outcome.KEPT]
        put(
            say(
                f"{plugin}: {kept} of {total} promises kept; {count[Outcome.NOT_RUN]} not run",
                f"{plugin}: {total} 項目中 {kept} 項目が適合、対象外 {count[Outcome.NOT_RUN]} 項目",
            )
        )
    if bad:
        raise Exit(1)


def _facts(resource: str, plugin: str, results: Sequence[Result], conforms: bool) -> dict[str, Any]:
    return {
        "resource": resource,
        "plugin": plugin,
        "conforms": conforms,
        "checks": [
            {
                "name": each.check.name,
                "promise": say(each.check.text, each.check.text_ja),
                "outcome": each.outcome.value,
                "told": each.told,
                "warnings": list(each.warnings),
                "seconds": round(each.seconds, 2),
            }
            for each in results
        ],
    }
