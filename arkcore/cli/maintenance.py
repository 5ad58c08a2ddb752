"""`ark maintenance`: a person's word that failures of a resource shall not be acted upon."""

from __future__ import annotations

import os
import time

import click
import msgspec

from arkcore.base.errors import ArkError
from arkcore.base.text import elided, shown
from arkcore.cli.command import Command
from arkcore.cli.console import console, iso, moment, paths_here, print_json
from arkcore.cli.language import say
from arkcore.cli.output import put
from arkcore.cli.pair import seconds_of
from arkcore.cli.peer import Host, Peer
from arkcore.cli.resources import chosen, names_here
from arkcore.cli.targets import hierarchy_option, resources_of
from arkcore.cli.window import ListedWindow, Window
from arkcore.memory.maintenance import Maintenance

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arkcore.base.paths import Paths

#: Characters of one line of the list, which may be another node's.
_LINE = 400
#: The most characters that a reason may have.
_REASON = 200
#: What is typed in place of a target; the second word of the form for one resource.
_FORMS = {"begin": "begin", "end": "end", "on": "begin", "off": "end"}


@click.command("maintenance", cls=Command)
@click.argument(
    "words",
    nargs=-1,
    metavar="[begin|end TARGET...]",
    help="Resources or logical hosts; by default, list all.",
)
@click.option(
    "--until", metavar="TIME", help='When it ends by itself: "HH:MM" or "YYYY-MM-DD HH:MM".'
)
@click.option("--reason", metavar="TEXT", help="Why; status, list and RAS log show it.")
@hierarchy_option
@click.option("--peer", type=Host(), help="On the other node too, by ssh; or list both nodes.")
@click.option("--dry-run", is_flag=True, help="Check all of it here; begin and end nothing.")
@click.option("--json", is_flag=True, help="Print the list as JSON.")
def maintenance(
    words: tuple[str, ...],
    until: str | None,
    reason: str | None,
    hierarchy: bool,
    peer: str | None,
    dry_run: bool,
    json: bool,
) -> None:
    """Begin, end or list maintenance.

    While a resource is in maintenance its failures are not acted upon:
    quickCheck and recover are skipped. It outlives a reboot, and ends by
    itself only where --until says when. The RAS log and syslog tell when it
    begins and ends, and every script in between that it is on.

    TARGET is a resource or a logical host, which stands for all of its
    resources. Several begin in starting order and end in stopping order:
    all of them, or none. With --peer the same holds for both nodes; where
    the other one cannot, nothing begins here either.

    RESOURCE on and RESOURCE off do the same for one resource.

    Examples:
      ark maintenance
      ark maintenance begin LVMRH5LKB --until 03:00 --peer rh5lkb --reason patch
      ark maintenance end LVMRH5LKB --peer rh5lkb
      ark maintenance lkjp1_base on --until "2026-12-24 06:00"
      ark maintenance lkjp1_base off
    """
    paths = paths_here()
    form, targets = _form(words)
    if form == "list":
        if until is not None or reason is not None or hierarchy or dry_run:
            raise click.BadParameter(
                "--until, --reason, --hierarchy and --dry-run go with: begin TARGET..."
            )
        _list(paths, targets, Peer(peer) if peer is not None else None, json)
        return
    if form == "end" and (until is not None or reason is not None):
        option = "--until" if until is not None else "--reason"
        raise click.BadParameter('goes with "on" and "begin" only', param_hint=option)
    end, why = _end_of(until), _reason(reason)
    names = resources_of(paths, targets, hierarchy=hierarchy)
    window = Window(paths, names)
    window.refuse_unless_writable()
    if dry_run:
        put(" ".join(names))
        return
    other = Peer(peer) if peer is not None else None
    if form == "begin":
        window.begin(end, why, other)
        _tell_begun(names, end, why, other)
    else:
        ended = window.end(other)
        _tell_ended(names[::-1], ended, other)


def _form(words: tuple[str, ...]) -> tuple[str, list[str]]:
    """ "begin", "end" or "list", and what it is for. A usage error where it is none of them."""
    if not words:
        return "list", []
    if words[0] in ("begin", "end"):
        if len(words) < 2:
            raise click.BadParameter(f"{words[0]} needs TARGET...: a resource or a logical host")
        return words[0], list(words[1:])
    if len(words) == 1:
        return "list", [words[0]]
    if len(words) == 2 and words[1] in ("on", "off"):
        return _FORMS[words[1]], [words[0]]
    raise click.BadParameter(
        f"{' '.join(words)!r}: allowed are: begin TARGET..., end TARGET..., RESOURCE on, "
        f"RESOURCE off, RESOURCE"
    )


