"""Our own directories: they can be written, have room, and nobody else writes them."""

from __future__ import annotations

import os
import stat
import sys

from arkcore.base.language import say
from arkcore.base.trusted import ours
from arkcore.machine.disk import SilentDisk, ask_path
from arkcore.survey.check import Check

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from arkcore.base.finding import Finding
    from arkcore.base.paths import Paths

DIRECTORIES = Check("directories", "our own directories", "Generic ARK のディレクトリ")
#: Bytes and files: with fewer nothing can be written, or soon.
_NONE, _FEW = 1 << 20, 100 << 20
_NO_FILES, _FEW_FILES = 16, 1000


def check_directories(paths: Paths, cluster_root: str = "") -> Iterator[Finding]:
    """`cluster_root`: where LifeKeeper is installed; "" where it is not."""
    run = f"{paths.prefix}/run/ark"
    found: list[Finding] = []
    for path in (paths.log, paths.library, run):
        found += _asked(path, _room)
    for path in (paths.resources, paths.log, paths.library, run):
        found += _asked(path, _openness)
    # The launchers begin with a program of ours, and LifeKeeper keeps copies of them.
    for path in filter(None, (sys.executable, cluster_root)):
        found += _asked(path, _executable)
    yield from found
    if not found:
        yield DIRECTORIES.ok(f"{paths.log}, {paths.library}, {paths.prefix}/run/ark")


def _asked(path: str, question: Callable[[str], Iterator[Finding]]) -> list[Finding]:
    """What `question` finds; a disk that hangs holds nobody up."""
    try:
        found: list[Finding] = ask_path(path, lambda: list(question(path)))
    except SilentDisk as error:
        return [
            DIRECTORIES.cannot_tell(
                f"{path}: {error}", say(f"df {path}", f"df {path} で確認してください")
            )
        ]
    return found


def _room(path: str) -> Iterator[Finding]:
    """Of the file system of `path`; of the nearest above it while it is not there."""
    there = _nearest(path)
    try:
        state = os.statvfs(there)
    except OSError as error:
        yield DIRECTORIES.cannot_tell(
            f"{there}: {error.strerror}", say(f"df {there}", f"df {there} で確認してください")
        )
        return
    free, files = state.f_bavail * state.f_frsize, state.f_favail
    limited = state.f_files > 0
    advice = say(
        f"make room, or mount a larger file system: df -h {there}; df -i {there}",
        f"空きを作るか、より大きいファイルシステムをマウントしてください: df -h {there}; "
        f"df -i {there}",
    )
    if state.f_flag & os.ST_RDONLY:
        yield DIRECTORIES.fail(
            say(f"{path} is on a file system mounted read-only",
                f"{path} は読み取り専用でマウントされています"),
            say(f"look why (dmesg), mend it, and mount it read-write: mount -o remount,rw "
                f"(findmnt -T {there})",
                f"原因を調べて (dmesg) 直し、書き込み可能にマウントし直してください: "
                f"mount -o remount,rw (findmnt -T {there})"),
        )  # fmt: skip
    elif free < _NONE or (limited and files < _NO_FILES):
        yield DIRECTORIES.fail(
            say(f"{path}: full: {free:,} bytes and {files:,} files left",
                f"{path}: 空きがありません: 残り {free:,} バイト、{files:,} ファイル"),
            advice,
        )  # fmt: skip
    elif free < _FEW or (limited and files < _FEW_FILES):
        yield DIRECTORIES.warn(
            say(f"{path}: nearly full: {free:,} bytes and {files:,} files left",
                f"{path}: 空きがわずかです: 残り {free:,} バイト、{files:,} ファイル"),
            advice,
        )  # fmt: skip


def _openness(path: str) -> Iterator[Finding]:
    try:
        state = os.lstat(path)
    except FileNotFoundError:
        return  # made when it is needed
    except OSError as error:
        yield DIRECTORIES.cannot_tell(
            f"{path}: {error.strerror}", say(f"ls -ld {path}", f"ls -ld {path} で確認してください")
        )
        return
    if stat.S_ISLNK(state.st_mode):
        try:
            state = os.stat(path)
        except OSError:
            state = os.lstat(path)
    if not stat.S_ISDIR(state.st_mode):
        yield DIRECTORIES.fail(
            say(f"{path} is no directory", f"{path} はディレクトリではありません"),
            say("move it away: the directory is made anew", "移動してください。作り直されます"),
        )
    elif state.st_uid not in ours():
        yield DIRECTORIES.fail(
            say(f"{path} belongs to user id {state.st_uid}, who could write it",
                f"{path} の所有者がユーザー ID {state.st_uid} で、書き込めます"),
            f"chown root:root {path}",
        )  # fmt: skip
    elif state.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        yield DIRECTORIES.fail(
            say(f"{path}: mode {stat.S_IMODE(state.st_mode):04o} lets others write it",
                f"{path}: モード {stat.S_IMODE(state.st_mode):04o} で、他のユーザーが書き込めます"),
            f"chmod go-w {path}",
        )  # fmt: skip


def _executable(path: str) -> Iterator[Finding]:
    try:
        state = os.statvfs(path)
    except OSError:
        return  # not there: another check's
    if state.f_flag & os.ST_NOEXEC:
        yield DIRECTORIES.fail(
            say(f"{path} is on a file system mounted noexec: the cluster software can run nothing",
                f"{path} は noexec でマウントされており、クラスターソフトウェアから実行できません"),
            say(f"mount it without noexec: findmnt -T {path}",
                f"noexec を外してマウントしてください: findmnt -T {path}"),
        )  # fmt: skip


def _nearest(path: str) -> str:
    while not os.path.isdir(path) and path != "/":
        path = os.path.dirname(path)
    return path
