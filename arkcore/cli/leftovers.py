"""`ark leftovers`: what removed resources have left on this node, listed and cleared."""

from __future__ import annotations

import os

import click
from click.exceptions import Exit

from arkcore.base.errors import MachineError
from arkcore.base.status import Status
from arkcore.base.stderr import tell_journal
from arkcore.base.text import listed
from arkcore.cli.command import Command
from arkcore.cli.console import (
    complain,
    paths_here,
    print_json,
    refuse_unless_readable,
    refuse_unless_writable,
)
from arkcore.cli.language import say
from arkcore.cli.look import look_at
from arkcore.cli.output import put
from arkcore.cli.resources import names_of_pacemaker
from arkcore.context.start_group import living
from arkcore.machine import blackbox
from arkcore.machine.processes import look
from arkcore.managers.lifekeeper import find_lifekeeper
from arkcore.managers.lifekeeper_commands import LifeKeeperCommands
from arkcore.managers.pacemaker_tools import PacemakerTools
from arkcore.memory.lock import LOCKS, ResourceLock, holder_of
from arkcore.memory.state import State
from arkcore.ras.rotated import beside
from arkcore.resources import record
from arkcore.resources.names import check_resource_name, is_resource_name, resource_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from arkcore.base.paths import Paths

#: Seconds that an application has to say that it is stopped.
_WITHIN = 10.0


@click.command("leftovers", cls=Command)
@click.argument("resources", nargs=-1, metavar="[RESOURCE]...", help="By default, all.")
@click.option("--clear", is_flag=True, help="Remove them; without it they are only listed.")
@click.option("--json", is_flag=True, help="Print the facts as JSON.")
def leftovers(resources: tuple[str, ...], clear: bool, json: bool) -> None:
    """List what removed resources have left, and clear it.

    State, records, output and black boxes of a resource that has no file any
    more and that neither LifeKeeper nor Pacemaker knows here. Where one still
    runs, or that cannot be told, everything of it is kept, with the reason.
    The RAS log is kept in any case.

    Exit code: 1 where --clear had to keep one.

    Examples:
      ark leftovers
      ark leftovers lkjp1_old --clear
    """
    paths = paths_here()
    refuse_unless_readable(os.path.dirname(paths.state("-")))
    if clear:
        refuse_unless_writable(paths.library, "clear leftovers")
    found = _chosen(paths, resources)
    for each in found:
        if clear and not each.kept:
            each.clear()
    if json:
        print_json([each.facts() for each in found])
    else:
        _show(found, clear=clear)
    if clear and any(each.kept for each in found):
        raise Exit(1)


def _chosen(paths: Paths, asked: tuple[str, ...]) -> list[Leftover]:
    known = _known_names(paths)
    found = {name: Leftover(paths, name) for name in sorted(_names_with_files(paths) - known)}
    for name in asked:
        check_resource_name(name)
        if name in known:
            raise MachineError(
                f"{name}: it is no leftover: it has a resource file, or a cluster manager holds it"
            )
        if name not in found:
            raise MachineError(f"{name}: nothing of it is left here")
    return [found[name] for name in dict.fromkeys(asked)] if asked else [*found.values()]


def _known_names(paths: Paths) -> set[str]:
    """Every resource that has a file or that a manager holds. `MachineError`: nobody knows."""
    lifekeeper = find_lifekeeper(os.environ, paths.prefix)
    names = {*resource_names(paths), *names_of_pacemaker(paths)}
    names |= PacemakerTools(paths.prefix).resources() or set()
    if lifekeeper.is_installed:
        names |= {*LifeKeeperCommands(lifekeeper.root).instances()}
    return names


def _names_with_files(paths: Paths) -> set[str]:
    found = set()
    for place in (paths.record, paths.open_script, paths.restored, paths.maintenance):
        found |= {
            name.removesuffix(".json")
            for name in _listed(os.path.dirname(place("-")))
            if name.endswith(".json")
        }
    for name in _listed(os.path.dirname(paths.state("-"))):
        if {*_listed(paths.state(name))} - {*LOCKS}:
            found.add(name)
    outputs = _listed(os.path.dirname(paths.start_output("-")))
    found |= {name.removesuffix(".start") for name in outputs if name.endswith(".start")}
    boxes = _listed(paths.blackboxes)
    found |= {parts[0] for parts in (box.rsplit("-", 4) for box in boxes) if len(parts) == 5}
    return {name for name in found if is_resource_name(name)}


