"""`ark lifekeeper`: what LifeKeeper for Linux is to be given."""

from __future__ import annotations

import os
import shlex
from typing import Annotated

import typer

from arkcore.call import Action
from arkcore.cli.console import console, paths_here
from arkcore.cli.language import say
from arkcore.cli.launchers import write_launchers
from arkcore.managers.lifekeeper import launch, launcher
from arkcore.paths import Paths

app = typer.Typer(no_args_is_help=True, help="What LifeKeeper for Linux is to be given.")

#: The names LifeKeeper's own dialog uses.
_NAMES = {
    Action.RESTORE: "restore",
    Action.REMOVE: "remove",
    Action.QUICK_CHECK: "quickCheck",
    Action.RECOVER: "recover",
}


@app.callback()
def lifekeeper() -> None:
    """What LifeKeeper for Linux is to be given."""


@app.command()
def launchers(
    directory: Annotated[
        str, typer.Argument(metavar="DIR", help="Where to write them; made where it is missing.")
    ],
    prefix: Annotated[
        str | None,
        typer.Option(
            metavar="PREFIX",
            help="Baked in: comes before every path of ours. ARK_PREFIX by default.",
        ),
    ] = None,
) -> None:
    """Write the four launchers: restore, remove, quickCheck, recover.

    LifeKeeper stores a copy of each under the resource's tag. A launcher
    never changes, finds this very installation, and takes nothing from the
    environment, so one set serves every resource.

    Examples:
      ark lifekeeper launchers /etc/ark/lifekeeper
    """
    paths = paths_here() if prefix is None else Paths(prefix)
    directory = os.path.abspath(directory)
    texts = {
        f"{directory}/{name}": launcher(action, paths.prefix) for action, name in _NAMES.items()
    }
    write_launchers(directory, texts, launch, paths)
    _tell(list(texts), paths.prefix)


def _tell(written: list[str], prefix: str) -> None:
    restore, remove, quick_check, recover = map(shlex.quote, written)
    out = console()
    out.print(say("Give these to LifeKeeper, for every resource alike:",
                  "LifeKeeper に次のプログラムを登録します (全リソース共通):"))  # fmt: skip
    for name, path in zip(_NAMES.values(), written, strict=True):
        out.print(f"  {name:<11} {path}", soft_wrap=True)
    out.print()
    out.print(say("As one command (SERVER: this node, TAG: the resource's name here):",
                  "コマンドで作成する場合 (SERVER: このノード、TAG: リソース名):"))  # fmt: skip
    out.print("  $LKROOT/lkadm/subsys/gen/app/bin/creapphier SERVER \\")
    out.print(f"    {restore} {remove} \\", soft_wrap=True)
    out.print("    TAG ark intelligent \\")
    out.print(f"    {quick_check} {recover} Yes", soft_wrap=True)
    if prefix:
        out.print()
        told = say(f"Baked in: ARK_PREFIX={prefix}", f"埋め込み済み: ARK_PREFIX={prefix}")
        out.print(told, soft_wrap=True)
