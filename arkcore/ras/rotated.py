"""Finds the parts of a log that logrotate has put aside, and opens them, packed or not."""

from __future__ import annotations

import io
import os
import re
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, BinaryIO

#: What stands between a log's name and its packing: `.1`, or a dateformat of digits and signs
#: (`-20261101`, `-2026-11-01_03`, `.1793500000`).
_NUMBER_OR_DATE = r"[-._]?\d[\d._:T+-]{0,39}"
#: Programs that logrotate packs with; those that are read are in `_UNPACKED`.
_PACKED = {
    ".gz": "gzip",
    ".xz": "xz",
    ".bz2": "bzip2",
    ".zst": "zstd",
    ".lzma": "lzma",
    ".lz4": "lz4",
    ".lzo": "lzop",
    ".Z": "compress",
    ".zip": "zip",
}
#: Bytes of memory that unpacking may take: `xz -9` needs 65 MiB.
_MEMORY = 128 << 20
_CHUNK = 1 << 16


class Unreadable(Exception):
    """A file beside the log that is no part of it, or a part that cannot be opened: why."""


def beside(path: str) -> tuple[list[str], list[str]]:
    """The log at `path` with its rotated parts, and what lies beside it and is none of both.

    Paths. With logrotate's `extension .log` the number or date stands before that:
    `ras-20261101.log` is a part of `ras.log`.
    """
    directory, name = os.path.split(path)
    stem, extension = os.path.splitext(name)
    packing = "|".join(re.escape(each) for each in _PACKED)
    part = re.compile(
        rf"(?:{re.escape(name)}(?:{_NUMBER_OR_DATE})?"
        rf"|{re.escape(stem)}{_NUMBER_OR_DATE}{re.escape(extension)})(?:{packing})?"
    )
    # What bears the log's whole name is meant to be of it.
    akin = re.compile(rf"{re.escape(name)}.*", re.DOTALL)
    try:
        names = sorted(os.listdir(directory or "."))
    except OSError:
        return [], []
    parts = [each for each in names if part.fullmatch(each)]
    others = [each for each in names if each not in parts and akin.fullmatch(each)]
    return (
        [os.path.join(directory, each) for each in parts],
        [os.path.join(directory, each) for each in others],
    )


def open_part(path: str) -> BinaryIO:
    """A part, unpacked while it is read. `Unreadable` and `OSError` where that cannot be.

    Neither a link is followed nor a FIFO waited for.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    descriptor = os.open(path, flags)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise Unreadable("is no regular file")
        plain = open(descriptor, "rb")  # noqa: SIM115  (whoever asked closes it)
    except BaseException:
        os.close(descriptor)
        raise
    return unpacked(path, plain)


def packing_of(name: str) -> str:
    """The end of a name that tells how the file is packed; "" for one that is not."""
    return next((each for each in _PACKED if name.endswith(each)), "")


def unpacked(name: str, plain: BinaryIO) -> BinaryIO:
    """What is in the open file `plain`, unpacked while it is read, as the end of `name` tells.

    Closing it closes `plain`, and so does a failure. `Unreadable` where it cannot be unpacked.
    """
    try:
        packing = packing_of(name)
        if packing and packing not in _UNPACKED:
            raise Unreadable(f"is packed with {_PACKED[packing]}, which is not read here")
        return _UNPACKED[packing](plain) if packing else plain
    except BaseException:
        plain.close()
        raise


def _gzip(packed: BinaryIO) -> BinaryIO:
    import gzip

    return io.BufferedReader(_Owning(gzip.GzipFile(fileobj=packed), packed))


def _bzip2(packed: BinaryIO) -> BinaryIO:
    import bz2

    return io.BufferedReader(_Owning(bz2.BZ2File(packed), packed))


def _xz(packed: BinaryIO) -> BinaryIO:
    import lzma

    return io.BufferedReader(_Xz(packed, lambda: lzma.LZMADecompressor(memlimit=_MEMORY)))


def _zstd(packed: BinaryIO) -> BinaryIO:
    for module in ("compression.zstd", "backports.zstd"):
        try:
            found: Any = __import__(module, fromlist=["ZstdFile"])
        except ImportError:
            continue
        return io.BufferedReader(_Owning(found.ZstdFile(packed), packed))
    raise Unreadable(
        "is packed with zstd, which this Python does not read; "
        "pip install backports.zstd, or: zstd -d"
    )


_UNPACKED: dict[str, Callable[[BinaryIO], BinaryIO]] = {
    ".gz": _gzip,
    ".bz2": _bzip2,
    ".xz": _xz,
    ".lzma": _xz,
    ".zst": _zstd,
}


class _Owning(io.RawIOBase):
    """A reader of a packed file that closes it."""

    def __init__(self, reader: Any, packed: BinaryIO) -> None:
        self._reader = reader
        self._packed = packed

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._reader.read1(len(buffer)) if len(buffer) else b""
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._reader.close()
            self._packed.close()
        super().close()


class _Xz(io.RawIOBase):
    """The streams of an xz file, one after the other, in bounded memory.

    `lzma.LZMAFile` has no bound: a few bytes of a file could ask for gigabytes.
    """

    def __init__(self, packed: BinaryIO, decoder: Callable[[], Any]) -> None:
        self._packed = packed
        self._make_decoder = decoder
        self._decoder = decoder()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while len(buffer):
            if self._decoder.eof:
                # The next stream; zeros between two are padding.
                rest = self._decoder.unused_data.lstrip(b"\0") or self._packed.read(_CHUNK)
                if not rest.lstrip(b"\0"):
                    if not rest:
                        return 0
                    continue
                self._decoder = self._make_decoder()
                data = self._decoder.decompress(rest.lstrip(b"\0"), len(buffer))
            elif self._decoder.needs_input:
                more = self._packed.read(_CHUNK)
                if not more:
                    raise EOFError("it ends before its end-of-stream marker")
                data = self._decoder.decompress(more, len(buffer))
            else:
                data = self._decoder.decompress(b"", len(buffer))
            if data:
                buffer[: len(data)] = data
                return len(data)
        return 0

    def close(self) -> None:
        if not self.closed:
            self._packed.close()
        super().close()
