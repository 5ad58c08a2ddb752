"""Packs a bundle, and writes it: whole or not at all, for this user alone, over no other file."""

from __future__ import annotations

import errno
import gzip
import hashlib
import io
import os
import tarfile

from arkcore.base.errors import MachineError
from arkcore.support.files import Unreadable
from arkcore.support.gathered import Absent, room_for
from arkcore.support.index import INDEX, INDEX_TEXT, PEER, WHY, Entry, iso

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import BinaryIO

    from arkcore.support.gathered import Item
    from arkcore.support.index import Facts
    from arkcore.support.masking import Masker
    from arkcore.support.peer import Peer

_MODE = 0o600
#: So many lines of the other node's failure are in the index.
_LINES = 20


class Bundle:
    """The members of a bundle and its index. `limit`: bytes that the members of a node may have."""

    def __init__(self, facts: Facts, masker: Masker) -> None:
        self.facts = facts
        self._masker = masker
        self._left = facts.limit
        self._members: list[tuple[str, bytes, float]] = []

    def add(self, item: Item) -> None:
        """Take an item, or note why it is not taken."""
        room = room_for(item, self.facts.limit, self._left)
        if not room:
            self._note(item, f"left out: the bundle has its {self.facts.limit} bytes (--size)")
            return
        before = self._masker.count
        try:
            content = item.read(room)
        except Unreadable as error:
            self._note(item, str(error))
            return
        data, note = content.data, content.note
        if not data and note.startswith("left out"):
            self._note(item, note)
            return
        if len(data) > room:
            # Masking may make a text longer, and an answer may have any length.
            data = data[: data.rfind(b"\n", 0, room) + 1]
            note = "; ".join(filter(None, [note, f"cut: the first {len(data)} bytes"]))
        self._left -= len(data)
        masked = self._masker.count - before
        self._put(item.name, item.origin, data, masked, item.modified, note)

    def add_peer(self, peer: Peer) -> None:
        """Take the other node's members, beside those of this node."""
        for name, data in sorted(peer.members.items()):
            self._put(name, peer.path, data)
        self.facts.absent += peer.refused
        told = peer.members.get(f"{PEER}/{WHY}", b"").decode("utf-8", "backslashreplace")
        self.facts.failed_there = told.splitlines()[:_LINES]
        self.facts.peer = {
            "node": peer.node, "taken_at": peer.taken_at, "arkcore": peer.version,
        }  # fmt: skip

    def packed(self, top: str) -> bytes:
        """The archive; `top`: the one directory in it."""
        masked = self._masker
        self.facts.absent = [
            Absent(masked.text(each.origin), masked.text(each.why)) for each in self.facts.absent
        ]
        self.facts.unknown = [masked.text(each) for each in self.facts.unknown]
        index = masked.json(self.facts.as_json())
        text = masked.data(self.facts.as_text())
        at = self.facts.at
        members = [(INDEX_TEXT, text, at), (INDEX, index, at), *self._members]
        made = io.BytesIO()
        with (
            gzip.GzipFile(
                filename="", mode="wb", compresslevel=6, fileobj=made, mtime=int(at)
            ) as file,
            tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive,
        ):
            for name, data, modified in members:
                member = tarfile.TarInfo(f"{top}/{name}")
                member.size, member.mtime, member.mode = len(data), int(modified or at), _MODE
                archive.addfile(member, io.BytesIO(data))
        return made.getvalue()

    def _note(self, item: Item, why: str) -> None:
        self.facts.absent.append(Absent(item.origin, why))

    def _put(
        self,
        name: str,
        origin: str,
        data: bytes,
        masked: int = 0,
        modified: float = 0.0,
        note: str = "",
    ) -> None:
        digest = hashlib.sha256(data).hexdigest()
        when = iso(modified) if modified else ""
        self.facts.entries.append(Entry(name, origin, len(data), digest, masked, when, note))
        self._members.append((name, data, modified))


def write_new(path: str, data: bytes) -> None:
    """Write `data` to a new file of mode 0600. `MachineError` where it cannot be, or is there.

    Until it is whole it has no name, so that nothing half written can be left.
    """
    directory, name = os.path.split(os.path.abspath(path))
    try:
        if os.path.lexists(path):
            raise FileExistsError
        here = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            _write(here, name, data)
        finally:
            os.close(here)
    except FileExistsError:
        raise MachineError(f"{path}: it is there already; remove it, or name another") from None
    except OSError as error:
        raise MachineError(f"{path}: cannot be written: {error.strerror}") from error


def _write(here: int, name: str, data: bytes) -> None:
    try:
        descriptor = os.open(".", os.O_WRONLY | os.O_TMPFILE | os.O_CLOEXEC, _MODE, dir_fd=here)
    except OSError as error:
        if error.errno not in (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL, errno.ENOENT):
            raise
        _write_named(here, name, data)
        return
    with open(descriptor, "wb") as file:
        _fill(file, data)
        os.link(f"/proc/self/fd/{descriptor}", name, dst_dir_fd=here, follow_symlinks=True)


def _write_named(here: int, name: str, data: bytes) -> None:
    """The same on a file system without files that have no name."""
    temporary = f".{name}.{os.getpid()}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(temporary, flags, _MODE, dir_fd=here)
    try:
        with open(descriptor, "wb") as file:
            _fill(file, data)
        os.link(temporary, name, src_dir_fd=here, dst_dir_fd=here, follow_symlinks=False)
    finally:
        os.unlink(temporary, dir_fd=here)


def _fill(file: BinaryIO, data: bytes) -> None:
    os.fchmod(file.fileno(), _MODE)
    file.write(data)
    file.flush()
    os.fsync(file.fileno())


def listed(items: Iterable[Item], limit: int) -> list[tuple[Item, str]]:
    """The items, and what is known beforehand to be cut or left out of each."""
    left, found = limit, []
    for item in items:
        if item.size is None:
            found.append((item, ""))
            continue
        room = room_for(item, limit, left)
        left -= min(room, item.size)
        if not room:
            found.append((item, "left out: no room (--size)"))
        elif item.size > room:
            found.append((item, f"cut: at most {room} bytes"))
        else:
            found.append((item, ""))
    return found
