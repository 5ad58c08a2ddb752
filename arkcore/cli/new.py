"""`ark new`: a complete distribution of a plugin, which works before its author changes a line."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import string
import sys
from importlib import metadata
from pathlib import Path
from unicodedata import east_asian_width

import click

from arkcore import __version__
from arkcore.base.errors import ConfigurationError, MachineError
from arkcore.cli.command import Command
from arkcore.cli.console import console
from arkcore.cli.kinds import KINDS
from arkcore.cli.language import say
from arkcore.cli.new_kind import words_of
from arkcore.plugin.discovery import installed

_TEMPLATE = Path(__file__).with_name("template")
#: A name is a word of resource files, of a distribution, of a module and of an OCF agent.
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LONGEST_NAME = 40
#: What stands between quotes in Python and in TOML as it is.
_TITLE = re.compile(r"[^\"\\$\x00-\x1f\x7f]+")
#: In columns, of which a Japanese character takes two: it stands in lines of bounded length.
_LONGEST_TITLE = 40
#: The plugins and distributions of Generic ARK itself, installed here or not.
OURS = frozenset(
    {
        "command",
        "jp1-ajs3-agent",
        "jp1-ajs3-manager",
        "jp1-base",
        "lab",
        "postgresql",
        "systemd",
        "testing",
    }
)
#: The template without a kind.
_EXAMPLE = "example"


@click.command("new", cls=Command)
@click.argument("name", metavar="NAME", help="The plugin's name, for instance my-app.")
@click.option("--directory", metavar="DIR", help="What to make; ark-NAME, here, by default.")
@click.option("--title", metavar="TITLE", help="The product's name for people; NAME by default.")
@click.option(
    "--kind",
    type=click.Choice(list(KINDS)),
    help="socket: it stays in the foreground and listens on a TCP port. pidfile: it goes into the "
    "background and writes a pid file. command: a command starts, stops and asks it. systemd: it "
    "is a service of systemd.",
)
@click.option(
    "--program",
    metavar="PATH",
    help="The product's program; with --kind. Of systemd: systemctl, where it lies elsewhere.",
)
@click.option(
    "--unit",
    metavar="UNIT",
    help="The product's service, for --kind systemd. A template, app@.service, runs once for each "
    "logical host.",
)
@click.option(
    "--arguments",
    metavar="TEXT",
    help="What the program is called with. Places: {address} {port} of a socket, {pid_file}, "
    "{word} (start, stop, status) of a command, {host}. By default "
    + "; ".join(f"{kind.name}: {kind.arguments}" for kind in KINDS.values() if kind.arguments)
    + ".",
)
@click.option("--user", metavar="USER", help="The user it runs as; of a socket or pidfile.")
@click.option("--send", metavar="TEXT", help="What a socket is asked; \\r \\n \\t \\0 are escapes.")
@click.option("--expect", metavar="TEXT", help="What its answer holds; any answer by default.")
def new(
    name: str,
    directory: str | None,
    title: str | None,
    kind: str | None,
    program: str | None,
    **given: str | None,
) -> None:
    """Make a new plugin: a complete distribution, for its author to change.

    It protects a small daemon of its own, so that its tests pass and it
    runs under every cluster manager at once. With --kind and --program
    it protects that program instead; with --kind systemd and --unit,
    that service.

    Examples:
      ark new my-app
      ark new my-app --title "My Application" --directory /src/ark-my-app
      ark new cache --kind socket --program /usr/bin/memcached --user nobody
          --arguments "-l {address} -p {port}" --send "version\\r\\n"
      ark new web --kind systemd --unit nginx.service
    """
    _refuse_bad_name(name)
    title = name if title is None else title
    _refuse_bad_title(title)
    target = Path(os.path.abspath(directory or f"ark-{name}"))
    if os.path.lexists(target):
        raise ConfigurationError(f"{target}: it exists already; name another with --directory")
    module = f"ark_{name.replace('-', '_')}"
    words = {
        "name": name,
        "title": title,
        "distribution": f"ark-{name}",
        "module": module,
        "version": __version__,
    }
    words |= words_of(kind, program, given, module)
    try:
        _make(target, kind or _EXAMPLE, words)
    except OSError as error:
        raise MachineError(f"{error.filename or target}: {error.strerror}") from error
    _tell(target, name)


def _refuse_bad_title(title: str) -> None:
    columns = sum(2 if east_asian_width(each) in "WF" else 1 for each in title)
    if not _TITLE.fullmatch(title) or columns > _LONGEST_TITLE or title != title.strip():
        raise ConfigurationError(
            f"title {title!r}: allowed are 1 to {_LONGEST_TITLE} columns without "
            f'" \\ $ and control characters, not beginning or ending with a blank'
        )


def _refuse_bad_name(name: str) -> None:
    if name.startswith("ark-"):
        raise ConfigurationError(
            f"plugin name {name!r}: give it without ark-, which the distribution gets"
        )
    if not _NAME.fullmatch(name) or len(name) > _LONGEST_NAME:
        raise ConfigurationError(
            f"plugin name {name!r}: allowed are 1 to {_LONGEST_NAME} small letters, digits and "
            f"single - between them, beginning with a letter"
        )
    for source in installed():
        if name == source.name or f"ark-{name}" == source.distribution:
            raise ConfigurationError(
                f"plugin name {name!r}: taken by {source.distribution} {source.version}, which is "
                f"installed here; take another, or: pip uninstall {source.distribution}"
            )
    try:
        version = metadata.version(f"ark-{name}")
    except metadata.PackageNotFoundError:
        if name not in OURS:
            return
        taken, remedy = "a distribution of Generic ARK", ""
    else:
        taken, remedy = f"{version}, which is installed here", f", or: pip uninstall ark-{name}"
    raise ConfigurationError(
        f"plugin name {name!r}: taken by ark-{name}, {taken}; take another{remedy}"
    )


def _make(target: Path, kind: str, words: dict[str, str]) -> None:
    """Write all of it beside `target`, then give it its name: all of it is there, or nothing."""
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        parts = (_TEMPLATE / "common", _TEMPLATE / kind)
        for part, source in ((top, each) for top in parts for each in top.rglob("*.in")):
            place = str(source.relative_to(part)).removesuffix(".in")
            place = place.replace("MODULE", words["module"]).replace("dot-", ".")
            path = unfinished / place
            path.parent.mkdir(parents=True, exist_ok=True)
            text = string.Template(source.read_text(encoding="utf-8")).substitute(words)
            path.write_text(text, encoding="utf-8")
            path.chmod(0o755 if text.startswith("#!") else 0o644)
        unfinished.rename(target)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _tell(target: Path, name: str) -> None:
    out = console()
    place = os.path.relpath(target) if target.is_relative_to(os.getcwd()) else str(target)
    python = shlex.quote(sys.executable)
    source = f"src/ark_{name.replace('-', '_')}/_plugin.py"
    lines = [
        say(f"{place}: made. Try it as it is:", f"{place} を作成しました。そのまま試せます:"),
        f"  {python} -m pip install -e {shlex.quote(f'{place}[test]')}",
        f"  cd {shlex.quote(place)} && {python} -m pytest",
        say(f"Then change {source}.", f"次に {source} を変更します。"),
    ]
    for line in lines:
        out.print(line, soft_wrap=True)
