"""`ark maintenance`: a person's word that failures of a resource shall not be acted upon."""

from __future__ import annotations

import os
import time
from enum import Enum

import click

from arkcore.base.errors import ArkError, MachineError
from arkcore.base.stderr import tell_journal
from arkcore.cli.command import Command, OneOf
from arkcore.cli.console import console, iso, moment, paths_here, print_json, refuse_unless_writable
from arkcore.cli.language import say
from arkcore.cli.output import put
from arkcore.cli.resources import chosen, names_here, usable
from arkcore.memory.maintenance import Maintenance
from arkcore.ras.format import format_line
from arkcore.ras.sink import RasSink
from arkcore.resources import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arkcore.base.paths import Paths
    from arkcore.resources.resource import Resource


class Switch(Enum):
    ON = "on"
    OFF = "off"


@click.command("maintenance", cls=Command)
@click.argument(
    "resource", required=False, metavar="[RESOURCE]", help="The resource; by default, list all."
)
@click.argument(
    "switch", type=OneOf(Switch), required=False, metavar="[on|off]", help="Begin or end it."
)
@click.option(
    "--until", metavar="TIME", help='When it ends by itself: "HH:MM" or "YYYY-MM-DD HH:MM".'
)
@click.option("--json", is_flag=True, help="Print the list as JSON.")
def maintenance(resource: str | None, switch: Switch | None, until: str | None, json: bool) -> None:
    """Begin, end or list maintenance.

    While a resource is in maintenance its failures are not acted upon:
    quickCheck and recover are skipped. It outlives a reboot, and ends by
    itself only where --until says when. The RAS log and syslog tell when it
    begins and ends, and every script in between that it is on.

    It is one resource's on one node: for AJS3 and JP1/Base switch both.

    Examples:
      ark maintenance
      ark maintenance lkjp1_base on --until 18:00
      ark maintenance lkjp1_base on --until "2026-12-24 06:00"
      ark maintenance lkjp1_base off
    """
    paths = paths_here()
    if resource is None or switch is None:
        if until is not None:
            raise click.BadParameter("needs: RESOURCE on", param_hint="--until")
        _list(paths, [resource] if resource else [], json)
        return
    if switch is Switch.OFF and until is not None:
        raise click.BadParameter('goes with "on" only', param_hint="--until")
    end = _end_of(until)
    chosen(paths, [resource])
    refuse_unless_writable(paths.maintenance(resource), "begin and end maintenance")
    if switch is Switch.ON:
        _begin(paths, resource, end)
    else:
        _end(paths, resource)


def _begin(paths: Paths, resource: str, until: float | None) -> None:
    own = Maintenance(paths, resource)
    if not own.begin(until):
        raise MachineError(
            f"{resource}: maintenance has NOT begun; make room where the line above says, and "
            f"switch it on again"
        )
    _tell(paths, resource, own.begins())
    end = _until(until)
    english = f"MAINTENANCE of {resource} {end}: its failures are NOT acted upon."
    japanese = f"{resource} は保守中 ({end}): 障害が起きても対処しません。"
    console().print(say(english, japanese), style="bold yellow", soft_wrap=True)


def _tell(paths: Paths, resource: str, message: str) -> None:
    """In the RAS log and syslog: whoever reads them later must see why nothing was done."""
    try:
        known: Resource | None = usable(paths, resource)
    except ArkError:
        known = record.last_known_good(paths, resource)
    host = known.logical_host if known else "-"
    RasSink(paths.ras_log).write(format_line(resource, host, message, time.time()))
    tell_journal("warning", f"{resource}: {message}")


def _until(until: object) -> str:
    if until is None:
        return say("until it is switched off", "解除するまで")
    return say(f"until {moment(until)}", f"{moment(until)} まで")


def _end(paths: Paths, resource: str) -> None:
    own = Maintenance(paths, resource)
    was = own.active()
    own.end()
    if own.active():
        raise MachineError(f"{paths.maintenance(resource)}: cannot be removed; maintenance goes on")
    if was:
        _tell(paths, resource, own.ends())
        english = f"Maintenance of {resource} is over: its failures are acted upon again."
        japanese = f"{resource} の保守は終了しました。障害に再び対処します。"
    else:
        english = f"{resource} was not in maintenance."
        japanese = f"{resource} は保守中ではありませんでした。"
    console().print(say(english, japanese), style="bold", soft_wrap=True)


def _list(paths: Paths, asked: list[str], json: bool) -> None:
    names = chosen(paths, asked) if asked else _every_name(paths)
    found = {name: on for name in names if (on := Maintenance(paths, name).current())}
    if json:
        print_json([
            {"resource": name, "since": iso(on.since), "until": iso(on.until)}
            for name, on in found.items()
        ])  # fmt: skip
        return
    if not found:
        one = asked[0] if asked else ""
        english = f"{one} is not in maintenance." if one else "Nothing is in maintenance."
        japanese = f"{one} は保守中ではありません。" if one else "保守中のリソースはありません。"
        put(say(english, japanese))
    for name, on in found.items():
        since, end = moment(on.since), _until(on.until)
        english = f"{name}: in maintenance since {since}, {end}"
        japanese = f"{name}: {since} から保守中、{end}"
        console().print(say(english, japanese), style="bold yellow", soft_wrap=True)


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
    if at <= now:
        raise ArkError(f"--until {text!r}: that has passed already")
    return at