class Leftover:
    """What one removed resource has left. `kept`: why it is not cleared; "" where it may be."""

    def __init__(self, paths: Paths, name: str) -> None:
        self.name = name
        self._paths = paths
        self._state = State(paths, name, read_only=True)
        self.files = self._files()
        self.size = sum(map(_size, self.files))
        self.kept = self._why_kept()
        self.cleared = False

    def _files(self) -> list[str]:
        paths, name = self._paths, self.name
        directory = paths.state(name)
        state = [f"{directory}/{each}" for each in _listed(directory) if each not in LOCKS]
        library = [
            place(name)
            for place in (paths.record, paths.open_script, paths.restored, paths.maintenance)
        ]
        output, _ = beside(paths.start_output(name))
        boxes = [f"{paths.blackboxes}/{box}" for box in blackbox.boxes(paths.blackboxes, name)]
        return [path for path in (*state, *library, *output, *boxes) if os.path.lexists(path)]

    def _why_kept(self) -> str:
        holder = holder_of(self._state.directory)
        if holder is not None:
            return say(f"{holder.action} is at work", f"{holder.action} を実行中です")
        return self._why_it_may_run()

    def _why_it_may_run(self) -> str:
        alive = sorted(living(self._state), key=lambda each: each.pid)
        for pid, start in self._state.processes.known():
            process = look(pid)
            if process is not None and process.start == start:
                alive.append(process)
        if alive:
            told = listed(alive)
            return say(f"it still runs: {told}", f"まだ稼働しています: {told}")
        last = record.last_known_good(self._paths, self.name)
        if last is None:
            return ""
        answer = look_at(self._paths, [last], _WITHIN)[self.name]
        if isinstance(answer, str):
            return say(f"whether it runs cannot be told: {answer}",
                       f"稼働中かどうか判定できません: {answer}")  # fmt: skip
        if answer.status is Status.STOPPED:
            return ""
        told = f"{answer.status.value} ({answer.detail})" if answer.detail else answer.status.value
        return say(f"it is {told}, not STOPPED", f"状態が STOPPED ではなく {told} です")

    def clear(self) -> None:
        """Remove its files, where no action comes in between; what goes wrong is in `kept`."""
        directory = self._state.directory
        lock = ResourceLock(directory) if os.path.isdir(directory) else None
        try:
            if lock is not None and not lock.try_take("leftovers", 0.0):
                self.kept = say("an action is at work", "アクションを実行中です")
                return
            for path in self.files:
                os.unlink(path)
            self.cleared = True
            tell_journal("info", f"{self.name}: leftovers cleared: {len(self.files)} files")
        except OSError as error:
            self.kept = f"{error.filename or directory}: {error.strerror}"
        finally:
            if lock is not None:
                lock.release()

    def facts(self) -> dict[str, Any]:
        return {
            "resource": self.name,
            "files": self.files,
            "bytes": self.size,
            "kept": self.kept or None,
            "cleared": self.cleared,
        }


def _show(found: list[Leftover], *, clear: bool) -> None:
    if not found:
        put(say("No removed resource has left anything here.",
                "削除されたリソースの残存ファイルはありません。"))  # fmt: skip
    for each in found:
        number = len(each.files)
        plural = "s" if number != 1 else ""
        put(say(f"{each.name}: {number} file{plural}, {each.size} bytes",
                f"{each.name}: ファイル {number} 個、{each.size} バイト"))  # fmt: skip
        for path in each.files if not clear else ():
            put(f"  {path}")
        if each.cleared:
            put(say("  cleared", "  消去しました"))
        elif each.kept and clear:
            complain(
                say(f"{each.name}: kept: {each.kept}", f"{each.name}: 残しました: {each.kept}")
            )
        elif each.kept:
            put(say(f"  is kept: {each.kept}", f"  消去できません: {each.kept}"))
    if not clear and any(not each.kept for each in found):
        put(say("To remove them: ark leftovers --clear", "消去するには: ark leftovers --clear"))


def _size(path: str) -> int:
    try:
        return os.lstat(path).st_size
    except OSError:
        return 0


def _listed(directory: str) -> list[str]:
    try:
        return os.listdir(directory)
    except OSError:
        return []
