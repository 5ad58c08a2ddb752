"""`ark status`: how every resource of this node is, asked now, and what is remembered of it."""

from __future__ import annotations

import os
import time

import click
import msgspec
from click.exceptions import Exit

from arkcore.base.errors import ArkError
from arkcore.base.text import json_shown
from arkcore.cli.command import Command, Seconds
from arkcore.cli.console import (
    complain,
    console,
    paths_here,
    print_json,
    refuse_unless_readable,
    show,
)
from arkcore.cli.language import say
from arkcore.cli.look import look_at
from arkcore.cli.output import put
from arkcore.cli.overview import in_full, in_short
from arkcore.cli.pair import Both, answer_of, ask_peer
from arkcore.cli.pair_view import alone, both_in_short
from arkcore.cli.peer import Host, Peer, PeerError
from arkcore.cli.resources import chosen, no_such_resource
from arkcore.cli.view import View
from arkcore.cli.watch import watch as watch_until_ended
from arkcore.managers.here import cluster_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from rich.console import RenderableType

    from arkcore.base.paths import Paths
    from arkcore.cli.pair import NodeAnswer


@click.command("status", cls=Command)
@click.argument(
    "resources", nargs=-1, metavar="[RESOURCE]...", help="Told in full; all in short by default."
)
@click.option(
    "--within",
    type=Seconds(min=0.1),
    default=10.0,
    metavar="SECONDS",
    help="How long to wait for an answer.",
)
@click.option("--watch", "-w", is_flag=True, help="Look again and again; end with ^C.")
@click.option(
    "--every",
    type=Seconds(min=1),
    default=10.0,
    metavar="SECONDS",
    help="With --watch: from one look to the next.",
)
@click.option("--json", is_flag=True, help="Print the facts as JSON.")
@click.option(
    "--check", is_flag=True, help="Print one line for a monitoring system, and exit as it asks."
)
@click.option("--peer", type=Host(), help="Ask the other node by ssh: both on one screen.")
@click.option("--export", is_flag=True, help="Print what --peer reads on the other node.")
def status(
    resources: tuple[str, ...],
    within: float,
    watch: bool,
    every: float,
    json: bool,
    check: bool,
    peer: str | None,
    export: bool,
) -> None:
    """Show how the resources of this node are.

    For each: its status and since when, what the cluster manager wants, the
    last verdict; and what is out of the ordinary: BLIND, maintenance, an
    action at work, since when it is undecided, restarts used, black boxes.

    Each application is asked now, which changes nothing: no lock is taken, no
    clock moves and nothing is logged.

    With --peer, both nodes stand side by side, and below them what is odd
    about the pair: in service on both nodes, or on none; runs where it is
    not in service; in maintenance on one node only; other versions; clocks
    that differ. `ark` there is run by your own ssh, which asks nothing.

    Exit code: 1 where a resource's file or plugin cannot be used; with
    --peer also where something is odd, or the other node does not answer;
    with --watch, 0. With --check: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN, as
    Nagios and Zabbix understand them.

    Examples:
      ark status
      ark status lkjp1_base
      ark status --peer rh5lkb
      ark status --watch --every 30
      ark status --json
      ark status --check lkjp1_base
    """
    asked_for = (("--json", json), ("--watch", watch), ("--export", export), ("--check", check))
    given = [name for name, on in asked_for if on]
    if len(given) > 1 or (export and (peer or resources)):
        raise click.BadParameter(
            "--json, --watch, --export and --check do not go together; --export goes alone"
        )
    if check and peer:
        raise click.BadParameter("--check goes without --peer: ask each node")
    if check:
        raise Exit(_check(resources, within))
    paths = paths_here()
    if peer is not None:
        _of_both(paths, Peer(peer), resources, within, every if watch else None, json=json)
        return
    if watch:
        _watch(paths, resources, within, every)
        return
    _warn_whoever_may_not_ask(paths)
    if export:
        answer = answer_of(look_at_all(paths, chosen(paths, ()), within))
        put(json_shown(msgspec.json.encode(answer).decode()))
        return
    views = look_at_all(paths, chosen(paths, resources), within)
    out = console()
    if json:
        print_json([view.facts() for view in views])
    elif resources:
        for position, view in enumerate(views):
            if position:
                put()
            show(out, in_full(view))
    else:
        show(out, in_short(views, out.width))
    for view in views:
        if view.error:
            complain(view.error)
    if any(view.error for view in views):
        raise Exit(1)


