"""`ark lifekeeper launchers`: the four programs that LifeKeeper is given."""

from __future__ import annotations

import shlex

import click

from arkcore.base.paths import Paths
from arkcore.cli.command import Command
from arkcore.cli.console import console, paths_here
from arkcore.cli.language import say
from arkcore.cli.lifekeeper import launcher_files


@click.command("launchers", cls=Command)
@click.argument("directory", metavar="DIR", help="Where to write them; made where it is missing.")
@click.option(
    "--prefix",
    metavar="PREFIX",
    help="Baked in: comes before every path of ours. ARK_PREFIX by default.",
)
def launchers(directory: str, prefix: str | None) -> None:
    """Write the four launchers: restore, remove, quickCheck, recover.

    LifeKeeper stores a copy of each under the resource's tag. A launcher
    never changes, finds this very installation, and takes no path and no
    module of ours from the environment (only LKROOT, where LifeKeeper is), so
    one set serves every resource. `ark lifekeeper register` writes them too.

    Examples:
      ark lifekeeper launchers /etc/ark/lifekeeper
    """
    paths = paths_here() if prefix is None else Paths(prefix)
    written = launcher_files.write_all(directory, paths)
    out = console()
    out.print(say("Give these to LifeKeeper, for every resource alike:",
                  "LifeKeeper に次のプログラムを登録します (全リソース共通):"))  # fmt: skip
    for name, path in written.items():
        out.print(f"  {name:<11} {path}", soft_wrap=True)
    restore, remove, quick_check, recover = map(shlex.quote, written.values())
    out.print()
    out.print(say("As one command (SERVER: this node, TAG: the resource's name here):",
                  "コマンドで作成する場合 (SERVER: このノード、TAG: リソース名):"))  # fmt: skip
    out.print("  $LKROOT/lkadm/subsys/gen/app/bin/creapphier SERVER \\")
    out.print(f"    {restore} {remove} \\", soft_wrap=True)
    out.print("    TAG ark intelligent \\")
    out.print(f"    {quick_check} {recover} Yes", soft_wrap=True)
    if paths.prefix:
        out.print()
        baked = f"ARK_PREFIX={paths.prefix}"
        out.print(say(f"Baked in: {baked}", f"埋め込み済み: {baked}"), soft_wrap=True)
