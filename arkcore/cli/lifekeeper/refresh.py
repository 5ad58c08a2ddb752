"""`ark lifekeeper refresh`: current launchers in the place of LifeKeeper's copies."""

from __future__ import annotations

import os
import subprocess
import time

import click

from arkcore.base.call import Action
from arkcore.base.deadline import Deadline
from arkcore.base.errors import MachineError
from arkcore.base.paths import ensure_directory
from arkcore.base.trusted import owners, refuse_untrusted
from arkcore.cli.command import Command
from arkcore.cli.console import paths_here, refuse_unless_writable
from arkcore.cli.language import say
from arkcore.cli.launchers import is_ours, is_so, refuse_long_first_line, replace, write_launchers
from arkcore.cli.lifekeeper import launcher_files
from arkcore.cli.lifekeeper.hierarchy import lifekeepers
from arkcore.cli.output import put
from arkcore.managers.lifekeeper import LAUNCH
from arkcore.managers.lifekeeper_commands import installed_commands
from arkcore.memory.lock import holder_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from arkcore.base.paths import Paths
    from arkcore.managers.lifekeeper_commands import LifeKeeperCommands

#: Seconds for a quickCheck at work to end; LifeKeeper ends one after 22.
_PATIENCE = 25.0
#: Seconds for a launcher's interpreter to import what the launcher needs.
_TRYING = 20.0


@click.command("refresh", cls=Command)
@click.argument("resources", nargs=-1, metavar="[RESOURCE]...", help="By default, all.")
@click.option("--dry-run", is_flag=True, help="Say what would be replaced; write nothing.")
def refresh(resources: tuple[str, ...], dry_run: bool) -> None:
    """Put current launchers in the place of LifeKeeper's copies.

    LifeKeeper keeps a copy of each of the four launchers under the tag's
    name, on each node. After Generic ARK has moved to another place, or to
    a Python that those copies do not find, they have to be replaced. Each
    copy is named, the new launcher is tried first, and the old one is kept
    in /var/lib/ark/lifekeeper. What is current is left as it is.

    It is refused while a restore, remove or recover is at work, and where a
    copy is no launcher of ours. Nothing is stopped or started. Run it on
    each node.

    Exit code: 1 where it is refused, or a copy cannot be replaced.

    Examples:
      ark lifekeeper refresh --dry-run
      ark lifekeeper refresh
    """
    paths = paths_here()
    commands = installed_commands(paths.prefix)
    held = commands.instances()
    names = [name for name in lifekeepers(paths, resources) if name in held]
    if not names:
        raise MachineError("LifeKeeper holds no such resource here; see: ark lifekeeper status")
    for name in names:
        if not held[name].is_generic:
            app, type_ = held[name].app, held[name].type
            raise MachineError(
                f"{name}: LifeKeeper holds it as {app}/{type_}, no generic application; it is "
                f"none of ours and is left alone"
            )
    copies = _Copies(paths, commands, names)
    copies.refuse_what_is_not_ours()
    copies.tell_missing()
    if not copies.old:
        put(say("Every copy is current.", "すべて最新です。"))
        return
    if dry_run:
        for path in copies.old:
            put(say(f"would replace {path}", f"置き換え対象: {path}"))
        return
    refuse_unless_writable(next(iter(copies.old)), "replace LifeKeeper's copies")
    copies.try_new()
    _refuse_while_at_work(paths, names)
    kept = copies.replace()
    put(say(f"The old ones are kept in {kept}.", f"置き換え前のものは {kept} に残しました。"))
    others = sorted({system for name in names for system, _ in commands.equivalents(name) or ()})
    for system in others:
        command = f"ssh {system} ark lifekeeper refresh"
        put(say(f"{system} has copies of its own: {command}",
                f"{system} でも実行してください: {command}"))  # fmt: skip


class _Copies:
    """LifeKeeper's copies of the launchers of some resources. `old`: those to replace, by path."""

    def __init__(self, paths: Paths, commands: LifeKeeperCommands, names: Sequence[str]) -> None:
        self._paths = paths
        self._texts = launcher_files.texts(paths.prefix)
        for text in self._texts.values():
            refuse_long_first_line(text)
        self._places = {
            commands.place_of(program, name): (program, name)
            for name in names
            for program in self._texts
        }
        self.old: Mapping[str, tuple[str, str]] = {
            path: place
            for path, place in self._places.items()
            if os.path.lexists(path) and not is_so(path, self._texts[place[0]])
        }

    def refuse_what_is_not_ours(self) -> None:
        """`MachineError` where a copy is no launcher, or others could change it."""
        for path in self.old:
            if not is_ours(path, LAUNCH):
                raise MachineError(
                    f"{path}: it is no launcher of ours, and is left alone; nothing was replaced"
                )
            refuse_untrusted(os.path.dirname(path), owners(self._paths.prefix))

    def tell_missing(self) -> None:
        for path, (program, name) in self._places.items():
            if not os.path.lexists(path):
                put(say(f"{path}: LifeKeeper keeps no {program} of {name}; it is left so",
                        f"{path}: {name} に {program} は登録されていません"))  # fmt: skip

    def try_new(self) -> None:
        """`MachineError` where the new launchers would not find their interpreter or packages."""
        first, imports, _ = self._texts["restore"].split("\n", 2)
        interpreter = first.removeprefix("#!").removesuffix(" -IS")
        try:
            done = subprocess.run(
                [interpreter, "-IS", "-c", imports],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                env={"PATH": "/usr/bin:/bin"},
                cwd="/",
                timeout=_TRYING,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise MachineError(f"{interpreter}: {error}; nothing was replaced") from error
        if done.returncode:
            lines = done.stderr.decode("utf-8", "backslashreplace").strip().splitlines()
            said = lines[-1] if lines else f"exit code {done.returncode}"
            raise MachineError(f"{interpreter}: {said}; nothing was replaced")

    def replace(self) -> str:
        """Replace the old ones, each at once; the directory in which they are kept."""
        stamp = time.strftime("%Y%m%d-%H%M%S")
        kept = f"{self._paths.library}/lifekeeper/{stamp}"
        by_path: dict[str, str] = {}
        try:
            ensure_directory(kept, 0o700)
            for path, (program, name) in self.old.items():
                with open(path, "rb") as file:
                    by_path[f"{kept}/{name}.{program}"] = file.read().decode()
            write_launchers(kept, by_path, LAUNCH, self._paths)
            for path, (program, _) in self.old.items():
                # Where LifeKeeper looks for tags, no other file may lie for a moment.
                replace(path, self._texts[program], self._beside(path))
                if not is_so(path, self._texts[program]):
                    raise MachineError(f"{path}: it is not what was written; see {kept}")
                put(say(f"replaced {path}", f"置き換え完了: {path}"))
        except OSError as error:
            raise MachineError(f"{error.filename or kept}: {error.strerror}") from error
        return kept

    @staticmethod
    def _beside(path: str) -> str:
        """The directory above LifeKeeper's own of this program: `…/actions`."""
        return os.path.dirname(os.path.dirname(path))


def _refuse_while_at_work(paths: Paths, names: Sequence[str]) -> None:
    """`MachineError` where a restore, remove or recover is at work; a quickCheck is awaited."""
    end = Deadline.after(_PATIENCE)
    for name in names:
        while (holder := holder_of(paths.state(name))) is not None:
            if holder.action != Action.QUICK_CHECK.word or end.passed:
                raise MachineError(
                    f"refused: {holder.action} of {name} is at work (pid {holder.process.pid}); "
                    f"nothing was replaced; wait until it is over: ark status"
                )
            time.sleep(0.1)