def _check(resources: Sequence[str], within: float) -> int:
    """Print the line for a monitoring system; the exit code."""
    from arkcore.cli.check import Level, line_of, nothing_known

    try:
        paths = paths_here()
        views = look_at_all(paths, chosen(paths, resources), within)
    except ArkError as error:
        put(nothing_known(str(error)))
        return Level.UNKNOWN.value
    if not views:
        put(nothing_known(say("no resource here", "リソースがありません")))
        return Level.UNKNOWN.value
    worst, line = line_of(views)
    put(line)
    return worst.value


def _of_both(
    paths: Paths,
    peer: Peer,
    names: Sequence[str],
    within: float,
    every: float | None,
    *,
    json: bool,
) -> None:
    """This node and the other, once or (`every` so many seconds) again and again."""
    peer.refuse_without_ssh()
    _warn_whoever_may_not_ask(paths)
    out = console()
    pair = _Pair(paths, peer, names, within)
    if every is not None:
        watch_until_ended(out, pair.look, every)
        return
    seen = pair.look()
    if json:
        print_json(pair.facts())
    else:
        show(out, seen)
    if pair.problem:
        complain(pair.problem)
    if pair.problem or pair.odd:
        raise Exit(1)


class _Pair:
    """Both nodes, as they were seen last."""

    def __init__(self, paths: Paths, peer: Peer, names: Sequence[str], within: float) -> None:
        self._paths = paths
        self._peer = peer
        self._names = names
        self._within = within
        self._answers: list[NodeAnswer] = []
        self.odd: list[str] = []
        #: Why the other node does not answer; "" where it does.
        self.problem = ""

    def look(self) -> RenderableType:
        here = answer_of(look_at_all(self._paths, chosen(self._paths, ()), self._within))
        self._answers, self.odd, self.problem = [here], [], ""
        began = time.time()
        try:
            there = ask_peer(self._peer, self._within)
        except PeerError as error:
            # This node's half is shown all the same.
            self.problem = str(error)
            return alone(here, self._peer.host, self._names)
        self._answers.append(there)
        both = Both(here, there, self._names)
        for name in self._names:
            if name not in both.names:
                raise no_such_resource(self._paths, name)
        self.odd = both.odd(began, time.time())
        return both_in_short(both, self.odd)

    def facts(self) -> dict[str, Any]:
        return {
            "nodes": [msgspec.to_builtins(each) for each in self._answers],
            "odd": self.odd,
            "problem": self.problem or None,
        }


def _watch(paths: Paths, resources: Sequence[str], within: float, every: float) -> None:
    chosen(paths, resources)  # before the screen is taken
    _warn_whoever_may_not_ask(paths)
    out = console()

    def look() -> RenderableType:
        views = look_at_all(paths, chosen(paths, resources), within)
        return in_short(views, out.width, with_errors=True)

    watch_until_ended(out, look, every)


def look_at_all(paths: Paths, names: list[str], within: float) -> list[View]:
    """What is known of each resource, and its status now."""
    refuse_unless_readable(os.path.dirname(paths.state("-")))
    views = [View(paths, name, cluster_of(paths, name, os.environ)) for name in names]
    asked = [view.resource for view in views if view.resource]
    live = look_at(paths, asked if may_ask(paths, os.geteuid()) else [], within)
    for view in views:
        view.take(live.get(view.name))
    return views


def _warn_whoever_may_not_ask(paths: Paths) -> None:
    # Whoever cannot see root's processes would be told STOPPED of what runs.
    if not may_ask(paths, os.geteuid()):
        complain("you are not root: no application is asked, for what runs as root cannot be seen")


def may_ask(paths: Paths, user: int) -> bool:
    """Whether what `user` sees of an application is all there is: root, or beneath a prefix."""
    return user == 0 or bool(paths.prefix)
