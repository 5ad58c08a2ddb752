"""`ark support`: one archive for whoever supports an incident, without secrets."""

from __future__ import annotations

import os
import pwd
import stat
import sys
import tempfile
import time

import click
from click.exceptions import Exit

from arkcore.base.errors import ArkError, ConfigurationError, MachineError
from arkcore.cli.command import Command
from arkcore.cli.console import complain, paths_here, print_json
from arkcore.cli.language import say
from arkcore.cli.output import put, put_archive
from arkcore.cli.peer import Host, Peer, PeerError, check_answers
from arkcore.cli.ras.cause import paragraphs
from arkcore.cli.ras.incident import incident_of
from arkcore.cli.ras.reading import When, limits_of, sources_of
from arkcore.managers.pacemaker_tools import PacemakerTools
from arkcore.ras.reader import Reader
from arkcore.ras.records import ScriptTaken
from arkcore.support.asked import answers, versions
from arkcore.support.bundle import Bundle, listed, write_new
from arkcore.support.files import Content
from arkcore.support.gathered import Absent, Item, Period, plan_of
from arkcore.support.index import WHY, Facts, lines_of
from arkcore.support.known import secrets_of
from arkcore.support.peer import LARGEST, read_peer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO

    from arkcore.base.paths import Paths
    from arkcore.support.masking import Masker
    from arkcore.support.peer import Peer as PeerBundle

_MIB = 1 << 20
#: Seconds for the other node to ask and to pack; what it asks takes at most 240.
_PACKING = 400.0


@click.command("support", cls=Command)
@click.option("--output", "-o", metavar="FILE", help="Where to: a file, a directory; - for stdout.")
@click.option("--list", "--dry-run", "lists", is_flag=True, help="Only list what would be inside.")
@click.option("--since", type=When(), help="Logs from then on: 2h, 30m, 7d, 2026-11-23T18:00.")
@click.option("--until", type=When(), help="Logs until then.")
@click.option(
    "--size",
    type=click.IntRange(min=1, max=1024),
    default=64,
    metavar="MIB",
    help="At most so many MiB of a node, before they are packed.",
)
@click.option(
    "--peer-bundle", metavar="FILE", help="The other node's bundle: put in beside this one's."
)
@click.option(
    "--peer", type=Host(), help="Make the other node's bundle there, by ssh, and put it in."
)
@click.option(
    "--files-only", is_flag=True, help="Ask nobody: no application, plugin or cluster manager."
)
@click.option("--json", is_flag=True, help="With --list: print the facts as JSON.")
def support(
    output: str | None,
    lists: bool,
    since: float | None,
    until: float | None,
    size: int,
    peer_bundle: str | None,
    peer: str | None,
    files_only: bool,
    json: bool,
) -> None:
    """Pack what whoever supports an incident needs, into one archive.

    The RAS log with its rotated parts, the JSON log and the trace, black
    boxes, the outputs of starts, resource files, state and records, versions,
    what ark status and ark preflight say now, and what failed last. Secrets
    are masked. It lists what goes in, then writes one new file of mode 0600,
    in this directory, or in your home where others can write here.

    index.txt in it tells what is there, and what could not be read, was cut or
    left out. Nothing on the node is changed. Look at it before you send it.

    For both nodes: --peer, by your own ssh; each node masks its own. Without
    ssh: run it on one, bring the file to the other, --peer-bundle there.
    Without root, what may not be read is named and left out.

    Exit code: 1 where the archive cannot be written, the other node's file is
    no bundle, or the other node does not answer: this node's is written then.

    Examples:
      ark support
      ark support --list
      ark support --since 2h -o /root/
      ark support --peer node2
      ark support --peer-bundle /root/ark-support-node2-20261123-180000.tar.gz
      ssh node2 ark support -o - > node2.tar.gz
    """
    if json and not lists:
        raise click.BadParameter("--json goes with --list alone: the archive has its own index")
    period = Period(since or 0.0, float("inf") if until is None else until)
    if period.since >= period.until:
        raise click.BadParameter("--since must be before --until")
    if output == "-" and not lists and sys.stdout.isatty():
        raise click.BadParameter("-o - fills stdout: send it to a file or a program")
    if peer is not None and (lists or peer_bundle is not None):
        option = "--list" if lists else "--peer-bundle"
        raise click.BadParameter(f"--peer and {option} do not go together")
    paths = paths_here()
    now = time.time()
    node = os.uname().nodename
    top = time.strftime(f"ark-support-{node}-%Y%m%d-%H%M%S", time.localtime(now))
    path = "-" if output == "-" or lists else _path(output, f"{top}.tar.gz")
    secrets = secrets_of(paths, None if files_only else PacemakerTools(paths.prefix))
    masker = secrets.masker()
    limit = size * _MIB
    there = read_peer(peer_bundle, limit, masker) if peer_bundle is not None else None
    silent = ""
    if peer is not None:
        words = _words(now, since, until, size, files_only=files_only)
        asking = say(f"Asking {peer} …", f"{peer} に問い合わせています…")
        put(asking, to=sys.stderr if output == "-" else sys.stdout, flush=True)
        try:
            there = _fetched(Peer(peer), words, limit, masker, node)
        except PeerError as error:
            silent = str(error)
    plan = plan_of(paths, secrets, masker, period)
    facts = Facts(node, now, os.geteuid(), paths.prefix, limit, period)
    facts.absent = plan.absent
    if silent:
        facts.absent.append(Absent(f"ark support --peer {peer}", silent))
    facts.unknown = [masker.text(problem) for problem in secrets.problems]
    asked = [] if files_only else answers(paths, masker)
    why = Item(WHY, "ark why", lambda _: Content(lines_of(facts.failed)))
    items = [why, versions(masker), *asked, *plan.items]
    if json:
        print_json({
            "items": [
                {"name": item.name, "origin": item.origin, "bytes": item.size, "note": note}
                for item, note in listed(items, limit)
            ],
            "absent": [{"origin": each.origin, "why": each.why} for each in plan.absent],
            "not_searched": facts.unknown,
        })  # fmt: skip
        return
    out = sys.stderr if output == "-" else sys.stdout
    _list(out, listed(items, limit), [*plan.absent, *(there.refused if there else ())], there)
    for problem in facts.unknown:
        put(say(f"masking: {problem}", f"伏せ字: {problem}"), to=out)
    if lists:
        return
    put(say("Asking and packing …", "問い合わせと書き出しを行っています…"), to=out, flush=True)
    facts.failed = [masker.text(line) for line in _failed(paths, period)]
    bundle = Bundle(facts, masker)
    for item in items:
        bundle.add(item)
    if there is not None:
        bundle.add_peer(there)
    data = bundle.packed(top)
    if path == "-":
        put_archive(data)
    else:
        write_new(path, data)
        _tell_written(path, data, facts)
    if silent:
        told = say("only this node's bundle was written", "このノードのバンドルだけを書きました")
        complain(f"{silent}; {told}")
        raise Exit(1)


