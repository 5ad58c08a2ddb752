"""`ark lifekeeper`: what LifeKeeper for Linux is to be given."""

from __future__ import annotations

import os
import shlex
from typing import Annotated

import typer

from arkcore.call import Action
from arkcore.cli.console import console, paths_here
from arkcore.cli.language import say
from arkcore.errors import ConfigurationError, MachineError
from arkcore.managers.lifekeeper import launcher
from arkcore.paths import Paths
from arkcore.record import refuse_if_others_can_write

app = typer.Typer(no_args_is_help=True, help="What LifeKeeper for Linux is to be given.")

#: The names LifeKeeper's own dialog uses.
_NAMES = {
    Action.RESTORE: "restore",
    Action.REMOVE: "remove",
    Action.QUICK_CHECK: "quickCheck",
    Action.RECOVER: "recover",
}

#: Bytes of a script's first line that every kernel reads (execve(2); more since 5.1 only).
_FIRST_LINE = 127


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
    texts = {name: launcher(action, paths.prefix) for action, name in _NAMES.items()}
    _refuse_long_first_line(next(iter(texts.values())))
    try:
        os.makedirs(directory, 0o755, exist_ok=True)
        refuse_if_others_can_write(directory, paths)
        written = [f"{directory}/{name}" for name in texts]
        for path in written:
            _refuse_what_is_not_ours(path)
        for path, text in zip(written, texts.values(), strict=True):
            _write(path, text)
    except OSError as error:
        raise MachineError(f"{error.filename or directory}: {error.strerror}") from error
    _tell(written, paths.prefix)


def _refuse_long_first_line(text: str) -> None:
    first = os.fsencode(text.partition("\n")[0])
    interpreter, _, options = first.removeprefix(b"#!").rpartition(b" ")
    if len(first) > _FIRST_LINE or any(space in interpreter for space in b" \t"):
        raise ConfigurationError(
            f"{os.fsdecode(interpreter)}: this interpreter's path cannot stand in the first line "
            f"of a program; allowed are {_FIRST_LINE - len(options) - 3} bytes without a blank"
        )


def _refuse_what_is_not_ours(path: str) -> None:
    try:
        with open(path, "rb") as file:
            ours = b"from arkcore.managers.lifekeeper import launch" in file.read(4096)
    except FileNotFoundError:
        return
    if not ours or os.path.islink(path):
        raise MachineError(f"{path}: there is something else already; it is left alone")


def _write(path: str, text: str) -> None:
    temporary = f"{path}.{os.getpid()}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(temporary, flags, 0o755)
    try:
        os.fchmod(descriptor, 0o755)
        os.write(descriptor, text.encode())
        os.rename(temporary, path)
    except OSError:
        os.unlink(temporary)
        raise
    finally:
        os.close(descriptor)


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
