"""The other node's bundle: read with all the distrust that is due to a foreign file.

Nothing of it is written where its names say: each member has a plain name beneath `peer/`, and its
contents are masked once more. Its size, the number of its members, and what it unpacks to are
bounded before anything is believed.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import tarfile
from dataclasses import dataclass, field

from arkcore.base.errors import ArkError, ConfigurationError, MachineError
from arkcore.base.text import elided, shown
from arkcore.base.trusted import open_regular
from arkcore.support.gathered import Absent
from arkcore.support.index import FORMAT, INDEX, KIND, PEER
from arkcore.support.masking import LARGEST_JSON

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, BinaryIO

    from arkcore.support.masking import Masker

#: The largest bundle that is read, packed, in bytes.
LARGEST = 1 << 28
#: The most members, and what each adds to the archive besides its contents, at most.
_MEMBERS = 10_000
_OVERHEAD = 2048
#: The only names that are taken, and how deep they may be.
_NAME = re.compile(r"[A-Za-z0-9._@+=,~-]{1,100}(?:/[A-Za-z0-9._@+=,~-]{1,100}){0,12}")


@dataclass
class Peer:
    """What was taken of the other node's bundle: contents by name, masked."""

    path: str
    node: str
    taken_at: str
    version: str
    members: dict[str, bytes] = field(default_factory=dict)
    refused: list[Absent] = field(default_factory=list)


class _TooLarge(Exception):
    """It unpacks to more than may be read."""


class _Bounded(io.RawIOBase):
    """A stream of which at most so many bytes are read."""

    def __init__(self, stream: gzip.GzipFile, most: int) -> None:
        self._stream = stream
        self._left = most

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)
        data = self._stream.read(min(len(view), 1 << 16))
        self._left -= len(data)
        if self._left < 0:
            raise _TooLarge
        view[: len(data)] = data
        return len(data)


def read_peer(path: str, limit: int, masker: Masker) -> Peer:
    """The bundle at `path`, of whose contents at most `limit` bytes are read.

    `MachineError` where it cannot be read, `ConfigurationError` where it is no bundle of ours.
    """
    raw: dict[str, bytes] = {}
    refused: list[Absent] = []
    try:
        descriptor = open_regular(path)
        with open(descriptor, "rb") as file:
            if os.fstat(descriptor).st_size > LARGEST:
                raise ConfigurationError(
                    f"{path}: more than {LARGEST} bytes; no bundle of ark support is so large"
                )
            _read_members(path, file, limit, raw, refused)
    except ArkError:
        raise
    except gzip.BadGzipFile as error:
        raise ConfigurationError(f"{path}: {_no_bundle(str(error))}") from error
    except OSError as error:
        raise MachineError(
            f"{path}: cannot be read: {error.strerror or error}; make it on the other node: "
            f"ark support"
        ) from error
    except _TooLarge:
        raise ConfigurationError(
            f"{path}: unpacks to more than {limit} bytes; name a larger --size, or make it smaller "
            f"on the other node"
        ) from None
    except Exception as error:  # whatever unpacking raises where the file is damaged, or hostile
        raise ConfigurationError(f"{path}: {_no_bundle(str(error))}") from error
    facts = _facts_of(path, raw)
    peer = Peer(path, *facts, refused=refused)
    for name, data in raw.items():
        peer.members[f"{PEER}/{name}"] = _masked(name, data, masker)
    return peer


def _no_bundle(why: str) -> str:
    return (
        f"not a bundle of ark support: {elided(shown(why), 160)}; make it anew on the other node: "
        f"ark support"
    )


def _read_members(
    path: str, file: BinaryIO, limit: int, raw: dict[str, bytes], refused: list[Absent]
) -> None:
    with gzip.GzipFile(fileobj=file) as unpacked:
        most = limit + _MEMBERS * _OVERHEAD
        stream = io.BufferedReader(_Bounded(unpacked, most), 1 << 16)
        # Read as a stream: an archive that is sought in could show two faces.
        with tarfile.open(fileobj=stream, mode="r|", errorlevel=2) as archive:
            number = held = 0
            for member in archive:
                number += 1
                if number > _MEMBERS:
                    raise ValueError(f"more than {_MEMBERS} members")
                why = _refusal(member, raw)
                if why:
                    if member.isdir():
                        continue
                    refused.append(Absent(elided(shown(f"{path}: {member.name}"), 300), why))
                    continue
                held += member.size
                if held > limit:
                    raise _TooLarge
                contents = archive.extractfile(member)
                data = contents.read(member.size) if contents is not None else b""
                raw[_inner(member.name)] = data
                # It would be kept until the end, and is asked for nothing more.
                archive.members = []  # type: ignore[attr-defined]


def _inner(name: str) -> str:
    return name.partition("/")[2]


def _refusal(member: tarfile.TarInfo, raw: dict[str, bytes]) -> str:
    """Why a member is not taken; "" where it is."""
    if (
        member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE)
        or member.sparse is not None
        or member.size < 0
    ):
        return "refused: no regular file"
    parts = member.name.split("/")
    inner = _inner(member.name)
    if not inner or not _NAME.fullmatch(member.name) or ".." in parts or "." in parts:
        return "refused: no name that ark support gives"
    if parts[1] == PEER:
        return "left out: what that bundle holds of a third"
    if inner in raw:
        return "refused: a second one of this name"
    return ""


def _facts_of(path: str, raw: dict[str, bytes]) -> tuple[str, str, str]:
    """Node, time and version, as the bundle's index tells them."""
    try:
        if len(raw[INDEX]) > LARGEST_JSON:
            raise ValueError("its index is too large")
        facts = json.loads(raw[INDEX])
        if facts["kind"] != KIND:
            raise ValueError("another kind of file")
        if facts["format"] != FORMAT:
            raise ConfigurationError(
                f"{path}: format {elided(shown(str(facts['format'])), 40)}; this ark reads "
                f"{FORMAT}: install the same version on both nodes"
            )
        told = [facts[key] for key in ("node", "taken_at", "arkcore")]
        if not all(isinstance(each, str) for each in told):
            raise ValueError("its index names no node")
    except KeyError:
        raise ConfigurationError(f"{path}: {_no_bundle('it has no index')}") from None
    except (ValueError, TypeError, RecursionError) as error:
        raise ConfigurationError(f"{path}: {_no_bundle(str(error))}") from error
    node, taken_at, version = (elided(shown(each), 100) for each in told)
    return node, taken_at, version


def _masked(name: str, data: bytes, masker: Masker) -> bytes:
    if name.endswith(".json"):
        return masker.json(data)
    return masker.data(data, words="/blackbox/" in name)