def _tell_written(path: str, data: bytes, facts: Facts) -> None:
    hidden = sum(entry.masked for entry in facts.entries)
    put(say(f"written: {path} ({len(data)} bytes)", f"書き出しました: {path} ({len(data)} バイト)"))
    put(say(f"Values masked as ***: {hidden}", f"*** で伏せた値: {hidden} 件"))
    put(say("Look at it before you send it: index.txt tells what is in it.",
            "送る前に内容を確認してください。index.txt に一覧があります。"))  # fmt: skip


def _words(
    now: float, since: float | None, until: float | None, size: int, *, files_only: bool
) -> list[str]:
    """The command of the other node. Times as ages: its time zone may be another."""
    ages = (("--since", since), ("--until", until))
    given = [(name, max(1.0, now - at)) for name, at in ages if at is not None]
    words = [word for name, age in given for word in (name, f"{age:.0f}s")]
    more = ["--files-only"] if files_only else []
    return ["support", "--output", "-", "--size", str(size), *words, *more]


def _fetched(peer: Peer, words: Sequence[str], limit: int, masker: Masker, node: str) -> PeerBundle:
    """The other node's bundle, made there. `PeerError`: there is no answer, or it is no bundle."""
    with tempfile.NamedTemporaryFile(prefix="ark-support-") as file:
        peer.fetch(file, *words, within=_PACKING, most=LARGEST)
        try:
            bundle = read_peer(file.name, limit, masker)
        except ConfigurationError as error:
            told = str(error).removeprefix(f"{file.name}: ")
            raise PeerError(f"{peer.host}: its answer is no bundle: {told}") from error
    check_answers(peer, bundle.node, node)
    bundle.path = peer.typed(*words)
    return bundle


def _failed(paths: Paths, period: Period) -> list[str]:
    """What failed last in the period, in lines; or why that cannot be told."""
    try:
        reader = Reader(sources_of(paths, ()), limits=limits_of(paths))
        runs = sorted(reader.runs(period.since, period.until), key=lambda run: run.began)
    except ArkError as error:
        return [str(error)]
    scripts = [run for run in runs if isinstance(run, ScriptTaken)]
    scripts = [script for script in scripts if script.went_badly or script.acted]
    found = incident_of(scripts, period.until, "")
    if found is None:
        return [say("Nothing failed in the RAS log.", "RAS ログに失敗はありません。")]
    return paragraphs(found, paths.blackboxes)


def _path(given: str | None, name: str) -> str:
    """Where the archive is written. `MachineError` where no directory of this user's will do."""
    if given is not None:
        path = os.path.join(given, name) if os.path.isdir(given) else given
        return os.path.abspath(path)
    home = pwd.getpwuid(os.geteuid()).pw_dir if _has_account() else ""
    for directory in (os.getcwd(), home):
        if directory and os.access(directory, os.W_OK) and not _is_for_all(directory):
            return os.path.join(directory, name)
    raise MachineError(
        f"{os.getcwd()}: others can write there, or you cannot; name a file with --output"
    )


def _has_account() -> bool:
    try:
        pwd.getpwuid(os.geteuid())
    except KeyError:
        return False
    return True


def _is_for_all(directory: str) -> bool:
    try:
        return bool(os.stat(directory).st_mode & stat.S_IWOTH)
    except OSError:
        return True


def _list(
    out: TextIO,
    items: Sequence[tuple[Item, str]],
    absent: Sequence[Absent],
    peer: PeerBundle | None,
) -> None:
    put(say("What goes in (bytes on disk, name):", "含めるもの (ディスク上のバイト数、名前):"),
        to=out)  # fmt: skip
    for item, note in items:
        told = "-" if item.size is None else str(item.size)
        put(f"{told:>10}  {item.name}{f'  ({note})' if note else ''}", to=out)
    if peer is not None:
        number, size = len(peer.members), sum(map(len, peer.members.values()))
        put(say(f"{size:>10}  peer/ ({number} files of {peer.node}, {peer.taken_at})",
                f"{size:>10}  peer/ ({peer.node} のファイル {number} 個、{peer.taken_at})"),
            to=out)  # fmt: skip
    if absent:
        put(say("What does not:", "含めないもの:"), to=out)
    for each in absent:
        put(f"  {each.origin}: {each.why}", to=out)
