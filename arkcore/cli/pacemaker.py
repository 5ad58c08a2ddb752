"""`ark pacemaker`: what a cluster under Pacemaker is to be given."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from arkcore.cli.aside import answer_of
from arkcore.cli.console import complain, console, paths_here
from arkcore.cli.language import say
from arkcore.cli.launchers import is_ours, write_launchers
from arkcore.errors import ArkError, ConfigurationError, MachineError
from arkcore.managers.base import check_name
from arkcore.managers.pacemaker import agent, launch
from arkcore.paths import Paths
from arkcore.plugins import installed

app = typer.Typer(no_args_is_help=True, help="What a cluster under Pacemaker is to be given.")

#: Where Pacemaker looks for the agents of the provider `ark`: `ocf:ark:<plugin>`.
_PLACE = "/usr/lib/ocf/resource.d/ark"

_Root = Annotated[
    str,
    typer.Option(metavar="DIR", help="Write beneath this directory, for a package. / by default."),
]


@app.callback()
def pacemaker() -> None:
    """What a cluster under Pacemaker is to be given."""


@app.command()
def install(
    plugins: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PLUGIN]...", help="Their agents; all that are installed."),
    ] = None,
    root: _Root = "/",
    prefix: Annotated[
        str | None,
        typer.Option(
            metavar="PREFIX",
            help="Baked in: comes before every path of ours. ARK_PREFIX by default.",
        ),
    ] = None,
) -> None:
    """Install the resource agents ocf:ark:PLUGIN, on every node.

    An agent never changes, finds this very installation, and takes nothing
    from the environment but its parameters. Installed again, only what
    differs is written; what is not ours is never written over.

    Exit code: 1 where an agent could not be installed.

    Examples:
      ark pacemaker install
      ark pacemaker install jp1-base jp1-ajs3-manager
      ark pacemaker install --root /tmp/package
    """
    paths = paths_here() if prefix is None else Paths(prefix)
    directory = f"{os.path.abspath(root).rstrip('/')}{_PLACE}"
    names, broken = _usable(plugins or [])
    texts = {f"{directory}/{name}": agent(name, paths.prefix) for name in names}
    write_launchers(directory, texts, launch, paths)
    out = console()
    for name, path in zip(names, texts, strict=True):
        out.print(f"ocf:ark:{name:<18} {path}", soft_wrap=True)
    if paths.prefix:
        prefixed = f"ARK_PREFIX={paths.prefix}"
        out.print(say(f"Baked in: {prefixed}", f"埋め込み済み: {prefixed}"), soft_wrap=True)
    for told in broken:
        complain(told)
    if broken or not names:
        raise typer.Exit(1)


@app.command()
def uninstall(root: _Root = "/") -> None:
    """Remove every agent of ours; what is not ours stays.

    The cluster must not use them any more: it could not stop what it runs.

    Examples:
      ark pacemaker uninstall
    """
    directory = f"{os.path.abspath(root).rstrip('/')}{_PLACE}"
    out = console()
    try:
        for name in sorted(os.listdir(directory)):
            path = f"{directory}/{name}"
            if is_ours(path, launch):
                os.unlink(path)
                out.print(say(f"removed {path}", f"削除: {path}"), soft_wrap=True)
        if not os.listdir(directory):
            os.rmdir(directory)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise MachineError(f"{error.filename or directory}: {error.strerror}") from error


@app.command("meta-data")
def meta_data(
    plugin: Annotated[str, typer.Argument(metavar="PLUGIN", help="The plugin.")],
) -> None:
    """Print what the agent ocf:ark:PLUGIN says of itself, as XML.

    Its parameters with their defaults, and its actions with the timeouts that
    follow from the timers.

    Examples:
      ark pacemaker meta-data jp1-base
    """
    sys.stdout.write(_metadata(plugin))


def _metadata(plugin: str) -> str:
    from arkcore.managers.ocf_metadata import metadata

    text: str = answer_of(lambda: metadata(plugin))
    return text


def _usable(asked: list[str]) -> tuple[list[str], list[str]]:
    """The plugins that can be agents, and what is wrong with each that cannot."""
    known = sorted({source.name for source in installed()})
    for name in asked:
        if name not in known:
            names = ", ".join(known) or say("none", "なし")
            raise ConfigurationError(f"unknown plugin {name!r}; installed: {names}")
    usable: list[str] = []
    broken: list[str] = []
    for name in asked or known:
        try:
            check_name("plugin", name)
            _metadata(name)
            usable.append(name)
        except ArkError as error:
            broken.append(str(error))
    return usable, broken