def _reason(text: str | None) -> str:
    if text is None:
        return ""
    if not text.strip() or len(text) > _REASON or shown(text) != text:
        raise click.BadParameter(
            f"allowed are 1 to {_REASON} printable characters on one line", param_hint="--reason"
        )
    return text.strip()


def _tell_begun(names: list[str], until: float | None, reason: str, peer: Peer | None) -> None:
    end, why = _until(until), f" ({reason})" if reason else ""
    for name in names:
        english = f"MAINTENANCE of {name} {end}{why}: its failures are NOT acted upon."
        japanese = f"{name} は保守中 ({end}){why}: 障害が起きても対処しません。"
        console().print(say(english, japanese), style="bold yellow", soft_wrap=True)
    if peer is not None:
        put(say(f"The same has begun on {peer.host}.", f"{peer.host} でも開始しました。"))


def _tell_ended(names: list[str], ended: list[str], peer: Peer | None) -> None:
    for name in names:
        if name in ended:
            english = f"Maintenance of {name} is over: its failures are acted upon again."
            japanese = f"{name} の保守は終了しました。障害に再び対処します。"
        else:
            english = f"{name} was not in maintenance."
            japanese = f"{name} は保守中ではありませんでした。"
        console().print(say(english, japanese), style="bold", soft_wrap=True)
    if peer is not None:
        put(say(f"It is over on {peer.host}, too.", f"{peer.host} でも終了しました。"))


def _until(until: object) -> str:
    if until is None:
        return say("until it is switched off", "解除するまで")
    return say(f"until {moment(until)}", f"{moment(until)} まで")


def _list(paths: Paths, asked: list[str], peer: Peer | None, json: bool) -> None:
    names = chosen(paths, asked) if asked else _every_name(paths)
    found = {name: on for name in names if (on := Maintenance(paths, name).current())}
    rows = [
        ListedWindow(name, iso(on.since), iso(on.until), on.reason) for name, on in found.items()
    ]
    if peer is None:
        if json:
            print_json([msgspec.to_builtins(row) for row in rows])
        else:
            _print_list(rows, asked[0] if asked else "")
        return
    there = peer.facts(list[ListedWindow], "maintenance", "--json")
    there = [row for row in there if not asked or row.resource in asked]
    if json:
        print_json({
            os.uname().nodename: [msgspec.to_builtins(row) for row in rows],
            peer.host: [msgspec.to_builtins(row) for row in there],
        })  # fmt: skip
        return
    for node, each in ((os.uname().nodename, rows), (peer.host, there)):
        put(f"{node}:")
        _print_list(each, asked[0] if asked else "")


def _print_list(rows: list[ListedWindow], one: str) -> None:
    if not rows:
        english = f"{one} is not in maintenance." if one else "Nothing is in maintenance."
        japanese = f"{one} は保守中ではありません。" if one else "保守中のリソースはありません。"
        put(say(english, japanese))
    for row in rows:
        since, end = moment(seconds_of(row.since)), _until(seconds_of(row.until))
        why = f" ({row.reason})" if row.reason else ""
        english = f"{row.resource}: in maintenance since {since}, {end}{why}"
        japanese = f"{row.resource}: {since} から保守中、{end}{why}"
        line = elided(say(english, japanese), _LINE)
        console().print(line, style="bold yellow", soft_wrap=True)


def _every_name(paths: Paths) -> list[str]:
    try:
        files = os.listdir(os.path.dirname(paths.maintenance("-")))
    except OSError:
        files = []
    named = {file.removesuffix(".json") for file in files if file.endswith(".json")}
    return sorted(named | set(names_here(paths)))


def _end_of(text: str | None) -> float | None:
    """When a maintenance ends; a time of day is the next one. A usage error where it is none."""
    if text is None:
        return None
    if text.startswith("@") and text[1:].isdecimal() and len(text) <= 12:
        return _refused_unless_ahead(float(text[1:]), text)  # of the other node
    now = time.time()
    today = time.localtime(now)
    try:
        clock = time.strptime(text, "%H:%M")
    except ValueError:
        pass
    else:
        for day in (today.tm_mday, today.tm_mday + 1):
            parts = (today.tm_year, today.tm_mon, day, clock.tm_hour, clock.tm_min, 0, 0, 0, -1)
            if time.mktime(parts) > now:
                break
        return time.mktime(parts)
    try:
        at = time.mktime((*time.strptime(text, "%Y-%m-%d %H:%M")[:8], -1))
    except (ValueError, OverflowError):
        raise click.BadParameter(
            f'{text!r}: allowed are "HH:MM" and "YYYY-MM-DD HH:MM"', param_hint="--until"
        ) from None
    return _refused_unless_ahead(at, text)


def _refused_unless_ahead(at: float, text: str) -> float:
    if at <= time.time():
        raise ArkError(f"--until {text!r}: that has passed already")
    return at
